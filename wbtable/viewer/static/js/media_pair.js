// Two pictures: beside each other, one under a line that moves over the other, or their difference.
import { el } from "./dom.js";
import { Stage } from "./media_stage.js";

export const PAIRS = /** @type {const} */ ([["beside", "Side by side"], ["slider", "Slider"], ["difference", "Difference"]]);

/**
 * @param {{media: any, column: any, name: string}} first @param {{media: any, column: any, name: string}} second
 * @param {"beside" | "slider" | "difference"} mode @param {import("./media_link.js").Linked<any>} zoom @param {(text: string) => void} said
 * @returns {{node: HTMLElement, stages: Stage[]}}
 */
export function pairNode(first, second, mode, zoom, said) {
  const stages = [first, second].map((side) => new Stage(side.media, side.column, { zoom, name: side.name, said: (text) => said(text && `${side.name}: ${text}`) }));
  const box = el("div", `pair-stage is-${mode}`);
  const sides = stages.map((stage, i) => {
    const side = el("div", `pair-side side-${i}`);
    side.append(stage.node);
    return side;
  });
  const names = [first, second].map((side, i) => el("span", `pair-name of-${i} mark-${i}`, `${i ? "◆" : "●"} ${side.name}`));
  box.append(...sides, ...names);
  if (mode !== "slider") return { node: box, stages };
  const handle = el("div", "pair-handle");
  handle.tabIndex = 0;
  for (const [name, value] of Object.entries({ role: "slider", "aria-label": `How much of ${first.name} shows`, "aria-valuemin": "0", "aria-valuemax": "100" })) handle.setAttribute(name, value);
  let share = 50;
  const draw = () => {
    box.style.setProperty("--share", `${share}%`);
    handle.setAttribute("aria-valuenow", String(Math.round(share)));
  };
  const to = (/** @type {number} */ value) => ((share = Math.max(0, Math.min(100, value))), draw());
  const at = (/** @type {PointerEvent} */ event) => {
    const area = box.getBoundingClientRect();
    to((100 * (event.clientX - area.left)) / area.width);
  };
  handle.addEventListener("pointerdown", (event) => (event.preventDefault(), handle.setPointerCapture(event.pointerId), handle.focus()));
  handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && at(event));
  handle.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 2;
    const value = { ArrowLeft: share - step, ArrowDown: share - step, ArrowRight: share + step, ArrowUp: share + step, Home: 0, End: 100, PageUp: share + 10, PageDown: share - 10 }[event.key];
    if (value === undefined || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    to(value);
  });
  draw();
  box.append(handle);
  return { node: box, stages };
}
