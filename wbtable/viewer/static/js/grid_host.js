// The grid in the page: what it shows of the view, and what it does to it.
import * as actions from "./actions.js";
import { ask } from "./asks.js";
import { sameColumns } from "./carried.js";
import { namesOf, valueIn } from "./compare_model.js";
import { Grid } from "./grid.js";
import { WIDE } from "./grid_widths.js";
import { drawPage } from "./group_pages.js";
import { canShow } from "./lightbox_can.js";
import { show } from "./lightbox_state.js";
import { drawMedia } from "./media.js";
import { Pinned } from "./pinned.js";
import * as state from "./state.js";
import { GridState } from "./states.js";
import * as steps from "./steps.js";
import { Summaries } from "./summaries.js";
import { Windows } from "./windows.js";
import { effect, html, signal, useEffect, useRef } from "../vendor/preact.js";

const HEIGHTS = /** @type {Record<string, number>} */ ({ s: 28, m: 56, l: 128, xl: 256 });
const HEAD = 102;
const GROUPED_HEAD = 46;
/** In a low window, as zoom makes one, rows matter more than the shapes above them. */
const low = matchMedia("(max-height: 520px)");
const isLow = signal(low.matches);
low.addEventListener("change", () => (isLow.value = low.matches));
/** How wide the window is, as far as columns depend on it. */
const windowWidth = signal(Math.max(WIDE, innerWidth));
addEventListener("resize", () => (windowWidth.value = Math.max(WIDE, innerWidth)));
/** Rows, and groups, that are asked for at once, and before it is known how many there are. */
const EARLY = 100;
const GROUPS = 20;

/** The height of rows: as chosen, else by what is in them. @param {any} model */
function rowHeight(model) {
  if (state.height.value) return HEIGHTS[state.height.value] * (model.grouped.value && state.height.value === "s" ? 1.5 : 1);
  if (model.grouped.value && isLow.value) return HEIGHTS.m;
  if (model.grouped.value) return model.laid.value.some((/** @type {any} */ column) => column.info?.pair) ? 112 : 84;
  return HEIGHTS[model.usualHeight.value];
}

/**
 * Hooks of a grid among several: what is done in one is done to it.
 * @param {any} hooks @param {any} model
 */
function activating(hooks, model) {
  if (!model.activate) return hooks;
  const passive = new Set(["showed", "media", "page"]);
  return Object.fromEntries(Object.entries(hooks).map(([name, run]) => [name, passive.has(name) ? run : (/** @type {any[]} */ ...given) => (model.activate(), run(...given))]));
}

/** @param {{filterRef: any, gridRef: any, model?: any, label?: string}} props model: what the grid shows, if not all that the page shows */
export function GridHost({ filterRef, gridRef, model = state, label = "Rows" }) {
  const host = useRef(/** @type {any} */ (null));
  useEffect(() => {
    /** @type {Windows | null} */
    let windows = null;
    /** @type {any} */
    let before = {};
    /** @type {string | null | undefined} */
    let digest = null;
    let shown = -1;
    let seen = { first: 0, end: 0 };
    let telling = 0;
    // Which rows show is said ten times a second: nobody reads faster, and each time costs a part of a frame.
    const tell = () => {
      telling = 0;
      const { first, end } = model.visibleRange.peek();
      if (first === seen.first && end === seen.end) return;
      model.visibleRange.value = { first: seen.first, end: seen.end };
      telling = window.setTimeout(tell, 100);
    };
    const read = (/** @type {number} */ row, /** @type {any} */ column) => valueIn((name) => windows?.get(row, name), column);
    const open = (/** @type {any} */ column, /** @type {number} */ row) => (/** @type {any} */ media, /** @type {any[]} */ values) =>
      show({ media, values, column, row, rows: model.rows.peek() ?? 0, model });
    const refocus = () => requestAnimationFrame(() => grid.focusCell());
    const grid = (gridRef.current = new Grid(host.current, activating({
      showed: (/** @type {any} */ range) => {
        seen = range;
        if (!telling) tell();
        summaries.need(range.columns);
        pinned.need(range.columns);
      },
      moved: (/** @type {number} */ row) => {
        if (state.panel.peek()?.kind === "detail" && row >= 0) state.panel.value = { kind: "detail", row };
      },
      media: (/** @type {any} */ cell, /** @type {any[]} */ values, /** @type {any} */ column, /** @type {number} */ row, /** @type {number} */ high) =>
        drawMedia(cell, values, column, high, open(column, row), row),
      page: (/** @type {any} */ cell, /** @type {any} */ found, /** @type {any} */ column, /** @type {number} */ row, /** @type {number} */ high) =>
        drawPage(cell, found, column, row, high, open(column, row), model),
      sort: actions.sort,
      descending: actions.descending,
      group: (/** @type {any} */ column) => (actions.group(column), refocus()),
      columnMenu: actions.columnMenu,
      cellMenu: (/** @type {number} */ row, /** @type {any} */ column, /** @type {any} */ at) => actions.cellMenu(row, column, at, read(row, column)),
      detail: (/** @type {number} */ row) => (state.panel.value = { kind: "detail", row }),
      play: (/** @type {number} */ row, /** @type {any} */ column, /** @type {HTMLElement} */ cell) => {
        const button = /** @type {HTMLElement | null} */ (cell.querySelector("button, a"));
        const value = button ? null : read(row, column);
        if (button) button.click();
        else if (row >= 0 && canShow(value, column.info)) open(column, row)(value, [value]);
      },
      expand: (/** @type {number} */ row) => (model.grouped.value ? void actions.expand(row) : (state.panel.value = { kind: "detail", row })),
      bar: (/** @type {number} */ row, /** @type {any} */ column, /** @type {number} */ index) => actions.bar(row, column, index, read(row, column)),
      copy: (/** @type {number} */ row, /** @type {any} */ column) => actions.copy(row, column, row < 0 ? null : read(row, column)),
      select: (/** @type {any} */ range) => (state.selected.value = range),
      shift: (/** @type {any} */ column, /** @type {number} */ by) => {
        actions.shift(column, by);
        grid.active.column = Math.max(0, Math.min(grid.columns.length - 1, grid.active.column + by));
        refocus();
      },
      dropped: (/** @type {any} */ column, /** @type {any} */ to) => actions.move(column.name, to.name),
      setWidth: (/** @type {any} */ column, /** @type {number} */ width, /** @type {boolean} */ all) => (all ? actions.setWidths(width) : actions.set(column, { width })),
      widen: (/** @type {any} */ column, /** @type {number} */ by) => (actions.set(column, { width: Math.max(48, column.width + by) }), refocus()),
      insert: actions.insert,
      settings: actions.settings,
      values: actions.values,
      hide: (/** @type {any} */ column) => (actions.hide(column), refocus()),
      pinColumn: (/** @type {any} */ column) => (actions.pinColumn(column), refocus()),
      pinRow: (/** @type {number} */ row) => void actions.pinRow(row),
      unpin: actions.unpin,
    }, model)));
    const summaries = new Summaries((found) => grid.setSummaries(found), model);
    const pinned = new Pinned((rows) => grid.setPinned(rows), model);
    steps.placedBy(() => ({ top: grid.scrolling.top, left: grid.host.scrollLeft, ...grid.active }));
    const early = () => {
      // How many rows match may take long to count: the first are shown as soon as they are there.
      const first = model.rows.peek() === null ? windows?.blocks.get(0)?.columns.values().next().value : null;
      if (first && first.length && grid.rows === 0) update(null);
      else grid.draw();
    };
    /** How groups show columns of their rows: another way, or page, is another question. @type {Map<string, string>} */
    let ways = new Map();
    const asOtherwise = () => {
      const now = new Map(model.laid.value.filter((column) => column.info?.role === "group").map((column) => [column.name, `${column.display ?? ""} ${column.settings?.size ?? ""}`]));
      for (const [name, way] of now) if (ways.has(name) && ways.get(name) !== way) windows?.forget(name);
      ways = now;
    };
    const update = (/** @type {number | null} */ top) => {
      const known = model.rows.value;
      const first = windows?.blocks.get(0)?.columns.values().next().value;
      const rows = known ?? first?.length ?? 0;
      const few = Math.min(model.grouped.value ? GROUPS : EARLY, model.total.value);
      if (windows) windows.rows = known ?? few;
      grid.update({ laid: model.laid.value, rows, rowHeight: rowHeight(model), headHeight: model.grouped.value || isLow.value ? GROUPED_HEAD : HEAD, windows, spec: model.spec.value, top });
      if (known === null && windows && !model.problem.value) windows.need(0, few, namesOf(grid.visibleColumns()));
    };
    const stop = effect(() => {
      const generation = model.generation.value;
      // What is known is of other rows: what these have is on its way.
      if (model.info.value && model.info.value.of !== JSON.stringify(model.asked().source)) return;
      let top = null;
      if (generation !== shown || !windows) {
        const now = model.asked();
        // Other rows may stand in the place of those before: a file was written anew, a run went on.
        const same = windows && digest === model.info.value?.digest ? sameColumns(before, now) : null;
        const size = model.grouped.value ? GROUPS : EARLY;
        const next = new Windows({ ask: (offset, number, names, signal) => ask(offset, number, names, signal, model, now), size, changed: early, failed: model.failed, busy: (flying) => {
          const { number, since } = model.reading.peek();
          model.reading.value = { number: flying, since: number && flying ? since : performance.now() };
        } });
        if (same && windows) next.carry(windows, same);
        windows?.close();
        windows = next;
        shown = generation;
        before = now;
        digest = model.info.value?.digest;
        const place = steps.restore.peek();
        steps.restore.value = null;
        top = same ? null : place?.top ?? 0;
        if (place) grid.active = { row: place.row, column: place.column };
        if (place) requestAnimationFrame(() => (grid.host.scrollLeft = place.left));
      }
      asOtherwise();
      void windowWidth.value;
      update(top);
    });
    const stopBreaking = effect(() => void host.current.classList.toggle("has-problem", Boolean(model.problem.value)));
    const stopSelecting = effect(() => grid.setSelected(!model.isActive || model.isActive.value ? state.selected.value : null));
    const stopPinning = effect(() => {
      void state.pins.value;
      grid.draw();
    });
    const stopRecovering = effect(() => {
      void model.generation.value;
      if (state.online.value) queueMicrotask(() => summaries.again());
    });
    const stopGoing = effect(() => {
      const to = !model.isActive || model.isActive.value ? state.goColumn.value : null;
      // The column may be on its way: it is gone to once the server has said what it is.
      if (!to || !model.names.value.includes(to.name)) return;
      requestAnimationFrame(() => {
        const column = grid.columns.find((other) => other.name === to.name);
        if (!column || state.goColumn.peek() !== to) return;
        state.goColumn.value = null;
        grid.active = { row: to.focus ? -1 : grid.active.row, column: column.index };
        if (to.focus) grid.focusCell();
        else grid.reveal(true);
        grid.draw();
      });
    });
    let stops = model.stops.peek();
    const stopStopping = effect(() => {
      if (model.stops.value !== stops) windows?.stop();
      stops = model.stops.value;
    });
    return () => (stop(), stopSelecting(), stopRecovering(), stopGoing(), stopPinning(), stopStopping(), stopBreaking(), clearTimeout(telling), windows?.close());
  }, []);
  return html`<div class="grid" ref=${host} tabindex="0" aria-label=${label} aria-busy=${model.asking.value > 0 ? "true" : "false"}
    onFocus=${(/** @type {FocusEvent} */ event) => event.target === event.currentTarget && !gridRef.current?.host.classList.contains("mouse") && gridRef.current?.focusCell()}></div>
    <${GridState} filterRef=${filterRef} model=${model} />`;
}
