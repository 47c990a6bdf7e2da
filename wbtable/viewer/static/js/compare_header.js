// The head of a column that several sides have: how many rows it changed in, and each side's numbers over the same bins.
import { pairBars } from "./compare_bars.js";
import { MARKS, changedText } from "./compare_model.js";
import { el } from "./dom.js";
import { nameText } from "./expression.js";
import { binText, binsCondition, edgeText, hasRanges } from "./literals.js";
import { count, share, short } from "./numbers.js";
import { filteredAlso } from "./spec.js";
import * as state from "./state.js";

/** The summary that a column's head shows: one for each side, where it has several. @param {Map<string, any>} summaries @param {any} column */
export function summaryOf(summaries, column) {
  return column.info.pair ? column.info.pair.map((/** @type {any} */ one) => summaries.get(one.name)) : summaries.get(column.name);
}

/** The signs of the sides that have a column. @param {any} info @returns {HTMLElement[]} */
export function sideMarks(info) {
  const sides = info.pair ? info.pair.map((/** @type {any} */ one) => one.side) : typeof info.side === "number" ? [info.side] : [];
  return sides.map((/** @type {number} */ side) => {
    const made = el("span", `mark mark-${side}`, MARKS[side]);
    made.setAttribute("aria-hidden", "true");
    return made;
  });
}

/** What is said of a column that stands on one side only. @param {any} info @returns {string[]} */
export function sideFacts(info) {
  if (typeof info.side !== "number" || info.pair) return [];
  return ["added", "removed"].includes(info.change?.status) ? [`only on side ${info.side}`] : [];
}

/** @param {any} info */
function changeText(info) {
  const { change } = info;
  if (change?.status === "retyped") return `retyped: ${change.types.join(" → ")}`;
  if (!change || change.changed === null) return "";
  return change.changed ? `${count(change.changed)} changed` : "equal";
}

/** @param {any} column @param {any[]} summaries @returns {Node[]} */
export function pairHead(column, summaries) {
  const { info } = column;
  const line = el("div", "hfacts");
  const text = changeText(info);
  line.append(`${[info.kind === "number" ? info.type : info.kind, info.role === "row" && !text && summaries[0] ? `${short(Math.max(...summaries.map((one) => one?.count ?? 0)))} values` : ""].filter(Boolean).join(" · ")}${text ? " · " : ""}`);
  if (text && info.change?.changed && info.role === "row") {
    const button = el("button", "changed-of", text);
    button.tabIndex = -1;
    button.title = `Only rows in which ${info.base} differs`;
    button.addEventListener("click", (event) => (event.stopPropagation(), onlyChanged(column)));
    line.append(button);
  } else if (text) line.append(el("span", info.change?.status === "retyped" ? "retyped" : "", text));
  if (info.role !== "row" || !summaries.every(Boolean)) return [line];
  const shapes = summaries.map((one) => one.histogram);
  if (shapes.every(Boolean) && shapes.every((one) => String(one.edges) === String(shapes[0].edges))) return [line, histogram(column, summaries), extent(info, summaries)];
  const box = el("div", "htop");
  if (summaries.every((one) => one.top?.length && one.top[0].count > 1)) box.append(...tops(column, summaries));
  return [line, box];
}

/** Only rows in which a column differs. @param {any} column */
export function onlyChanged(column) {
  state.apply(filteredAlso(state.spec.value, changedText(column)), { say: `Only rows in which ${column.info.base} differs` });
}

/** @param {any} column @param {any[]} summaries */
function histogram(column, summaries) {
  const { pair } = column.info;
  const box = el("div", "hsummary");
  const { edges } = summaries[0].histogram;
  const sides = pair.map((/** @type {any} */ one) => one.side);
  box.append(pairBars(summaries.map((one) => one.histogram), sides, {
    title: (at) => [binText(pair[0], edges, at), ...summaries.map((one, i) => `${MARKS[sides[i]]} ${count(one.histogram.counts[at])}`), ...(hasRanges(pair[0]) ? ["Click: these rows alone"] : [])].join("\n"),
    chosen: hasRanges(pair[0]) ? (at, i) => {
      const condition = binsCondition(pair[i], edges, at, at);
      if (condition) state.apply(filteredAlso(state.spec.value, condition));
    } : undefined,
  }));
  return box;
}

/** The least and the greatest value of all sides. @param {any} info @param {any[]} summaries */
function extent(info, summaries) {
  const box = el("div", "hextent");
  if (summaries.every((one) => one.count === one.nulls)) return box;
  const ends = (/** @type {string} */ name, /** @type {number} */ at) => summaries.map((one) => String(one[`finite_${name}`] ?? one[name] ?? one.histogram.edges.at(at)));
  const furthest = (/** @type {string[]} */ texts, /** @type {number} */ sign) => texts.reduce((a, b) => (sign * Number(b) > sign * Number(a) ? b : a));
  const [low, high] = [ends("least", 0), ends("greatest", -1)];
  box.append(el("span", "", edgeText(furthest(low, -1), info)), el("span", "", edgeText(furthest(high, 1), info)));
  return box;
}

/** The most frequent values of each side. @param {any} column @param {any[]} summaries */
function tops(column, summaries) {
  return summaries.slice(0, 3).map((one, i) => {
    const side = column.info.pair[i].side;
    const line = el("div", "top-line");
    const bar = el("i");
    bar.style.width = `${(100 * one.top[0].count) / Math.max(1, one.count)}%`;
    const text = el("span", "", `${MARKS[side]} ${one.top[0].value === "" ? "(empty)" : one.top[0].value}`);
    text.dir = "auto";
    line.title = `${side}.${nameText(column.info.base)}: the most frequent value`;
    line.append(bar, text, el("span", "", share(one.top[0].count, one.sampled || one.count)));
    return line;
  });
}
