// The classes of boxes and masks: their names, their colours, and which of them show.
import { number } from "./numbers.js";
import { own } from "./own.js";

/** @typedef {import("./media_link.js").Overlay} Overlay */

export const COLOURS = ["#e4572e", "#17a398", "#3d74d6", "#c78a00", "#a23bc2", "#4f9d2f", "#d6336c", "#0b7285", "#8a5a2b", "#5f6b7a"];
const NOTHING = /^(background|bg|void|none|unlabell?ed|ignore)$/i;

/** @param {number} hue @param {number} light */
function rgb(hue, light) {
  const part = (/** @type {number} */ n) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (light - 0.62 * Math.min(light, 1 - light) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return `#${[part(0), part(8), part(4)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** The colour of a class: the first ten as chosen, others by turning around the wheel so that neighbours differ. @param {number} id */
export function colour(id) {
  const at = Math.abs(Math.trunc(Number(id) || 0));
  return at < COLOURS.length ? COLOURS[at] : rgb((at * 137.508) % 360, 0.4 + 0.08 * (at % 4));
}

/** The names of a layer's classes. @param {any} params of the column's type @param {"boxes" | "masks"} kind @param {string} layer @returns {Record<string, string>} */
export function labelsOf(params, kind, layer) {
  const found = params?.item?.params ?? params?.item ?? params ?? {};
  return own(found[kind === "boxes" ? "box_labels" : "mask_labels"], layer) ?? found.classes ?? {};
}

/** @param {Record<string, string>} labels @param {number} id */
export const labelOf = (labels, id) => labels[String(id)] ?? `class ${id}`;

/** Whether a class of a mask is what lies behind everything: 0, unless its name says that it is something. @param {Record<string, string>} labels @param {number} id */
export function isBackground(labels, id) {
  const name = labels[String(id)];
  return id === 0 && (name === undefined || NOTHING.test(name.trim()));
}

/** @param {"boxes" | "masks"} kind @param {string} layer @param {number} [id] */
export const keyOf = (kind, layer, id) => (id === undefined ? `${kind}/${layer}` : `${kind}/${layer}/${id}`);

/** Whether a class shows. @param {Overlay} overlay @param {"boxes" | "masks"} kind @param {string} layer @param {number} id @param {Record<string, string>} labels */
export function isShown(overlay, kind, layer, id, labels) {
  if (!overlay.on || overlay.hidden.has(keyOf(kind, layer))) return false;
  const key = keyOf(kind, layer, id);
  return kind === "masks" && isBackground(labels, id) ? overlay.shown.has(key) : !overlay.hidden.has(key);
}

/** The overlay with a class, or a whole layer, switched. @param {Overlay} overlay @param {string} key @param {boolean} on @param {boolean} [background] @returns {Overlay} */
export function switched(overlay, key, on, background = false) {
  const name = background ? "shown" : "hidden";
  const next = new Set(overlay[name]);
  if (on === background) next.add(key);
  else next.delete(key);
  return { ...overlay, on: on ? true : overlay.on, [name]: next };
}

/** Whether a box has the scores that are asked for; one without a score is not asked. @param {Overlay} overlay @param {string} layer @param {any} box */
export function isScored(overlay, layer, box) {
  return Object.entries(box.scores ?? {}).every(([name, value]) => !(Number(value) < (overlay.least[`${layer}/${name}`] ?? -Infinity)));
}

/** The score that stands beside a box: what is called one, else the first. @param {Record<string, number>} scores */
function scoreOf(scores) {
  const names = Object.keys(scores);
  const name = names.find((each) => /^(score|confidence|conf|probability|prob)$/i.test(each)) ?? names[0];
  return name === undefined ? undefined : scores[name];
}

/**
 * The boxes that show, in pixels of the picture.
 * @param {any} media @param {Overlay} overlay @param {any} params
 * @returns {{left: number, top: number, width: number, height: number, colour: string, text: string, layer: string, id: number, dashed: boolean}[]}
 */
export function boxesOf(media, overlay, params) {
  const out = [];
  const names = Object.keys(media.boxes ?? {});
  for (const layer of names) {
    const labels = labelsOf(params, "boxes", layer);
    for (const box of media.boxes[layer]) {
      const id = Number(box.class_id ?? 0);
      if (!isShown(overlay, "boxes", layer, id, labels) || !isScored(overlay, layer, box)) continue;
      const [wide, high] = box.domain === "pixel" ? [1, 1] : [media.width, media.height];
      const [a, b, c, d] = box.position;
      const isMiddle = box.style === "middle";
      const left = (isMiddle ? a - c / 2 : a) * wide;
      const right = (isMiddle ? a + c / 2 : b) * wide;
      const top = (isMiddle ? b - d / 2 : c) * high;
      const bottom = (isMiddle ? b + d / 2 : d) * high;
      if (![left, right, top, bottom].every(Number.isFinite)) continue;
      const score = scoreOf(box.scores ?? {});
      const name = box.caption ?? (box.class_id === undefined ? layer : labelOf(labels, id));
      const text = score === undefined ? String(name) : `${name} ${number(Number(Number(score).toPrecision(3)))}`;
      out.push({ left, top, width: Math.max(0, right - left), height: Math.max(0, bottom - top), colour: colour(id), text, layer, id, dashed: names.indexOf(layer) % 2 === 1 });
    }
  }
  return out;
}

/** The layers of a picture's boxes, with classes and the range of each score. @param {any} media @param {any} params */
export function boxLayers(media, params) {
  return Object.entries(media.boxes ?? {}).map(([layer, boxes]) => {
    const labels = labelsOf(params, "boxes", layer);
    /** @type {Map<number, number>} */
    const counts = new Map();
    /** @type {Map<string, [number, number]>} */
    const scores = new Map();
    for (const box of boxes) {
      const id = Number(box.class_id ?? 0);
      counts.set(id, (counts.get(id) ?? 0) + 1);
      for (const [name, value] of Object.entries(box.scores ?? {})) {
        const number = Number(value);
        if (!Number.isFinite(number)) continue;
        const [low, high] = scores.get(name) ?? [number, number];
        scores.set(name, [Math.min(low, number), Math.max(high, number)]);
      }
    }
    const classes = [...counts].sort(([a], [b]) => a - b).map(([id, n]) => ({ id, label: labelOf(labels, id), count: n, background: false }));
    return { kind: /** @type {const} */ ("boxes"), layer, classes, scores };
  });
}
