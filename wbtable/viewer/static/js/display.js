// How the cells of a column may be shown: which ways there are for a type, what can be set, and the drawing of each.
import { el } from "./dom.js";
import { histogramNode } from "./histogram.js";
import { markdownNode } from "./markdown.js";
import { number } from "./numbers.js";
import { epochText, timeText } from "./times.js";

/** @typedef {import("./state.js").ColumnInfo} ColumnInfo */
/** @typedef {{id: string, label: string, settings?: Setting[]}} Display */
/** @typedef {{key: string, label: string, options?: [string, string][], number?: [number, number]}} Setting */

const MEDIA = new Set(["image", "audio", "video", "html", "object3d", "molecule", "figure"]);
const NUMBERS = new Set(["number", "integer", "decimal", "duration", "link"]);
const NESTED = new Set(["struct", "list", "map", "any", "ndarray", "histogram"]);
const SCHEMES = /^(https?:\/\/|mailto:)/i;

/** @type {Setting} */
const DIGITS = { key: "digits", label: "Decimal places", number: [0, 15] };
/** @type {Setting} */
const FORM = { key: "notation", label: "Notation", options: [["", "automatic"], ["percent", "percent"], ["grouped", "with separators"], ["scientific", "with powers of ten"]] };
/** @type {Setting[]} */
const TIME = [
  { key: "form", label: "Written as", options: [["", "day and time"], ["day", "day alone"], ["ago", "how long ago"]] },
  { key: "zone", label: "Zone", options: [["", "of this machine"], ["utc", "UTC"]] },
];

/** @type {Record<string, Display>} */
const WAYS = {
  number: { id: "number", label: "Number", settings: [DIGITS, FORM] },
  bar: { id: "bar", label: "Number with a bar, from 0 to 1", settings: [DIGITS, FORM] },
  text: { id: "text", label: "Text" },
  markdown: { id: "markdown", label: "Markdown" },
  json: { id: "json", label: "JSON" },
  link: { id: "link", label: "Link" },
  date: { id: "date", label: "Date and time", settings: TIME },
  epoch: { id: "date", label: "Date, counted from 1970", settings: [...TIME, { key: "unit", label: "Counted in", options: [["", "what fits"], ["s", "seconds"], ["ms", "milliseconds"], ["us", "microseconds"], ["ns", "nanoseconds"]] }] },
  list: { id: "list", label: "List of values" },
  histogram: { id: "histogram", label: "Histogram" },
  media: { id: "", label: "Media" },
};

/** The ways in which a column of rows, or a computed one of groups, can be shown; the first is the usual one. @param {ColumnInfo} info @returns {Display[]} */
export function displaysOf(info) {
  const { kind } = info;
  if (MEDIA.has(kind)) return [{ ...WAYS.media, label: kind === "object3d" ? "Scene" : kind[0].toUpperCase() + kind.slice(1) }, WAYS.text];
  if (info.role === "count") return [WAYS.number];
  if (NUMBERS.has(kind)) return [WAYS.number, WAYS.bar, WAYS.epoch, WAYS.text];
  if (kind === "timestamp") return [WAYS.date, WAYS.text];
  if (kind === "date") return [{ ...WAYS.date, settings: TIME.slice(0, 1) }, WAYS.text];
  if (kind === "string") return [WAYS.text, WAYS.markdown, WAYS.link, WAYS.json];
  if (kind === "list") return [WAYS.json, WAYS.list, WAYS.histogram, WAYS.text];
  if (kind === "histogram") return [WAYS.histogram, WAYS.json];
  if (NESTED.has(kind)) return [WAYS.json, WAYS.text];
  return [WAYS.text];
}

/** The ways in which groups can show a column of their rows. @param {ColumnInfo} info @returns {Display[]} */
export function groupDisplaysOf(info) {
  const page = { id: "page", label: MEDIA.has(info.kind) ? "Media, page by page" : "List of values" };
  /** @type {Setting} */
  const scale = { key: "scale", label: "Bars", options: [["", "by number"], ["log", "by its logarithm"]] };
  const histogram = { id: "histogram", label: "Histogram", settings: [scale] };
  const top = { id: "top", label: "Most frequent values" };
  if (info.bars === "histogram") return [histogram, top, page];
  if (info.bars === "top") return [top, page];
  return [page];
}

/** A number as a column's settings want it. @param {number | string} value @param {any} settings */
export function numberText(value, settings = {}) {
  if (typeof value === "string" && settings.notation !== "grouped") return value;
  const { digits, notation } = settings;
  if (notation === "percent" && typeof value === "number" && Number.isFinite(value)) return `${(100 * value).toFixed(digits ?? 1)} %`;
  if (notation === "scientific" && typeof value === "number" && Number.isFinite(value)) return value.toExponential(digits);
  if (notation === "grouped") {
    const form = new Intl.NumberFormat("en", digits === undefined ? { maximumFractionDigits: 6 } : { minimumFractionDigits: digits, maximumFractionDigits: digits });
    if (typeof value === "number") return Number.isFinite(value) ? form.format(value) : number(value);
    return /^-?\d+$/.test(value) ? form.format(BigInt(value)) : value;
  }
  return number(/** @type {number} */ (value), digits);
}

/** Text that is cut says so. @param {any} value @returns {string | null} */
function textOf(value) {
  if (typeof value === "string") return value;
  return typeof value?.cut === "string" ? `${value.cut}…` : null;
}

/**
 * Draw a value in the way that was chosen; false where that way does not fit it.
 * @param {HTMLElement} cell @param {any} value @param {any} column @param {{tall?: boolean}} how
 * @returns {boolean}
 */
export function drawAs(cell, value, column, how) {
  const { display, info, settings = {} } = column;
  const text = textOf(value);
  if (display === "markdown" && text !== null) {
    cell.classList.add("md", how.tall ? "tall" : "short");
    cell.append(markdownNode(how.tall || text.length <= 400 ? text : `${text.slice(0, 400)}…`));
    return true;
  }
  if (display === "link" && text !== null && SCHEMES.test(text.trim())) {
    const link = /** @type {HTMLAnchorElement} */ (el("a", "t", text));
    link.href = text.trim();
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.tabIndex = -1;
    cell.append(link);
    return true;
  }
  if (display === "json") return json(cell, value, how);
  if (display === "list" && Array.isArray(value)) return list(cell, value, info);
  if (display === "histogram" && Array.isArray(value)) return histogram(cell, value);
  if (display === "date" && NUMBERS.has(info.kind)) {
    const found = typeof value === "number" ? epochText(value, settings) : null;
    if (found === null) return false;
    cell.append(el("span", "t", found));
    return true;
  }
  if (display === "bar" && typeof value === "number") {
    const bar = el("i", "inbar");
    bar.style.width = `${100 * Math.max(0, Math.min(1, value))}%`;
    cell.classList.add("num", "has-bar");
    cell.append(bar, el("span", "t", numberText(value, settings)));
    return true;
  }
  return false;
}

/** @param {HTMLElement} cell @param {any} value @param {{tall?: boolean}} how */
function json(cell, value, how) {
  let found = value;
  if (typeof value === "string") {
    try {
      found = JSON.parse(value);
    } catch {
      return false;
    }
  } else if (typeof value?.cut === "string") return false;
  cell.classList.add("mono");
  if (how.tall) cell.classList.add("tall", "pre");
  cell.append(el("span", "t", how.tall ? JSON.stringify(found, null, 1) : JSON.stringify(found)));
  return true;
}

/** @param {HTMLElement} cell @param {any[]} values @param {ColumnInfo} info */
function list(cell, values, info) {
  cell.classList.add("list");
  const shown = values.slice(0, 200);
  for (const value of shown) {
    const text = value === null ? "null" : typeof value === "object" ? JSON.stringify(value) : typeof value === "string" && /timestamp/.test(info.type) ? timeText(value) : typeof value === "number" ? number(value) : String(value);
    const item = el("span", "item", text);
    item.dir = "auto";
    cell.append(item);
  }
  if (values.length > shown.length) cell.append(el("span", "dim", `${values.length - shown.length} more`));
  if (!values.length) cell.append(el("span", "dim", "(empty)"));
  return true;
}

/** Twenty bins over the numbers of one list. @param {HTMLElement} cell @param {any[]} values */
function histogram(cell, values) {
  const numbers = values.filter((value) => typeof value === "number" && Number.isFinite(value));
  if (!numbers.length) return false;
  const least = numbers.reduce((a, b) => Math.min(a, b));
  const greatest = numbers.reduce((a, b) => Math.max(a, b));
  const bins = least === greatest ? 1 : 20;
  const counts = new Array(bins).fill(0);
  for (const value of numbers) counts[Math.min(bins - 1, Math.floor(((value - least) / (greatest - least || 1)) * bins))] += 1;
  const edges = Array.from({ length: bins + 1 }, (_, i) => String(least + ((greatest - least || 1) * i) / bins));
  cell.classList.add("hist");
  cell.append(histogramNode([{ counts, edges }]));
  return true;
}
