// Arrays: a row of numbers as bars, a matrix as a heat map, more dimensions by their slices.
import { el, svg } from "./dom.js";
import { count, number } from "./numbers.js";

/** From dark to light in even steps, told apart without colour: anchors, with straight lines between them. */
const HEAT = [[38, 16, 84], [58, 62, 134], [44, 106, 142], [36, 146, 136], [74, 186, 108], [160, 212, 66], [248, 230, 60]];

/** @param {number} share 0 to 1 @returns {[number, number, number]} */
export function heat(share) {
  const at = Math.max(0, Math.min(1, share)) * (HEAT.length - 1);
  const low = Math.min(HEAT.length - 2, Math.floor(at));
  const part = at - low;
  return /** @type {[number, number, number]} */ (HEAT[low].map((value, i) => Math.round(value + part * (HEAT[low + 1][i] - value))));
}

/** @param {any} value */
const toNumber = (value) => (typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : value === "Infinity" ? Infinity : value === "-Infinity" ? -Infinity : typeof value === "string" && value !== "NaN" ? Number(value) : NaN);

/** @param {any[]} values */
function rangeOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const each of values) {
    const value = toNumber(each);
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high, some: low <= high };
}

/** Whether an array can be drawn. @param {any} value */
export function isDrawn(value) {
  return Boolean(value?.shape && Array.isArray(value.values) && value.values.length && !/^(str|bytes|<U|\|S|object|complex|datetime|timedelta)/.test(value.dtype) && value.shape.length >= 1);
}

/** In words. @param {any} value */
export function arrayWords(value) {
  const { low, high, some } = value.values ? rangeOf(value.values) : { low: 0, high: 0, some: false };
  return `${value.dtype} ${value.shape.join(" × ")}${some ? `, ${number(low)} to ${number(high)}` : ""}`;
}

/** A matrix as pixels. @param {any[]} values @param {number} rows @param {number} columns @param {{low: number, high: number}} range */
function matrixCanvas(values, rows, columns, { low, high }) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", "array-pixels"));
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at += 1) {
    const value = toNumber(values[at]);
    // What is no number is left out, so that the paper shows.
    if (Number.isNaN(value)) continue;
    const [r, g, b] = heat(high > low ? (value - low) / (high - low) : 0.5);
    image.data.set([r, g, b, 255], at * 4);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** @param {any[]} values @param {{low: number, high: number}} range */
function bars(values, { low, high }) {
  const bottom = Math.min(0, low);
  const top = Math.max(0, high);
  const span = top - bottom || 1;
  const most = Math.min(values.length, 1000);
  const root = svg("svg", { viewBox: `0 0 ${most} 100`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const zero = (100 * top) / span;
  let path = "";
  for (let i = 0; i < most; i += 1) {
    const value = toNumber(values[Math.floor((i * values.length) / most)]);
    if (Number.isFinite(value)) path += `M${i + 0.05} ${zero}V${((100 * (top - value)) / span).toFixed(2)}h.9V${zero}Z`;
  }
  root.append(svg("path", { d: path, class: "bar" }));
  return root;
}

/** @param {{low: number, high: number}} range */
function legend({ low, high }) {
  const box = el("div", "array-legend");
  const strip = matrixCanvas(Array.from({ length: 64 }, (_, i) => i), 1, 64, { low: 0, high: 63 });
  box.append(el("span", "", number(low)), strip, el("span", "", number(high)));
  return box;
}

/**
 * An array, drawn.
 * @param {any} value @param {{wide: number, high: number, large?: boolean}} room
 */
export function arrayNode(value, { wide, high, large }) {
  const box = el("span", `array${large ? " is-large" : ""}`);
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", `array of ${arrayWords(value)}`);
  if (!large) box.title = arrayWords(value);
  const shape = value.shape.filter((/** @type {number} */ size, /** @type {number} */ i) => size !== 1 || i >= value.shape.length - 2);
  const range = rangeOf(value.values);
  if (!range.some) {
    box.append(el("span", "dim", value.values.length ? "no finite number" : "empty"));
    return box;
  }
  if (shape.length < 2 || (shape.length === 2 && shape[0] === 1)) {
    const drawn = bars(value.values, range);
    drawn.setAttribute("style", "");
    drawn.style.width = `${wide}px`;
    drawn.style.height = `${high}px`;
    box.append(drawn);
    if (large) box.append(el("p", "note", arrayWords(value)));
    return box;
  }
  const [rows, columns] = shape.slice(-2);
  const each = rows * columns;
  const slices = Math.max(1, Math.floor(value.values.length / each));
  const scale = Math.min(wide / columns, high / rows);
  const room = el("span", "array-room");
  room.style.width = `${Math.max(1, Math.round(columns * scale))}px`;
  room.style.height = `${Math.max(1, Math.round(rows * scale))}px`;
  let at = 0;
  const draw = () => room.replaceChildren(matrixCanvas(value.values.slice(at * each, (at + 1) * each), rows, columns, range));
  draw();
  box.append(room);
  if (!large) {
    if (slices > 1 && high > 40) box.append(el("span", "dim", `1 of ${count(slices)}`));
    return box;
  }
  const said = el("output", "note", arrayWords(value));
  room.addEventListener("pointermove", (event) => {
    const area = room.getBoundingClientRect();
    const x = Math.min(columns - 1, Math.max(0, Math.floor(((event.clientX - area.left) / area.width) * columns)));
    const y = Math.min(rows - 1, Math.max(0, Math.floor(((event.clientY - area.top) / area.height) * rows)));
    said.textContent = `[${slices > 1 ? `${at}, ` : ""}${y}, ${x}] = ${value.values[at * each + y * columns + x]}`;
  });
  room.addEventListener("pointerleave", () => (said.textContent = arrayWords(value)));
  const tools = el("div", "controls");
  if (slices > 1) {
    const slider = /** @type {HTMLInputElement} */ (el("input"));
    Object.assign(slider, { type: "range", min: "0", max: String(slices - 1), value: "0" });
    slider.setAttribute("aria-label", "Slice of the first dimensions");
    const label = el("span", "note", `slice 1 of ${count(slices)}`);
    slider.addEventListener("input", () => {
      at = Number(slider.value);
      label.textContent = `slice ${count(at + 1)} of ${count(slices)}`;
      draw();
    });
    tools.append(slider, label);
  }
  tools.append(legend(range), said);
  box.append(tools);
  return box;
}
