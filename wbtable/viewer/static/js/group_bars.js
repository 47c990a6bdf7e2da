// What a group shows of a column of its rows: bars that lead to their rows.
import { valueText } from "./cells.js";
import { el, svg } from "./dom.js";
import { barsPath, spoken } from "./histogram.js";
import { binsCondition, binText, valueCondition } from "./literals.js";
import { count } from "./numbers.js";

/** @param {any} found a cell of a group @param {any} column @returns {{text: string, number: number, condition: string | null, index: number}[]} */
export function barsOf(found, column) {
  const { info } = column;
  if (found?.bars === "histogram") {
    return found.counts.flatMap((/** @type {number} */ n, /** @type {number} */ i) =>
      n ? [{ text: binText(info, found.edges, i), number: n, condition: binsCondition(info, found.edges, i, i), index: i }] : []);
  }
  if (found?.bars === "top") {
    return found.values.map(([value, n], /** @type {number} */ i) => ({ text: valueText(value, info.kind) || "(empty)", number: n, condition: valueCondition(info, value, false), index: i }));
  }
  return [];
}

/** The bar that was clicked; null where there is none. @param {MouseEvent} event @returns {number | null} */
export function barAt(event) {
  const target = /** @type {Element} */ (event.target);
  const line = target.closest("[data-bar]");
  if (line) return Number(line.getAttribute("data-bar"));
  const root = target.closest("svg[data-counts]");
  if (!root) return null;
  const counts = JSON.parse(root.getAttribute("data-counts") ?? "[]");
  const at = binUnder(root, event.clientX, counts.length);
  return counts[at] ? at : null;
}

/** @param {Element} root @param {number} x @param {number} bins */
export function binUnder(root, x, bins) {
  const box = root.getBoundingClientRect();
  return Math.max(0, Math.min(bins - 1, Math.floor(((x - box.left) / box.width) * bins)));
}

/** @param {HTMLElement} cell @param {any} found @param {any} column @param {{page: (cell: HTMLElement, found: any, column: any) => void}} how */
export function groupCell(cell, found, column, how) {
  cell.removeAttribute("title");
  if (found.bars === "histogram") histogram(cell, found, column);
  else if (found.bars === "top") top(cell, found, column);
  else how.page(cell, found, column);
}

/** @param {HTMLElement} cell @param {any} found @param {any} column */
function histogram(cell, found, column) {
  const odd = [found.nulls ? `${count(found.nulls)} null` : "", found.nan ? `${count(found.nan)} NaN` : "", found.infinities?.some(Boolean) ? `${count(found.infinities[0] + found.infinities[1])} infinite` : ""].filter(Boolean);
  if (!found.counts.some(Boolean)) {
    cell.append(el("span", "dim", odd.join(" · ") || "no values"));
    return;
  }
  const most = scaled(found.counts, column);
  const root = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": [spoken(found), ...odd].join("; "), "data-counts": JSON.stringify(found.counts) });
  const heights = most.map((n) => n);
  const highest = Math.max(...heights, 1e-9);
  root.append(svg("rect", { x: 0, y: 0, width: 100, height: 100, class: "bar-bg" }), svg("path", { d: barsPath(heights, highest), class: "bar" }));
  const hot = svg("path", { d: "", class: "bar hot" });
  root.append(hot, svg("line", { x1: 0, x2: 100, y1: 100, y2: 100, class: "base", "vector-effect": "non-scaling-stroke" }));
  root.addEventListener("pointermove", (event) => {
    const at = binUnder(root, event.clientX, heights.length);
    cell.title = [`${binText(column.info, found.edges, at)}: ${count(found.counts[at])} of ${count(found.counts.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0))}`, ...odd, found.counts[at] ? "Click: these rows" : ""].filter(Boolean).join("\n");
    hot.setAttribute("d", barsPath(heights.map((n, i) => (i === at ? n : 0)), highest));
  });
  root.addEventListener("pointerleave", () => hot.setAttribute("d", ""));
  cell.append(root);
}

/** @param {number[]} counts @param {any} column @returns {number[]} */
function scaled(counts, column) {
  return column.settings?.scale === "log" ? counts.map((n) => Math.log1p(n)) : counts;
}

/** @param {HTMLElement} cell @param {any} found @param {any} column */
function top(cell, found, column) {
  const room = Math.max(1, Math.floor(((cell.clientHeight || 68) - 8) / 16));
  const most = found.values[0]?.[1] ?? 1;
  const fits = Math.max(1, found.distinct <= room ? room : room - 1);
  found.values.slice(0, fits).forEach(([value, n], /** @type {number} */ i) => {
    const line = el("button", "top-line");
    line.tabIndex = -1;
    line.dataset.bar = String(i);
    line.title = `${valueText(value, column.info.kind)}: ${count(n)}\nClick: these rows`;
    const bar = el("i");
    bar.style.width = `${(100 * n) / most}%`;
    const text = el("span", "", valueText(value, column.info.kind) || "(empty)");
    text.dir = "auto";
    line.append(bar, text, el("span", "", count(n)));
    cell.append(line);
  });
  const rest = [found.distinct > fits ? `${count(found.distinct - fits)} more` : "", found.nulls ? `${count(found.nulls)} null` : ""].filter(Boolean);
  if (!found.values.length) cell.append(el("span", "dim", found.nulls ? "all null" : "no values"));
  else if (rest.length && room > 1) cell.append(el("div", "top-line dim", rest.join(" · ")));
}
