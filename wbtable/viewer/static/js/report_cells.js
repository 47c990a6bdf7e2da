// Cells of a report's tables, in the page and in the file alike: text, histograms, top values, and media.
import { el, svg } from "./dom.js";
import { histogramNode } from "./histogram.js";
import { colour, isBackground, labelsOf } from "./media_labels.js";
import { whenSeen } from "./media_load.js";
import { count, duration, edge, number } from "./numbers.js";
import { isOther, otherCell } from "./report_media.js";

/**
 * @typedef {{
 *   picture: (media: any, pixels: number) => Promise<string | null> | string | null,
 *   bytes: (media: any) => Promise<string | null> | string | null,
 *   mask: (mask: any) => Promise<string | null> | string | null,
 *   local?: boolean,
 *   drawing?: import("./report_media.js").Drawing,
 *   open?: (media: any, column: any) => void,
 * }} MediaUrls where the bytes of media are; null: they are not here
 * @typedef {{name: string, label?: string, kind: string, type: string, role: string, digits?: number, display?: string, side?: number | null, params?: any, overlays?: boolean}} CellColumn
 */

const NUMERIC = new Set(["number", "integer", "decimal", "duration", "link"]);
const TIMES = new Set(["date", "time", "timestamp"]);
const MEDIA = new Set(["image", "audio", "video", "html", "object3d", "molecule", "figure", "plotly"]);

/** @param {CellColumn} column */
export function isNumber(column) {
  // What groups show of a column are bars and lists: they stand on the left, and so do their names.
  return column.role !== "group" && (NUMERIC.has(column.kind) || column.role === "count");
}

/** @param {any} value */
export function isMediaValue(value) {
  return value !== null && typeof value === "object" && typeof value.digest === "string" && MEDIA.has(value.kind);
}

/** A value in words. @param {any} value @param {CellColumn} column @returns {string} */
export function words(value, column) {
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return number(value, column.digits ?? undefined);
  if (typeof value === "string") {
    if (column.kind === "number" && value === "Infinity") return "∞";
    if (column.kind === "number" && value === "-Infinity") return "−∞";
    return value;
  }
  if (typeof value.cut === "string") return `${value.cut}… (${count(value.size)} characters)`;
  if (column.kind === "binary" && typeof value.hex === "string") return `${value.hex}${value.size > 32 ? "…" : ""} (${count(value.size)} bytes)`;
  if (column.kind === "ndarray" && value.shape) return `${value.dtype} ${value.shape.join(" × ")}`;
  if (isMediaValue(value)) return String(value.caption ?? `${value.kind} ${value.digest.slice(-8)}`);
  return JSON.stringify(value);
}

/**
 * Draw a value into a cell of a table.
 * @param {HTMLElement} cell @param {any} value @param {CellColumn} column @param {MediaUrls} urls
 */
export function drawCell(cell, value, column, urls) {
  cell.className = isNumber(column) ? "num" : TIMES.has(column.kind) && column.role !== "group" ? "time" : "";
  if (column.role === "group" && value !== null) return group(cell, value, column, urls);
  if (isMediaValue(value) && column.display !== "text") return void cell.append(mediaNode(value, column, urls));
  if (Array.isArray(value) && value.some(isMediaValue)) return several(cell, value, column, urls);
  if (value !== null && column.kind === "histogram" && value?.counts) {
    cell.className = "bars";
    return void cell.append(histogramNode([{ counts: value.counts, edges: value.bins.map(String) }]));
  }
  if (value === null) cell.classList.add("is-null");
  const text = words(value, column);
  const node = el("div", "t", text === "" ? "(empty)" : text);
  if (text === "") node.classList.add("dim");
  node.dir = "auto";
  if (text.length > 300) {
    // Long text scrolls in its cell, by keyboard too.
    node.tabIndex = 0;
    node.classList.add("long");
  }
  cell.append(node);
}

/** @param {HTMLElement} cell @param {any[]} values @param {CellColumn} column @param {MediaUrls} urls */
function several(cell, values, column, urls) {
  const row = el("div", column.role === "group" ? "media-row small-media" : "media-row");
  for (const value of values) row.append(isMediaValue(value) ? mediaNode(value, column, urls) : el("span", "t", words(value, column)));
  cell.append(row);
}

/** @param {HTMLElement} cell @param {any} found @param {CellColumn} column @param {MediaUrls} urls */
function group(cell, found, column, urls) {
  if (found.bars === "histogram") {
    cell.className = "bars";
    if (!found.counts.some(Boolean)) return void cell.append(el("div", "dim", found.nulls ? "all null" : "no values"));
    cell.append(histogramNode([found]));
    cell.append(el("div", "extent", `${edge(found.edges[0])} to ${edge(found.edges.at(-1))}`));
    return;
  }
  if (found.bars === "top") {
    const box = el("div", "tops");
    const most = found.values[0]?.[1] ?? 1;
    for (const [value, n] of found.values.slice(0, 4)) {
      const line = el("div", "top-line");
      const bar = el("i");
      bar.style.width = `${(100 * n) / most}%`;
      const text = el("span", "", words(value, column) || "(empty)");
      text.dir = "auto";
      line.append(bar, text, el("span", "", count(n)));
      box.append(line);
    }
    if (found.distinct > 4) box.append(el("div", "dim", `${count(found.distinct - 4)} more`));
    if (!found.values.length) box.append(el("div", "dim", found.nulls ? "all null" : "no values"));
    cell.append(box);
    return;
  }
  if (found.values.some(isMediaValue)) several(cell, found.values, column, urls);
  else cell.append(el("div", "t", found.values.map((/** @type {any} */ value) => words(value, column)).join(", ")));
  if (found.count > found.values.length) cell.append(el("div", "dim", `${count(found.values.length)} of ${count(found.count)}`));
}

/** @param {HTMLElement} node @param {string} text */
function absent(node, text) {
  node.replaceChildren(el("span", "absent", text));
}

/** A picture, sound or video; others say what they are. @param {any} media @param {CellColumn} column @param {MediaUrls} urls */
export function mediaNode(media, column, urls) {
  if (media.kind === "image") return picture(media, column, urls);
  if (media.kind === "audio" || media.kind === "video") return player(media, urls);
  const { drawing, open } = urls;
  // In a file the name of the bytes is what the page's reference is.
  const here = urls.local ? { ...media, ref: media.file } : media;
  if (here.ref && drawing && open && isOther(media)) return otherCell(here, drawing, column.role === "group", () => open(here, column));
  const made = el("span", "chip", media.caption ? String(media.caption) : media.kind);
  made.title = urls.local ? `${media.kind}: not in this file` : media.size ? `${media.kind}, ${count(media.size)} bytes` : media.kind;
  return made;
}

/** @param {any} media */
export function spokenMedia(media) {
  const size = media.width ? ` ${media.width} × ${media.height}` : "";
  return media.caption ? String(media.caption) : `${media.kind}${size}${media.duration ? `, ${duration(media.duration * 1000)}` : ""}`;
}

/** @param {any} media @param {CellColumn} column @param {MediaUrls} urls @param {number} [pixels] */
export function picture(media, column, urls, pixels = 160) {
  const frame = el(urls.open && pixels < 400 ? "button" : "div", "picture");
  if (frame instanceof HTMLButtonElement) {
    frame.type = "button";
    frame.setAttribute("aria-label", `Show ${spokenMedia(media)}`);
    frame.addEventListener("click", () => urls.open?.(media, column));
  }
  if (media.width && media.height) {
    frame.style.setProperty("--ratio", `${media.width} / ${media.height}`);
    if (media.width <= 64) frame.classList.add("small");
  }
  const image = /** @type {HTMLImageElement} */ (el("img"));
  image.alt = frame instanceof HTMLButtonElement ? "" : spokenMedia(media);
  image.decoding = "async";
  if (pixels < 400) image.loading = "lazy";
  image.onerror = () => absent(frame, "cannot be shown");
  void Promise.resolve(urls.picture(media, pixels)).then((url) => (url === null ? absent(frame, "not here") : (image.src = url)));
  frame.append(image);
  if (column.overlays !== false) {
    for (const [layer, mask] of Object.entries(media.masks ?? {})) frame.append(maskNode(mask, labelsOf(column.params, "masks", layer), urls));
    const boxes = boxesNode(media);
    if (boxes) frame.append(boxes);
  }
  return frame;
}

/** A GIF as a video: its first picture until somebody plays it. @param {any} media @param {MediaUrls} urls */
function gif(media, urls) {
  const frame = el("div", "r-film");
  const still = /** @type {HTMLCanvasElement} */ (el("canvas"));
  still.setAttribute("role", "img");
  still.setAttribute("aria-label", spokenMedia(media));
  still.width = media.width || 320;
  still.height = media.height || 200;
  const button = /** @type {HTMLButtonElement} */ (el("button", "btn", "▶ Play"));
  button.disabled = true;
  whenSeen(frame, () => void Promise.resolve(urls.bytes(media)).then((url) => {
    if (url === null) return absent(frame, "video is not in this file");
    const image = new Image();
    image.alt = spokenMedia(media);
    image.onerror = () => absent(frame, "video cannot be played here");
    image.onload = () => {
      image.onload = null;
      still.width = image.naturalWidth;
      still.height = image.naturalHeight;
      still.getContext("2d")?.drawImage(image, 0, 0);
      button.disabled = false;
    };
    image.src = url;
    button.addEventListener("click", () => {
      const plays = still.isConnected;
      (plays ? still : image).replaceWith(plays ? image : still);
      button.textContent = plays ? "❚❚ Stop" : "▶ Play";
    });
  }));
  frame.append(still, button);
  if (media.caption) frame.append(el("div", "caption", String(media.caption)));
  return frame;
}

/** @param {any} media @param {MediaUrls} urls */
function player(media, urls) {
  if (media.kind === "video" && media.content_type === "image/gif") return gif(media, urls);
  const frame = el("div", media.kind === "audio" ? "r-sound" : "r-film");
  const node = /** @type {HTMLMediaElement} */ (el(media.kind === "audio" ? "audio" : "video"));
  node.controls = true;
  node.preload = urls.local ? "metadata" : "none";
  node.setAttribute("aria-label", spokenMedia(media));
  node.addEventListener("play", () => {
    for (const other of /** @type {NodeListOf<HTMLMediaElement>} */ (document.querySelectorAll("audio, video"))) if (other !== node) other.pause();
  });
  node.addEventListener("error", () => node.src && absent(frame, `${media.kind} cannot be played here`));
  void Promise.resolve(urls.bytes(media)).then((url) => (url === null ? absent(frame, `${media.kind} is not in this file`) : (node.src = url)));
  frame.append(node);
  const said = [media.caption ? String(media.caption) : "", media.duration ? duration(media.duration * 1000) : ""].filter(Boolean);
  if (said.length) frame.append(el("div", "caption", said.join(" · ")));
  return frame;
}

/** @param {any} media */
function boxesNode(media) {
  if (!media.boxes || !media.width) return null;
  const root = svg("svg", { viewBox: `0 0 ${media.width} ${media.height}`, "aria-hidden": "true" });
  for (const boxes of Object.values(media.boxes)) {
    for (const box of boxes) {
      const scale = box.domain === "pixel" ? [1, 1] : [media.width, media.height];
      const [a, b, c, d] = box.position;
      const isMiddle = box.style === "middle";
      const [left, right] = (isMiddle ? [a - c / 2, a + c / 2] : [a, b]).map((at) => at * scale[0]);
      const [top, bottom] = (isMiddle ? [b - d / 2, b + d / 2] : [c, d]).map((at) => at * scale[1]);
      if (![left, right, top, bottom].every(Number.isFinite)) continue;
      root.append(svg("rect", { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top), fill: "none", stroke: colour(Number(box.class_id ?? 0)), "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" }));
    }
  }
  return root;
}

/** A mask in its classes' colours; what lies behind is left out. @param {any} mask @param {Record<string, string>} labels @param {MediaUrls} urls */
function maskNode(mask, labels, urls) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas"));
  canvas.setAttribute("aria-hidden", "true");
  const image = new Image();
  image.onload = () => {
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const { data } = pixels;
    for (let at = 0; at < data.length; at += 4) {
      const id = data[at] + 256 * data[at + 1];
      const text = colour(id);
      for (let part = 0; part < 3; part += 1) data[at + part] = parseInt(text.slice(1 + 2 * part, 3 + 2 * part), 16);
      data[at + 3] = isBackground(labels, id) ? 0 : 140;
    }
    context.putImageData(pixels, 0, 0);
  };
  void Promise.resolve(urls.mask(mask)).then((url) => url !== null && (image.src = url));
  return canvas;
}
