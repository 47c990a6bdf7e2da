// The grid in the page: what it shows of the view, and what it does to it.
import * as actions from "./actions.js";
import { post } from "./api.js";
import { ask } from "./asks.js";
import { el } from "./dom.js";
import { Grid } from "./grid.js";
import { lightbox } from "./lightbox.js";
import { drawMedia } from "./media.js";
import { toast } from "./menu.js";
import { count } from "./numbers.js";
import * as state from "./state.js";
import { GridState } from "./states.js";
import { Summaries } from "./summaries.js";
import { Windows } from "./windows.js";
import { effect, html, useEffect, useRef } from "../vendor/preact.js";

const HEIGHTS = /** @type {Record<string, number>} */ ({ s: 28, m: 56, l: 128, xl: 256 });

/** The height of rows: as chosen, else by what is in them. */
function rowHeight() {
  if (state.height.value) return HEIGHTS[state.height.value] * (state.grouped.value && state.height.value === "s" ? 1.5 : 1);
  if (state.grouped.value) return 84;
  return state.columns.value.some((column) => ["image", "video"].includes(column.kind)) ? HEIGHTS.m : HEIGHTS.s;
}

/** @param {{filterRef: any, gridRef: any}} props */
export function GridHost({ filterRef, gridRef }) {
  const host = useRef(/** @type {any} */ (null));
  useEffect(() => {
    /** @type {Windows | null} */
    let windows = null;
    let shown = -1;
    const read = (/** @type {number} */ row, /** @type {any} */ column) => windows?.get(row, column.name);
    const grid = (gridRef.current = new Grid(host.current, {
      showed: (/** @type {any} */ range) => {
        const last = state.visibleRange.peek();
        if (last.first !== range.first || last.end !== range.end) state.visibleRange.value = { first: range.first, end: range.end };
        summaries.need(range.columns);
      },
      moved: (/** @type {number} */ row) => {
        if (state.panel.peek()?.kind === "detail" && row >= 0) state.panel.value = { kind: "detail", row };
      },
      media: (/** @type {any} */ cell, /** @type {any[]} */ values, /** @type {any} */ column, /** @type {number} */ row, /** @type {number} */ high) =>
        drawMedia(cell, values, column, high, (media) => (lightbox.value = media)),
      page: drawPage,
      sort: actions.sort,
      group: actions.group,
      columnMenu: actions.columnMenu,
      cellMenu: (/** @type {number} */ row, /** @type {any} */ column, /** @type {any} */ at) => actions.cellMenu(row, column, at, read(row, column)),
      detail: (/** @type {number} */ row) => (state.panel.value = { kind: "detail", row }),
      play: (/** @type {number} */ _row, /** @type {any} */ _column, /** @type {HTMLElement} */ cell) => cell.querySelector("button")?.click(),
      expand: (/** @type {number} */ row) => (state.grouped.value ? void actions.expand(row) : (state.panel.value = { kind: "detail", row })),
      copy: (/** @type {number} */ row, /** @type {any} */ column) => actions.copy(row < 0 ? column.name : read(row, column), column),
      shift: (/** @type {any} */ column, /** @type {number} */ by) => {
        actions.shift(column, by);
        grid.active.column = Math.max(0, Math.min(grid.columns.length - 1, grid.active.column + by));
        requestAnimationFrame(() => grid.focusCell());
      },
      dropped: (/** @type {any} */ column, /** @type {any} */ to) => actions.move(column.name, to.name),
      setWidth: (/** @type {any} */ column, /** @type {number} */ width) => actions.set(column, { width }),
      widen: (/** @type {any} */ column, /** @type {number} */ by) => actions.set(column, { width: Math.max(48, column.width + by) }),
    }));
    const summaries = new Summaries((found) => grid.setSummaries(found));
    const stop = effect(() => {
      const generation = state.generation.value;
      const rows = state.rows.value ?? 0;
      const isFresh = generation !== shown;
      const high = rowHeight();
      const laid = state.laid.value;
      if (isFresh || !windows) {
        windows?.close();
        shown = generation;
        windows = new Windows({ ask, size: state.grouped.value ? 20 : 100, changed: () => grid.draw(), failed: state.failed });
      }
      windows.rows = rows;
      grid.update({ laid, rows, rowHeight: high, headHeight: state.grouped.value ? 46 : 102, windows, spec: state.spec.value, fresh: isFresh });
    });
    return () => (stop(), windows?.close());
  }, []);
  return html`<div class="grid" ref=${host} tabindex="0" aria-label="Rows" aria-busy=${state.asking.value > 0 ? "true" : "false"}
    onFocus=${(/** @type {FocusEvent} */ event) => event.target === event.currentTarget && !gridRef.current?.host.classList.contains("mouse") && gridRef.current?.focusCell()}></div>
    <${GridState} filterRef=${filterRef} />`;
}

/** Values of a group, some at once. */
function drawPage(/** @type {HTMLElement} */ cell, /** @type {any} */ found, /** @type {any} */ column, /** @type {number} */ row, /** @type {number} */ high) {
  const size = Number(column.settings?.size ?? 5);
  let page = 0;
  const draw = (/** @type {any} */ now) => {
    cell.textContent = "";
    const isMedia = ["image", "video", "audio", "html", "object3d", "molecule", "figure"].includes(column.info.kind);
    if (isMedia) {
      cell.classList.add("media");
      drawMedia(cell, now.values, column, Math.min(high, 52), (media) => (lightbox.value = media));
    } else cell.append(el("span", "t", now.values.map((/** @type {any} */ value) => (typeof value === "object" ? JSON.stringify(value) : String(value))).join(", ")));
    if (now.count > size) {
      const pager = el("span", "pager");
      const turn = (/** @type {number} */ by, /** @type {string} */ sign, /** @type {string} */ name) => {
        const button = /** @type {HTMLButtonElement} */ (el("button", "", sign));
        button.tabIndex = -1;
        button.setAttribute("aria-label", name);
        button.disabled = page + by < 0 || (page + by) * size >= now.count;
        button.addEventListener("click", (event) => {
          event.stopPropagation();
          page += by;
          post("/api/groups", { view: state.asked(), offset: row, count: 1, columns: [column.name], page, size }).then(
            (next) => draw(next.cells[column.name][0]), (error) => toast(error.message));
        });
        pager.append(button);
      };
      turn(-1, "‹", "Previous values");
      pager.append(el("span", "", `${page * size + 1}–${Math.min(now.count, (page + 1) * size)} of ${count(now.count)}`));
      turn(1, "›", "Next values");
      cell.append(pager);
    }
  };
  draw(found);
}
