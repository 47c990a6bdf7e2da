// A picture in a cell: its thumbnail in a box whose size is known before, boxes and masks over it or beside it.
import { el, svg } from "./dom.js";
import { boxesOf } from "./media_labels.js";
import { askToPlay, overlayNow, overlayOf } from "./media_link.js";
import { isGone, load, loadedSrc, reasonOf, srcOf } from "./media_load.js";
import { maskNode } from "./media_mask.js";
import { count, duration } from "./numbers.js";

const SIDES = [64, 128, 256, 512, 1024];
const CELL_SIDE = 512;

/** @param {number} pixels on the screen */
export function sideFor(pixels) {
  const wanted = pixels * Math.min(2, devicePixelRatio || 1);
  return SIDES.find((side) => side >= wanted) ?? 1024;
}

/** @param {any} media @param {number} pixels */
export function thumbUrl(media, pixels) {
  return `/thumb/${media.ref}&side=${sideFor(pixels)}`;
}

/** What media show, in words. @param {any} media */
export function described(media) {
  const size = media.width ? ` ${media.width} × ${media.height}` : "";
  const length = media.duration ? `, ${duration(media.duration * 1000)}` : "";
  const kind = { object3d: media.points ? "point cloud" : `mesh (${media.format})`, figure: "Plotly figure", html: "HTML document", molecule: `molecule (${media.format})` }[media.kind] ?? media.kind;
  const boxes = Object.values(media.boxes ?? {}).reduce((sum, list) => sum + list.length, 0);
  const over = [boxes ? `${count(boxes)} boxes` : "", Object.keys(media.masks ?? {}).length ? "masks" : ""].filter(Boolean).join(", ");
  return `${media.caption ? `${media.caption}, ` : ""}${kind}${size}${length}${media.points ? ` of ${count(media.points)} points` : ""}${over ? `, ${over}` : ""}`;
}

/** The size of a picture in a room, and never enlarged beyond small multiples. @param {any} media @param {number} wide @param {number} high */
export function fitted(media, wide, high) {
  const [w, h] = media.width && media.height ? [media.width, media.height] : [1, 1];
  const scale = Math.min(wide / w, high / h);
  return { width: Math.max(1, Math.round(w * scale)), height: Math.max(1, Math.round(h * scale)) };
}

/** Boxes over a picture, in its pixels. @param {any} media @param {any} column @param {import("./media_link.js").Linked<any>} linked */
function boxesNode(media, column, linked) {
  const root = svg("svg", { viewBox: `0 0 ${media.width || 1} ${media.height || 1}`, "aria-hidden": "true", preserveAspectRatio: "none" });
  const draw = () => {
    root.replaceChildren(...boxesOf(media, linked.value, column.info?.params).map((box) => svg("rect", {
      x: box.left, y: box.top, width: box.width, height: box.height, fill: "none", stroke: box.colour, "stroke-width": 1.5,
      "vector-effect": "non-scaling-stroke", ...(box.dashed ? { "stroke-dasharray": "4 2" } : {}),
    })));
  };
  draw();
  linked.watch(root, draw);
  return root;
}

/** Say in a box that its picture does not show, and why. @param {HTMLElement} box @param {unknown} error @param {() => void} retry */
export function failed(box, error, retry) {
  const { word, text, again } = reasonOf(error);
  box.classList.add("is-broken");
  box.replaceChildren(el("span", "sign", "⚠"), el("span", "why", word));
  box.title = text;
  box.setAttribute("aria-label", `${word}: ${text}`);
  if (again) box.addEventListener("click", (event) => (event.stopImmediatePropagation(), retry()), { once: true, capture: true });
}

/** @param {HTMLElement} node @param {{width: number, height: number}} size */
function sized(node, { width, height }) {
  node.style.width = `${width}px`;
  node.style.height = `${height}px`;
}

/**
 * One picture with what is over it.
 * @param {any} media @param {any} column @param {{width: number, height: number}} size @param {"all" | "plain" | "over"} part
 * @param {(error: unknown) => void} wrong
 */
function pictureNode(media, column, size, part, wrong) {
  const pic = el("span", "pic");
  sized(pic, size);
  const longest = Math.max(size.width, size.height);
  const linked = overlayOf(column);
  if (part !== "over") {
    const image = /** @type {HTMLImageElement} */ (el("img"));
    image.alt = "";
    image.decoding = "async";
    if (media.width <= 64 && media.height <= 64) image.classList.add("pixels");
    const url = thumbUrl(media, longest);
    const had = loadedSrc(url);
    if (had) image.src = had;
    else load(url, pic).then((blob) => (image.src = srcOf(url, blob)), (error) => isGone(error) || wrong(error));
    pic.append(image);
  } else pic.classList.add("is-bare");
  if (part !== "plain") {
    for (const [layer, mask] of Object.entries(media.masks ?? {})) pic.append(maskNode(mask, layer, column, linked, Math.min(CELL_SIDE, sideFor(longest)), part === "over"));
    if (media.boxes && media.width) pic.append(boxesNode(media, column, linked));
  }
  return pic;
}

/** @param {any} media */
export const hasOverlays = (media) => Boolean(Object.keys(media.boxes ?? {}).length || Object.keys(media.masks ?? {}).length);

/**
 * A picture, or the first frame of a video, in a cell.
 * @param {any} media @param {number} high @param {number} wide the room @param {any} column @param {() => void} open
 */
export function thumb(media, high, wide, column, open) {
  const box = el("button", "thumb");
  box.tabIndex = -1;
  box.setAttribute("aria-label", `Show ${described(media)}`);
  const { beside, on } = overlayNow(column).value;
  const isBeside = hasOverlays(media) && beside && on;
  const room = isBeside ? (wide - 2) / 2 : wide;
  const size = fitted(media, Math.max(8, room), Math.max(8, high));
  // A sliver is still something to click on.
  box.style.width = `${Math.max(isBeside ? 2 * size.width + 2 : size.width, Math.min(16, wide))}px`;
  box.style.height = `${Math.max(size.height, Math.min(16, high))}px`;
  const draw = () => {
    box.className = `thumb${isBeside ? " is-beside" : ""}`;
    const wrong = (/** @type {any} */ error) => {
      // Without a decoder at the server there is no first frame, but the browser may play it.
      if (media.kind === "video" && error.code === "unsupported") box.title = error.message;
      else failed(box, error, draw);
    };
    box.replaceChildren(...(isBeside ? [pictureNode(media, column, size, "plain", wrong), pictureNode(media, column, size, "over", wrong)] : [pictureNode(media, column, size, "all", wrong)]));
    if (media.kind === "video") {
      const sign = el("span", "play-sign", "▶");
      sign.setAttribute("aria-hidden", "true");
      box.append(sign);
      if (media.duration && size.width > 70 && size.height > 44) box.append(el("span", "length", duration(media.duration * 1000)));
    }
  };
  draw();
  box.addEventListener("mask-failed", (event) => (box.title = /** @type {CustomEvent} */ (event).detail));
  box.addEventListener("click", (event) => {
    event.stopPropagation();
    // The sign says so: what opens by it plays, and nothing else does.
    if (media.kind === "video") askToPlay(media);
    open();
  });
  return box;
}
