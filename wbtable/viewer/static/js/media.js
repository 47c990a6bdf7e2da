// Media in cells: pictures by their thumbnails with boxes and masks over them; sound and video on demand, one at a time.
import { get } from "./api.js";
import { el, svg } from "./dom.js";
import { duration } from "./numbers.js";

export const COLOURS = ["#e4572e", "#17a398", "#3d74d6", "#c78a00", "#a23bc2", "#4f9d2f", "#d6336c", "#0b7285", "#8a5a2b", "#5f6b7a"];
const SIDES = [64, 128, 256, 512, 1024];

/** @type {HTMLMediaElement | null} */
let playing = null;

/** Let this one sound alone. @param {HTMLMediaElement} node */
export function alone(node) {
  node.addEventListener("play", () => {
    if (playing && playing !== node) playing.pause();
    playing = node;
  });
}

/** @param {any} media @param {number} pixels */
export function thumbUrl(media, pixels) {
  const wanted = pixels * Math.min(2, devicePixelRatio || 1);
  return `/thumb/${media.ref}&side=${SIDES.find((side) => side >= wanted) ?? 1024}`;
}

/** @param {number} number */
export function colour(number) {
  return COLOURS[((number % COLOURS.length) + COLOURS.length) % COLOURS.length];
}

/** What a picture shows, in words. @param {any} media */
export function described(media) {
  const size = media.width ? ` ${media.width} × ${media.height}` : "";
  const length = media.duration ? `, ${duration(media.duration * 1000)}` : "";
  return media.caption ? String(media.caption) : `${media.kind}${size}${length}`;
}

/**
 * Boxes over a picture.
 * @param {any} media @param {Set<string>} hidden layers and classes that are off
 */
export function boxesNode(media, hidden = new Set()) {
  if (!media.boxes || !media.width) return null;
  const root = svg("svg", { viewBox: `0 0 ${media.width} ${media.height}`, "aria-hidden": "true" });
  for (const [layer, boxes] of Object.entries(media.boxes)) {
    for (const box of boxes) {
      const id = box.class_id ?? 0;
      if (hidden.has(`${layer}/${id}`)) continue;
      const scale = box.domain === "pixel" ? [1, 1] : [media.width, media.height];
      const [a, b, c, d] = box.position;
      const isMiddle = box.style === "middle";
      const left = (isMiddle ? a - c / 2 : a) * scale[0];
      const right = (isMiddle ? a + c / 2 : b) * scale[0];
      const top = (isMiddle ? b - d / 2 : c) * scale[1];
      const bottom = (isMiddle ? b + d / 2 : d) * scale[1];
      if (![left, right, top, bottom].every(Number.isFinite)) continue;
      root.append(svg("rect", { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top), fill: "none", stroke: colour(Number(id)), "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" }));
    }
  }
  return root;
}

/**
 * A mask over a picture, in its classes' colours; 0 is the background.
 * @param {any} mask @param {number} opacity @param {(id: number) => boolean} isShown
 */
export function maskNode(mask, opacity, isShown = () => true) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas"));
  canvas.setAttribute("aria-hidden", "true");
  canvas.style.opacity = String(opacity);
  const image = new Image();
  image.decoding = "async";
  image.onload = () => {
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const { data } = pixels;
    for (let at = 0; at < data.length; at += 4) {
      const id = data[at];
      if (id === 0 || !isShown(id)) {
        data[at + 3] = 0;
        continue;
      }
      const text = colour(id);
      data[at] = parseInt(text.slice(1, 3), 16);
      data[at + 1] = parseInt(text.slice(3, 5), 16);
      data[at + 2] = parseInt(text.slice(5, 7), 16);
    }
    context.putImageData(pixels, 0, 0);
  };
  image.src = `/mask/${mask.ref}`;
  return canvas;
}

/**
 * A picture in a cell.
 * @param {any} media @param {number} high @param {any} column @param {() => void} open
 */
export function thumb(media, high, column, open) {
  const box = el("button", "thumb");
  box.tabIndex = -1;
  box.setAttribute("aria-label", `Show ${described(media)}`);
  if (media.width && media.height) {
    box.style.setProperty("--ratio", String(Math.max(0.3, Math.min(3, media.width / media.height))));
    if (media.width <= 64 && media.height <= 64) box.classList.add("small");
  }
  const image = /** @type {HTMLImageElement} */ (el("img"));
  image.alt = "";
  image.decoding = "async";
  image.loading = "lazy";
  image.onerror = () => {
    box.classList.add("is-broken");
    box.textContent = "⚠";
    box.title = "This picture is missing or cannot be read.";
    box.setAttribute("aria-label", "A picture that is missing or cannot be read");
  };
  image.src = thumbUrl(media, high);
  box.append(image);
  const settings = column.settings ?? {};
  const hidden = new Set(settings.hidden ?? []);
  if (settings.overlays !== false) {
    for (const [layer, mask] of Object.entries(media.masks ?? {})) {
      if (!hidden.has(layer)) box.append(maskNode(mask, settings.opacity ?? 0.55, (id) => !hidden.has(`${layer}/${id}`)));
    }
    const boxes = boxesNode(media, hidden);
    if (boxes) box.append(boxes);
  }
  box.addEventListener("click", (event) => {
    event.stopPropagation();
    open();
  });
  return box;
}

/** Sound in a cell: its shape, and a button; the player is made when it is asked for. @param {any} media @param {any} column */
export function soundChip(media, column) {
  const chip = el("button", "chip");
  chip.tabIndex = -1;
  const sign = el("span", "", "▶");
  const text = el("span", "", media.duration ? duration(media.duration * 1000) : "audio");
  chip.setAttribute("aria-label", `Play ${described(media)}`);
  chip.append(sign, text);
  /** @type {HTMLAudioElement | null} */
  let player = null;
  chip.addEventListener("click", (event) => {
    event.stopPropagation();
    if (!player) {
      player = new Audio(`/blob/${media.ref}`);
      const made = player;
      alone(made);
      made.onplay = () => (sign.textContent = "❚❚");
      made.onpause = made.onended = () => (sign.textContent = "▶");
      made.onerror = () => ((text.textContent = "cannot be played"), (sign.textContent = "⚠"));
      made.ontimeupdate = () => (text.textContent = `${made.currentTime.toFixed(1)} / ${media.duration ? duration(media.duration * 1000) : duration(made.duration * 1000)}`);
    }
    if (player.paused) void player.play().catch(() => undefined);
    else player.pause();
  });
  void column;
  return chip;
}

/** A sound's shape and its player, for the detail. @param {any} media */
export function soundNode(media) {
  const box = el("div");
  const player = /** @type {HTMLAudioElement} */ (el("audio"));
  player.controls = true;
  player.preload = "none";
  player.src = `/blob/${media.ref}`;
  player.setAttribute("aria-label", described(media));
  player.style.width = "100%";
  alone(player);
  get(`/peaks/${media.ref}&points=200`).then((peaks) => {
    const root = svg("svg", { viewBox: "0 -1 200 2", preserveAspectRatio: "none", role: "img", "aria-label": "waveform" });
    root.style.cssText = "width:100%;height:48px;display:block";
    let path = "";
    peaks.least.forEach((/** @type {number} */ low, /** @type {number} */ i) => (path += `M${i + 0.5} ${-peaks.greatest[i]}V${-low + 0.01}`));
    root.append(svg("path", { d: path, stroke: "var(--bar)", "stroke-width": 1.5, "vector-effect": "non-scaling-stroke", fill: "none" }));
    box.prepend(root);
  }, () => undefined);
  box.append(player);
  return box;
}

/** @param {any} media */
export function videoNode(media) {
  const player = /** @type {HTMLVideoElement} */ (el("video"));
  player.controls = true;
  player.preload = "none";
  player.poster = thumbUrl(media, 512);
  player.src = `/blob/${media.ref}`;
  player.setAttribute("aria-label", described(media));
  alone(player);
  return player;
}

/**
 * Draw media into a cell.
 * @param {HTMLElement} cell @param {any[]} values @param {any} column @param {number} rowHeight @param {(media: any) => void} open
 */
export function drawMedia(cell, values, column, rowHeight, open) {
  for (const media of values) {
    if (media === null) cell.append(el("span", "dim", "null"));
    else if (media.kind === "image" || media.kind === "video") cell.append(thumb(media, rowHeight - 8, column, () => open(media)));
    else if (media.kind === "audio") cell.append(soundChip(media, column));
    else {
      const chip = el("button", "chip", media.caption ? String(media.caption) : media.kind);
      chip.tabIndex = -1;
      chip.addEventListener("click", (event) => (event.stopPropagation(), open(media)));
      cell.append(chip);
    }
  }
}
