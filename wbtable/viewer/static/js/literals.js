// Values and edges of bins as expressions have them (spec 15), and edges as people read them.
import { nameText, rangeText, stringText } from "./expression.js";
import { edge } from "./numbers.js";

/** @typedef {import("./state.js").ColumnInfo} ColumnInfo */

const DIGITS = /** @type {Record<string, number>} */ ({ s: 0, ms: 3, us: 6, ns: 9 });
const DAY = 86_400n;

/** @param {ColumnInfo} info */
export function isWhole(info) {
  return /^u?int/.test(info.type) || info.kind === "date";
}

/** Whether bars of a column stand for ranges that can be written. @param {ColumnInfo} info */
export function hasRanges(info) {
  return ["number", "integer", "decimal", "date", "timestamp", "time", "duration"].includes(info.kind);
}

/** Seconds and their fraction, of a count of a unit. @param {string} text @param {number} digits @returns {[bigint, string]} */
function split(text, digits) {
  const value = BigInt(text);
  const scale = 10n ** BigInt(digits);
  let seconds = value / scale;
  let part = value % scale;
  if (part < 0n) {
    part += scale;
    seconds -= 1n;
  }
  const fraction = digits && part ? `.${String(part).padStart(digits, "0").replace(/0+$/, "")}` : "";
  return [seconds, fraction];
}

/** @param {bigint} seconds */
function clock(seconds) {
  const two = (/** @type {bigint} */ value) => String(value).padStart(2, "0");
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
}

/** A time that a bin's edge stands for; null if no calendar has it. @param {string} text @param {ColumnInfo} info */
function moment(text, info) {
  const unit = DIGITS[info.params?.unit ?? "us"] ?? 6;
  if (info.kind === "time") {
    const [seconds, fraction] = split(text, unit);
    return clock(seconds % DAY) + fraction;
  }
  const [seconds, fraction] = info.kind === "date" ? [BigInt(text) * DAY, ""] : split(text, unit);
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1 || at.getUTCFullYear() > 9999) return null;
  const [day, time] = at.toISOString().slice(0, 19).split("T");
  return info.kind === "date" ? day : `${day}T${time}${fraction}`;
}

/** An edge as an expression has it; null where there is none. @param {string} text @param {ColumnInfo} info */
export function edgeLiteral(text, info) {
  if (info.kind === "duration") {
    const [seconds, fraction] = split(text.replace("-", ""), DIGITS[info.params?.unit ?? "us"] ?? 6);
    return `duration("${text.startsWith("-") ? "-" : ""}${seconds}${fraction || ".0"}s")`;
  }
  if (["date", "timestamp", "time"].includes(info.kind)) {
    const found = moment(text, info);
    if (found === null) return null;
    return `${info.kind}("${found}${info.kind === "timestamp" && info.params?.zone ? "Z" : ""}")`;
  }
  return pointed(text);
}

/** A number needs digits on both sides of its point. @param {string} text */
function pointed(text) {
  return text.replace(/^(-?)\./, "$10.").replace(/\.(?=e|$)/, ".0");
}

/** An edge for people. @param {string} text @param {ColumnInfo} info */
export function edgeText(text, info) {
  if (info.kind === "duration") {
    const [seconds, fraction] = split(text, DIGITS[info.params?.unit ?? "us"] ?? 6);
    return `${seconds}${fraction.slice(0, 4)} s`;
  }
  if (!["date", "timestamp", "time"].includes(info.kind)) return edge(text);
  const found = moment(text, info);
  return found === null ? text : found.replace("T", " ").replace(/(:\d\d)\.\d+$/, "$1");
}

/**
 * The condition that a range of bins makes.
 * @param {ColumnInfo} info @param {string[]} edges @param {number} low the first bin @param {number} high the last bin
 * @returns {string | null}
 */
export function binsCondition(info, edges, low, high) {
  const name = nameText(info.name);
  const from = edgeLiteral(edges[low], info);
  const to = edgeLiteral(edges[high + 1], info);
  if (from === null || to === null) return null;
  const isLast = high === edges.length - 2;
  if (isWhole(info)) {
    const first = BigInt(edges[low]);
    if (BigInt(edges[high + 1]) - first === 1n) return `${name} == ${from}`;
    return rangeText(name, from, to, false);
  }
  return rangeText(name, from, to, isLast);
}

/** Which values a bin holds, for people. @param {ColumnInfo} info @param {string[]} edges @param {number} at */
export function binText(info, edges, at) {
  if (isWhole(info) && BigInt(edges[at + 1]) - BigInt(edges[at]) === 1n) return edgeText(edges[at], info);
  return `${edgeText(edges[at], info)} to ${edgeText(edges[at + 1], info)}`;
}

/**
 * The condition that a value makes; null where it has no literal.
 * @param {ColumnInfo} info @param {any} value @param {boolean} not
 * @returns {string | null}
 */
export function valueCondition(info, value, not) {
  const name = nameText(info.name);
  if (value === null) return `${name} is ${not ? "not " : ""}null`;
  const is = not ? "!=" : "==";
  const { kind } = info;
  if (value?.digest) return `${name} ${is} digest("${value.digest}")`;
  if (typeof value === "object") return null;
  if (kind === "number" && value === "NaN") return not ? `not is_nan(${name})` : `is_nan(${name})`;
  if (kind === "number" && /Infinity/.test(String(value))) return `${name} ${is} float("${value === "Infinity" ? "inf" : "-inf"}")`;
  if (kind === "decimal") return `${name} ${is} decimal("${value}")`;
  if (["number", "integer", "boolean", "link", "classes"].includes(kind)) return `${name} ${is} ${number(value)}`;
  if (kind === "string") return `${name} ${is} ${stringText(value)}`;
  if (kind === "date" || kind === "timestamp" || kind === "time") return `${name} ${is} ${kind}("${value}")`;
  return null;
}

/** @param {unknown} value */
function number(value) {
  const text = String(value);
  return typeof value === "number" && /^-?\d+e/.test(text) ? text.replace("e", ".0e") : text;
}
