// The head of a column: name, type, nulls, distinct values and the shape of what is in it; click or drag filters.
import { pairHead, sideFacts, sideMarks } from "./compare_header.js";
import { el, svg } from "./dom.js";
import { nameText, stringText } from "./expression.js";
import { barsPath, spoken } from "./histogram.js";
import { binsCondition, binText, edgeText, hasRanges } from "./literals.js";
import { count, share, short } from "./numbers.js";
import { filteredAlso } from "./spec.js";
import * as state from "./state.js";

/**
 * @param {any} column as laid out @param {any} summary undefined while it is not here
 * @param {{order: "asc" | "desc", at: number} | null} sort @param {boolean} several
 */
export function headCell(column, summary, sort, several) {
  const { info } = column;
  const cell = el("div", "hcell");
  cell.setAttribute("role", "columnheader");
  cell.setAttribute("aria-sort", sort ? (sort.order === "asc" ? "ascending" : "descending") : "none");
  const line = el("div", "hname");
  const name = el("button", "name");
  name.tabIndex = -1;
  const label = el("span", "", column.label ?? (info.name === "" ? "(no name)" : info.name));
  label.dir = "auto";
  name.append(...sideMarks(info));
  name.append(label);
  name.title = `${info.name}: ${info.type}\nClick: settings. Drag: move.`;
  const sorter = el("button", `sorter${sort ? " is-on" : ""}`, sort ? (sort.order === "asc" ? "↑" : "↓") + (several ? String(sort.at + 1) : "") : "↕");
  sorter.tabIndex = -1;
  sorter.title = `${sort ? (sort.order === "asc" ? "Sort descending" : "Sort no more") : "Sort ascending"} (S)\nShift: as a further key`;
  sorter.setAttribute("aria-label", `Sort by ${info.name}`);
  const more = el("button", "more", "⋯");
  more.tabIndex = -1;
  more.setAttribute("aria-label", `Menu of ${info.name}`);
  more.setAttribute("aria-haspopup", "menu");
  more.setAttribute("aria-expanded", "false");
  line.append(name, ...(info.role === "group" ? [] : [sorter]), more);
  cell.append(line);
  if (info.pair) cell.append(...pairHead(column, summary));
  else {
    const about = el("div", "hfacts", [...sideFacts(info), facts(info, summary)].join(" · "));
    about.title = about.textContent ?? "";
    cell.append(about);
    if (summary) cell.append(...shape(info, summary));
  }
  const resize = el("div", "resize");
  resize.setAttribute("aria-hidden", "true");
  cell.append(resize);
  return cell;
}

/** @param {any} info @param {any} summary */
function facts(info, summary) {
  const parts = [info.kind === "number" || info.kind === "timestamp" || info.kind === "list" ? info.type : info.kind];
  if (info.derived) parts[0] = `ƒ ${parts[0]}`;
  if (!summary) return parts[0];
  if (summary.nulls) parts.push(`${share(summary.nulls, summary.count)} null`);
  if (summary.nan) parts.push(`${short(summary.nan)} NaN`);
  const distinct = typeof summary.distinct === "object" && summary.distinct ? summary.distinct : { count: summary.distinct, exact: summary.distinct_exact };
  if (typeof distinct.count === "number" && summary.count > summary.nulls) parts.push(`${distinct.exact ? "" : "≈"}${short(Math.min(distinct.count, summary.count - summary.nulls))} distinct`);
  return parts.join(" · ");
}

/** @param {any} info @param {any} summary @returns {Node[]} */
function shape(info, summary) {
  if (info.role !== "row") return [];
  if (summary.histogram) return [histogram(info, summary), extent(info, summary)];
  if (summary.top?.length) {
    const distinct = typeof summary.distinct === "object" ? summary.distinct?.count : summary.distinct;
    const box = el("div", "htop");
    const most = summary.top[0].count;
    if (summary.top.length > 1 || most > 1 || distinct === 1)
      for (const top of summary.top.slice(0, 3)) box.append(topLine(info, summary, top, most));
    return [box];
  }
  return [];
}

/** @param {any} info @param {any} summary @param {any} top @param {number} most */
function topLine(info, summary, top, most) {
  const line = el("button", "top-line");
  line.tabIndex = -1;
  const isCut = Boolean(top.was_cut ?? top.cut);
  const bar = el("i");
  bar.style.width = `${(100 * top.count) / most}%`;
  const text = el("span", "", top.value === "" ? "(empty)" : isCut ? `${top.value}…` : top.value);
  text.dir = "auto";
  line.append(bar, text, el("span", "", `${summary.approximate || summary.sampled < summary.count ? "≈" : ""}${share(top.count, summary.sampled || summary.count)}`));
  if (isCut) {
    line.title = "The beginning of a longer text: filter for a part of it with contains.";
    return line;
  }
  line.title = `Only rows with this value`;
  line.addEventListener("click", (event) => {
    event.stopPropagation();
    const literal = info.kind === "string" ? stringText(top.value) : top.value;
    state.apply(filteredAlso(state.spec.value, `${nameText(info.name)} == ${literal}`));
  });
  return line;
}

/** @param {any} info @param {any} summary */
function extent(info, summary) {
  const { edges } = summary.histogram;
  const box = el("div", "hextent");
  // Without a value the bins still stand where all rows have them; nothing lies at their ends.
  if (summary.count === summary.nulls) return box;
  box.append(el("span", "", edgeText(summary.finite_least ?? summary.least ?? edges[0], info)), el("span", "", edgeText(summary.finite_greatest ?? summary.greatest ?? edges.at(-1), info)));
  return box;
}

/** @param {any} info @param {any} summary */
function histogram(info, summary) {
  const { edges, counts } = summary.histogram;
  const box = el("div", "hsummary");
  const root = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": spoken(summary.histogram) });
  const most = Math.max(1, ...counts);
  root.append(svg("path", { d: barsPath(counts, most), class: "bar" }));
  const hot = svg("path", { d: "", class: "bar hot" });
  const brush = svg("rect", { x: 0, y: 0, width: 0, height: 100, class: "brush" });
  root.append(svg("rect", { x: 0, y: 0, width: 100, height: 100, class: "bar-bg" }), hot, brush);
  /** @param {PointerEvent} event */
  const binAt = (event) => {
    const found = root.getBoundingClientRect();
    return Math.max(0, Math.min(counts.length - 1, Math.floor(((event.clientX - found.left) / found.width) * counts.length)));
  };
  let from = -1;
  root.addEventListener("pointermove", (event) => {
    const at = binAt(event);
    const [low_, high_] = from >= 0 ? [Math.min(from, at), Math.max(from, at)] : [at, at];
    const number = counts.slice(low_, high_ + 1).reduce((/** @type {number} */ sum, /** @type {number} */ n) => sum + n, 0);
    box.title = `${low_ === high_ ? binText(info, edges, at) : `${edgeText(edges[low_], info)} to ${edgeText(edges[high_ + 1], info)}`}: ${count(number)}\nClick or drag: these rows alone`;
    const only = counts.map((/** @type {number} */ n, /** @type {number} */ i) => (i === at ? n : 0));
    hot.setAttribute("d", barsPath(only, most));
    if (from >= 0) {
      const [low, high] = [Math.min(from, at), Math.max(from, at)];
      brush.setAttribute("x", String((100 * low) / counts.length));
      brush.setAttribute("width", String((100 * (high - low + 1)) / counts.length));
    }
  });
  root.addEventListener("pointerleave", () => {
    if (from < 0) hot.setAttribute("d", "");
  });
  if (!hasRanges(info)) return (box.append(root), box);
  root.addEventListener("pointerdown", (event) => {
    from = binAt(event);
    root.setPointerCapture(event.pointerId);
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("pointerup", (event) => {
    if (from < 0) return;
    const [low, high] = [Math.min(from, binAt(event)), Math.max(from, binAt(event))];
    from = -1;
    const condition = binsCondition(info, edges, low, high);
    if (condition) state.apply(filteredAlso(state.spec.value, condition));
  });
  box.append(root);
  return box;
}
