// Histograms as SVG: one path for all bars, told in words for who cannot see them.
import { count, edge } from "./numbers.js";
import { svg } from "./dom.js";

/**
 * @typedef {{edges: string[], counts: number[]}} Bins
 */

/**
 * The outline of all bars in a box 100 wide and 100 high.
 * @param {number[]} counts @param {number} most
 */
export function barsPath(counts, most) {
  const width = 100 / counts.length;
  const gap = Math.min(width * 0.12, 0.6);
  let path = "";
  counts.forEach((found, i) => {
    if (!found) return;
    const high = Math.max(2, (100 * found) / most);
    const left = i * width + gap / 2;
    path += `M${left.toFixed(2)} 100V${(100 - high).toFixed(2)}H${(left + width - gap).toFixed(2)}V100Z`;
  });
  return path;
}

/** In words: the range and where most lie. @param {Bins} bins */
export function spoken(bins) {
  const { edges, counts } = bins;
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (!total) return "no values";
  const at = counts.indexOf(Math.max(...counts));
  return `histogram of ${count(total)} values from ${edge(edges[0])} to ${edge(edges[edges.length - 1])}, most (${count(counts[at])}) from ${edge(edges[at])} to ${edge(edges[at + 1])}`;
}

/**
 * A small histogram for a cell; several sides are drawn over each other.
 * @param {Bins[]} sides
 * @returns {SVGElement}
 */
export function histogramNode(sides) {
  const root = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": sides.map(spoken).join("; ") });
  const most = Math.max(1, ...sides.flatMap((bins) => bins.counts));
  sides.forEach((bins, i) => {
    root.append(svg("path", { d: barsPath(bins.counts, most), class: sides.length > 1 ? `bar side-${i}` : "bar" }));
  });
  root.append(svg("line", { x1: 0, x2: 100, y1: 100, y2: 100, stroke: "var(--line)", "stroke-width": 1, "vector-effect": "non-scaling-stroke" }));
  return root;
}
