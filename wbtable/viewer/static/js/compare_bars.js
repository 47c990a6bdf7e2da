// Histograms of several sides over the same bins: bars beside each other, the first side's full, the others' outlined, so
// that they are told apart without colour.
import { svg } from "./dom.js";
import { spoken } from "./histogram.js";

/**
 * @param {{edges: string[], counts: number[]}[]} all @param {number[]} sides
 * @param {{title?: (at: number) => string, chosen?: (at: number, side: number) => void, log?: boolean}} [how]
 * @returns {SVGElement}
 */
export function pairBars(all, sides, how = {}) {
  const words = all.map((one, i) => `side ${sides[i]}: ${spoken(one)}`).join("; ");
  const root = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": words, class: "pair-bars" });
  const bins = all[0].counts.length;
  const height = (/** @type {number} */ n) => (how.log ? Math.log1p(n) : n);
  const most = Math.max(1e-9, ...all.flatMap((one) => one.counts.map(height)));
  const width = 100 / Math.max(1, bins);
  const gap = width * (bins > 30 ? 0.08 : 0.16);
  const part = (width - gap) / all.length;
  root.append(svg("rect", { x: 0, y: 0, width: 100, height: 100, class: "bar-bg" }));
  all.forEach((one, i) => {
    let path = "";
    one.counts.forEach((n, at) => {
      if (!n) return;
      const high = Math.max(2, (100 * height(n)) / most);
      const left = at * width + gap / 2 + i * part;
      path += `M${left.toFixed(2)} 100V${(100 - high).toFixed(2)}H${(left + part * 0.94).toFixed(2)}V100Z`;
    });
    root.append(svg("path", { d: path, class: `bar side-${sides[i]}`, "vector-effect": "non-scaling-stroke" }));
  });
  root.append(svg("line", { x1: 0, x2: 100, y1: 100, y2: 100, class: "base", "vector-effect": "non-scaling-stroke" }));
  const at = (/** @type {MouseEvent} */ event) => {
    const box = root.getBoundingClientRect();
    const x = Math.max(0, Math.min(0.9999, (event.clientX - box.left) / box.width)) * bins;
    const bin = Math.floor(x);
    // The bar under the pointer, or the other one if this side has none there.
    const under = Math.min(all.length - 1, Math.floor((x - bin) * all.length));
    return { bin, side: all[under].counts[bin] ? under : all.findIndex((one) => one.counts[bin]) };
  };
  if (how.title) root.addEventListener("pointermove", (event) => {
    const parent = root.parentElement;
    if (parent && how.title) parent.title = how.title(at(event).bin);
  });
  if (how.chosen) {
    root.classList.add("can-choose");
    root.addEventListener("click", (event) => {
      const { bin, side } = at(event);
      if (side < 0) return;
      event.stopPropagation();
      how.chosen?.(bin, side);
    });
  }
  return root;
}
