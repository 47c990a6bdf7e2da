// Masks: class ids per pixel, as the server gives them exactly, and their colours over a picture.
import { el } from "./dom.js";
import { isGone, load } from "./media_load.js";
import { colour, isBackground, isShown, labelOf, labelsOf } from "./media_labels.js";

/**
 * @typedef {import("./media_link.js").Overlay} Overlay
 * @typedef {{width: number, height: number, ids: Uint16Array, present: number[]}} Mask
 */

const MOST = 48_000_000;
/** @type {Map<string, Mask>} */
const kept = new Map();
let pixels = 0;

/** @param {any} mask @param {number} side the most pixels of a side; 0: as it is stored */
const urlOf = (mask, side) => `/mask/${mask.ref}${side && Math.max(mask.width, mask.height) > side ? `&side=${side}` : ""}`;

/** A mask that was read already. @param {any} mask @param {number} side */
export const readMask = (mask, side) => kept.get(urlOf(mask, side)) ?? null;

/**
 * The class ids of a mask.
 * @param {any} mask @param {number} side @param {Node} owner @returns {Promise<Mask>}
 */
export async function maskOf(mask, side, owner) {
  const url = urlOf(mask, side);
  const had = kept.get(url);
  if (had) {
    kept.delete(url);
    kept.set(url, had);
    return had;
  }
  const blob = await load(url, owner);
  // Neither a colour profile nor transparency may change an id.
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas"));
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser draws no pictures");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const ids = new Uint16Array(width * height);
  const seen = new Uint8Array(65536);
  for (let at = 0, from = 0; at < ids.length; at += 1, from += 4) {
    const id = data[from] + 256 * data[from + 1];
    ids[at] = id;
    seen[id] = 1;
  }
  const present = [];
  for (let id = 0; id < seen.length; id += 1) if (seen[id]) present.push(id);
  const made = { width, height, ids, present };
  kept.set(url, made);
  pixels += ids.length;
  for (const [old, found] of kept) {
    if (pixels <= MOST || old === url) break;
    kept.delete(old);
    pixels -= found.ids.length;
  }
  return made;
}

/**
 * Paint the classes that show.
 * @param {HTMLCanvasElement} canvas @param {Mask} mask @param {string} layer @param {Overlay} overlay @param {Record<string, string>} labels
 */
export function paint(canvas, mask, layer, overlay, labels) {
  if (canvas.width !== mask.width || canvas.height !== mask.height) {
    canvas.width = mask.width;
    canvas.height = mask.height;
  }
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  const image = context.createImageData(mask.width, mask.height);
  const out = new Uint32Array(image.data.buffer);
  const paints = new Uint32Array(65536);
  for (const id of mask.present) {
    if (!isShown(overlay, "masks", layer, id, labels)) continue;
    const text = colour(id);
    // Red is the lowest byte.
    paints[id] = (0xff000000 | (parseInt(text.slice(5, 7), 16) << 16) | (parseInt(text.slice(3, 5), 16) << 8) | parseInt(text.slice(1, 3), 16)) >>> 0;
  }
  const { ids } = mask;
  for (let at = 0; at < ids.length; at += 1) out[at] = paints[ids[at]];
  context.putImageData(image, 0, 0);
}

/**
 * A mask over a picture; it follows what is switched.
 * @param {any} mask @param {string} layer @param {any} column @param {import("./media_link.js").Linked<Overlay>} linked @param {number} side @param {boolean} [alone] it stands beside the picture
 */
export function maskNode(mask, layer, column, linked, side, alone = false) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", "mask"));
  canvas.setAttribute("aria-hidden", "true");
  const labels = labelsOf(column.info?.params, "masks", layer);
  /** @type {Mask | null} */
  let found = null;
  const show = (/** @type {Overlay} */ overlay) => {
    canvas.style.opacity = String(alone ? 1 : overlay.opacity);
    if (found) paint(canvas, found, layer, overlay, labels);
  };
  show(linked.value);
  maskOf(mask, side, canvas).then((made) => {
    found = made;
    show(linked.value);
    linked.watch(canvas, show);
  }, (error) => {
    if (isGone(error)) return;
    canvas.dataset.failed = error.message;
    canvas.dispatchEvent(new CustomEvent("mask-failed", { bubbles: true, detail: `The mask ${layer}: ${error.message}` }));
  });
  return canvas;
}

/** The layers of a picture's masks with the classes that are in it; those of the labels until it is read. @param {any} media @param {any} params @param {number} side */
export function maskLayers(media, params, side) {
  return Object.entries(media.masks ?? {}).map(([layer, mask]) => {
    const labels = labelsOf(params, "masks", layer);
    const ids = readMask(mask, side)?.present ?? Object.keys(labels).map(Number).sort((a, b) => a - b);
    const classes = ids.map((id) => ({ id, label: labels[String(id)] ?? (id === 0 ? "background" : labelOf(labels, id)), count: null, background: isBackground(labels, id) }));
    return { kind: /** @type {const} */ ("masks"), layer, classes, scores: /** @type {Map<string, [number, number]>} */ (new Map()) };
  });
}
