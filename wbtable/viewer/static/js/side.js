// Tables side by side: one grid each, in tandem or on their own, that scroll together or freely.
import { MARKS, placeName } from "./compare_model.js";
import * as compare from "./compare_state.js";
import { GridHost } from "./grid_host.js";
import { HeatMap, isMapped } from "./heatmap.js";
import { count } from "./numbers.js";
import { SideModel } from "./side_model.js";
import * as state from "./state.js";
import { html, useEffect, useMemo, useRef } from "../vendor/preact.js";

/** @param {{filterRef: any, gridRef: any}} props */
export function Sides({ filterRef, gridRef }) {
  const tables = compare.tables();
  const grids = useRef(/** @type {any[]} */ ([]));
  const leader = useRef(-1);
  const { free, stacked, side: active } = state.beside.value;
  const now = Math.min(active, tables.length - 1);
  useEffect(() => {
    if (active >= tables.length) state.setBeside({ side: 0 });
    gridRef.current = grids.current[now]?.current ?? null;
  }, [now, tables.length]);
  // The one that is scrolled leads; the others follow, and are not taken for leaders for it.
  const scrolled = (/** @type {number} */ side) => {
    if (state.beside.peek().free || leader.current !== side) return;
    const from = grids.current[side]?.current;
    for (const [other, ref] of grids.current.entries()) {
      const grid = ref?.current;
      if (other === side || !grid || !from || other >= tables.length) continue;
      grid.goTo(from.scrolling.top);
      grid.host.scrollLeft = from.host.scrollLeft;
      grid.draw();
    }
  };
  return html`<div class=${`sides-stage${stacked ? " is-stacked" : ""}${free ? " is-free" : ""}`}>${tables.map((place, side) => {
    grids.current[side] ??= { current: null };
    return html`<${Side} key=${`${side}/${tables.length}`} side=${side} name=${placeName(place, tables, state.opened.value?.opened)} gridRef=${grids.current[side]} filterRef=${filterRef}
      leads=${() => (leader.current = side)} scrolled=${() => scrolled(side)} activated=${() => (gridRef.current = grids.current[side].current)} />`;
  })}</div>`;
}

/** @param {{side: number, name: string, gridRef: any, filterRef: any, leads: () => void, scrolled: () => void, activated: () => void}} props */
function Side({ side, name, gridRef, filterRef, leads, scrolled, activated }) {
  const model = useMemo(() => new SideModel(side), [side]);
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const stop = model.watch();
    const grid = gridRef.current.host;
    // The grid itself scrolls first: what follows stands where it stands then.
    grid.addEventListener("scroll", scrolled, { passive: true });
    return () => (stop(), grid.removeEventListener("scroll", scrolled));
  }, [model]);
  const isActive = model.isActive.value;
  const rows = model.rows.value;
  const isMap = !model.problem.value && model.info.value?.grouped && isMapped(model.spec.value);
  const noun = model.grouped.value ? "groups" : "rows";
  const take = () => {
    leads();
    model.activate();
    activated();
  };
  return html`<section class=${`side-pane side-${side}${isActive ? " is-active" : ""}`} aria-label=${`Side ${side}: ${name}`} ref=${root} onFocusIn=${take} onPointerEnter=${leads} onWheelCapture=${leads} onPointerDownCapture=${take}>
    <header class="pane-head"><span class=${`mark mark-${side}`} aria-hidden="true">${MARKS[side]}</span><b>${side}</b><span class="side-name" dir="auto">${name}</span><span class="gap"></span>
      <span class="note" data-rows=${rows ?? ""}>${rows === null ? "counting…" : `${count(rows)} ${rows === 1 ? noun.slice(0, -1) : noun}${model.spec.value.filter && !model.grouped.value ? ` of ${count(model.total.value)}` : ""}`}</span></header>
    <div class="pane-grid"><${GridHost} filterRef=${filterRef} gridRef=${gridRef} model=${model} label=${`Rows of side ${side}, ${name}`} />${isMap ? html`<${HeatMap} model=${model} side=${side} />` : null}</div></section>`;
}
