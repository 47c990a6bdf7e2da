// One cell: its text, and how it is drawn. What stands in data becomes text, never markup.
import { fillChange, fillOrigin, fillPair, pairWidth } from "./compare_cells.js";
import { CHANGE } from "./compare_model.js";
import { drawAs, numberText } from "./display.js";
import { el } from "./dom.js";
import { groupCell } from "./group_bars.js";
import { histogramNode } from "./histogram.js";
import { runMark } from "./runs_cell.js";
import { arrayNode, isDrawn } from "./media_array.js";
import { count, short } from "./numbers.js";
import { timeText } from "./times.js";

/** @typedef {import("./state.js").ColumnInfo} ColumnInfo */

/** How high a line of text is. */
const LINE = 18.9;
const NUMERIC = new Set(["number", "integer", "decimal", "duration", "link"]);
const MEDIA = new Set(["image", "audio", "video", "html", "object3d", "molecule", "figure"]);

/** @param {ColumnInfo} column */
export function isNumeric(column) {
  return NUMERIC.has(column.kind) || column.role === "count";
}

/** @param {ColumnInfo} column */
export function isMedia(column) {
  return MEDIA.has(column.kind);
}

/** How many characters a fraction of a second has, with its point. @type {Record<string, number>} */
const FRACTION = { s: 0, ms: 4, us: 7, ns: 10 };

/** How much room a column of times needs to be read whole: a part of a time would be another one. @param {ColumnInfo} column */
export function timeWidth({ params }) {
  const characters = "2024-03-31 12:00:00".length + (FRACTION[params?.unit] ?? FRACTION.us) + (params?.zone ? " +02:00".length : 0);
  return Math.max(190, Math.ceil(26 + 7.5 * characters));
}

/** How wide a column is where nobody says. @param {ColumnInfo} column @param {number} rowHeight */
export function widthOf(column, rowHeight) {
  if (/** @type {any} */ (column).pair) return pairWidth(column, rowHeight);
  const name = Math.min(220, 62 + column.name.length * 7);
  if (column.role === "group") return Math.max(name, column.bars === "histogram" ? 170 : isMedia(column) ? 270 : 200);
  if (column.kind === "image" || column.kind === "video") return Math.max(name, 104, Math.min(300, rowHeight + 16));
  if (isMedia(column)) return Math.max(name, 180);
  if (column.kind === "boolean") return Math.max(name, 112);
  // Large integers show whole: rounded they would be others.
  if (isNumeric(column)) return Math.max(name, 140, 26 + 8 * (column.longest ?? 0));
  if (column.kind === "timestamp") return Math.max(name, timeWidth(column));
  if (column.kind === "string") return Math.max(name, 190);
  return Math.max(name, 170);
}

/**
 * A value as text for a cell.
 * @param {any} value @param {string} kind @param {Record<string, any>} [settings]
 * @returns {string}
 */
export function valueText(value, kind, settings = {}) {
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return numberText(value, settings);
  if (typeof value === "string") {
    if (kind === "timestamp" || kind === "date") return timeText(value, settings);
    if (kind === "number" && value === "Infinity") return "∞";
    if (kind === "number" && value === "-Infinity") return "−∞";
    return NUMERIC.has(kind) ? numberText(value, settings) : value;
  }
  if (typeof value.cut === "string") return `${value.cut}…`;
  if (kind === "binary" && typeof value.hex === "string") return `${value.hex}${value.size > 32 ? "…" : ""} (${count(value.size)} bytes)`;
  if (kind === "ndarray" && value.shape) return `${value.dtype} ${value.shape.join(" × ")}`;
  if (MEDIA.has(kind) && value.digest) return String(value.caption ?? `${kind} ${String(value.digest).slice(0, 8)}`);
  return JSON.stringify(value);
}

/**
 * The literal that an expression has for a value; null where it has none.
 * @param {any} value @param {ColumnInfo} column
 */
export function isPlainValue(value, column) {
  return value === null || ["string", "number", "boolean"].includes(typeof value) || (MEDIA.has(column.kind) && Boolean(value.digest));
}

/** Text in one line, no longer than a screen is wide. @param {string} text */
function lineOf(text) {
  return (text.length > 400 ? `${text.slice(0, 400)}…` : text).replace(/\s+/g, " ");
}

/** The nodes of cells that hold one line of text and nothing else. @type {WeakMap<HTMLElement, {span: HTMLElement, text: Text, pad: number}>} */
const lines = new WeakMap();
const MONO = new Set(["struct", "list", "map", "any", "ndarray", "binary", "uuid"]);
const WORDS = new Set(["number", "string", "boolean", "bigint"]);

/** Whether a value is one line of text and nothing else: most are, and what is scrolled past is drawn without new nodes. @param {any} value @param {any} column @param {import("./compare_cells.js").How} how */
function isLine(value, column, how) {
  const { info } = column;
  if (value !== null && (!WORDS.has(typeof value) || isMedia(info))) return false;
  if (value === "" || column.display || info.pair || how.tall && !isNumeric(info)) return false;
  return (info.role === undefined || info.role === "row") && info.name !== CHANGE && info.name !== "_table" && info.name !== "run";
}

/** Whether a number surely has room: what need not be cut off costs less in each frame. @param {string} words @param {any} column @param {import("./compare_cells.js").How} how */
function fits(words, column, how) {
  return isNumeric(column.info) && words.length * how.grid.digitWidth + 20 <= column.width;
}

/** @param {any} value @param {ColumnInfo} info @param {import("./compare_cells.js").How} how */
function classOf(value, info, how) {
  return `cell${isNumeric(info) ? " num" : ""}${value === null ? " is-null" : ""}${info.role === "key" ? " is-key" : ""}${MONO.has(info.kind) ? " mono" : ""}${how.tall && !isNumeric(info) ? " tall" : ""}`;
}

/**
 * The room behind a number, in digits, with which points of a column stand below each other; none where all of it is
 * needed for the number. Space, not zeros: what is not known of a number is not said.
 * @param {string} words @param {any} column @param {import("./compare_cells.js").How} how
 */
function behind(words, column, how) {
  if (column.info.kind !== "number" || !/\d$/.test(words)) return 0;
  const point = words.indexOf(".");
  const places = point < 0 ? 0 : words.length - point - 1;
  const most = how.grid.places(column, places);
  const free = (column.width - 20) / how.grid.digitWidth - words.length;
  // Points, and the signs of powers of ten, are half as wide as digits.
  const narrow = (most && !places) || words.includes("e-") ? 0.5 : 0;
  return Math.max(0, Math.min(most - places + narrow, Math.floor(free)));
}

/** Write a line into a cell, into the nodes that it has. @param {HTMLElement} cell @param {string} className @param {string} words @param {number} [pad] in digits, behind it */
function write(cell, className, words, pad = 0) {
  let found = lines.get(cell);
  if (!found) {
    const span = el("span", "t");
    const text = document.createTextNode("");
    span.dir = "auto";
    span.append(text);
    cell.replaceChildren(span);
    cell.removeAttribute("title");
    lines.set(cell, (found = { span, text, pad: 0 }));
  }
  const name = `${className} one-line`;
  if (cell.className !== name) cell.className = name;
  if (found.text.data !== words) found.text.data = words;
  if (found.pad === pad) return;
  found.pad = pad;
  found.span.style.paddingRight = pad ? `${pad}ch` : "";
}

/** Show that a value is on its way. @param {HTMLElement} cell @param {ColumnInfo} info */
function wait(cell, info) {
  write(cell, isNumeric(info) ? "cell num fits waits" : "cell waits", "");
  cell.setAttribute("aria-busy", "true");
}

/**
 * Draw a value into a cell.
 * @param {HTMLElement} cell @param {any} value undefined while it is not here
 * @param {{info: ColumnInfo, display?: string, settings?: Record<string, any>}} column
 * @param {import("./compare_cells.js").How} how
 */
export function fill(cell, value, column, how) {
  const { info } = column;
  if (value === undefined) return wait(cell, info);
  cell.removeAttribute("aria-busy");
  if (isLine(value, column, how)) {
    const words = lineOf(valueText(value, info.kind, column.settings));
    return write(cell, `${classOf(value, info, how)}${fits(words, column, how) ? " fits" : ""}`, words, behind(words, column, how));
  }
  lines.delete(cell);
  cell.textContent = "";
  let className = "cell";
  cell.removeAttribute("title");
  if (/** @type {any} */ (info).pair) return fillPair(cell, value, column, how);
  if ((info.role === "row" || info.role === "key") && !info.derived && fillOrigin(cell, value, info.name)) return void cell.classList.toggle("is-key", info.role === "key");
  if (info.name === CHANGE && info.role === "row" && !info.derived) return fillChange(cell, value);
  if (info.role === "group" && value !== null) {
    cell.className = `${className} ${value.bars === "histogram" ? "hist" : value.bars}`;
    groupCell(cell, value, column, how);
    return;
  }
  if (value !== null && isMedia(info) && column.display !== "text") {
    cell.className = `${className} media`;
    how.media(cell, [value], column);
    return;
  }
  if (Array.isArray(value) && value.length && !column.display && value.every((each) => each === null || (each?.ref && MEDIA.has(each.kind)))) {
    cell.className = `${className} media`;
    how.media(cell, value, column);
    return;
  }
  if (value !== null && info.kind === "ndarray" && !column.display && isDrawn(value)) {
    cell.className = `${className} drawn`;
    cell.append(arrayNode(value, { wide: (/** @type {any} */ (column).width ?? 170) - 20, high: (how.high ?? 28) - 8 }));
    return;
  }
  if (value !== null && info.kind === "histogram" && value.counts) {
    cell.className = `${className} hist`;
    cell.append(histogramNode([{ counts: value.counts, edges: value.bins.map(String) }]));
    return;
  }
  if (value !== null && column.display) {
    cell.className = className;
    if (drawAs(cell, value, column, how)) return markCut(cell, value);
  }
  cell.className = classOf(value, info, how);
  const mark = info.name === "run" ? runMark(info, value) : null;
  if (mark) cell.append(mark);
  const text = valueText(value, info.kind, column.settings);
  const node = el("span", "t", text === "" ? "(empty)" : how.tall ? text : lineOf(text));
  if (text === "") node.classList.add("dim");
  node.dir = "auto";
  if (["key", "count", "cell"].includes(info.role)) {
    // What is said of a group leads to its rows.
    const go = el("button", "go");
    go.tabIndex = -1;
    go.title = "Show the rows of this group (E)";
    go.append(node);
    cell.append(go);
  } else cell.append(node);
  if (how.tall) fitLines(node, (how.high ?? 0) - (typeof value?.cut === "string" ? 16 : 0));
  markCut(cell, value);
}

/** Let text that is higher than its cell end with a sign of that. @param {HTMLElement} node @param {number} high */
function fitLines(node, high) {
  node.classList.add("fitted");
  node.style.webkitLineClamp = String(Math.max(1, Math.floor((high - 9) / LINE)));
}

/** Say of a cell that it holds the beginning of its value only, and how to see the rest. @param {HTMLElement} cell @param {any} value */
function markCut(cell, value) {
  if (typeof value?.cut !== "string") return;
  cell.classList.add("is-cut");
  cell.append(el("span", "cut", `${short(value.size)} chars`));
  cell.title = `The beginning of ${count(value.size)} characters. Space shows all, Enter the row.`;
}
