// The page of one table: bar, pills, grid, what opens beside it, and the line that says how many rows there are.
import * as actions from "./actions.js";
import { post } from "./api.js";
import { el } from "./dom.js";
import { conjuncts } from "./expression.js";
import { Grid } from "./grid.js";
import { drawMedia } from "./media.js";
import { toast } from "./menu.js";
import { count, duration } from "./numbers.js";
import { ColumnPanel, ColumnsPanel, DetailPanel, KeysSheet, MediaView } from "./panels.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { Pills, Toolbar } from "./toolbar.js";
import { Windows } from "./windows.js";
import { effect, html, signal, useEffect, useRef, useState } from "../vendor/preact.js";

const HEIGHTS = /** @type {Record<string, number>} */ ({ s: 28, m: 56, l: 128, xl: 256 });
const lightbox = signal(/** @type {any} */ (null));

/** The height of rows: as chosen, else by what is in them. */
function rowHeight() {
  if (state.height.value) return HEIGHTS[state.height.value] * (state.grouped.value && state.height.value === "s" ? 1.5 : 1);
  if (state.grouped.value) return 84;
  return state.columns.value.some((column) => ["image", "video"].includes(column.kind)) ? HEIGHTS.m : HEIGHTS.s;
}

/** Ask for rows, and for what groups show of theirs. */
async function ask(/** @type {number} */ offset, /** @type {number} */ size, /** @type {string[]} */ names, /** @type {AbortSignal} */ signal_) {
  const view = state.asked();
  const roles = new Map(state.columns.value.map((column) => [column.name, column]));
  const own = names.filter((name) => roles.get(name)?.role !== "group");
  const inside = names.filter((name) => roles.get(name)?.role === "group");
  /** @type {Record<string, any[]>} */
  const out = {};
  if (own.length) {
    const found = await post("/api/rows", { view, offset, count: size, columns: own }, signal_);
    for (const column of found.columns) out[column.name] = column.values;
  }
  const bySize = new Map();
  for (const name of inside) {
    const settings = state.laid.value.find((column) => column.name === name)?.settings;
    const each = Number(settings?.size ?? 5);
    bySize.set(each, [...(bySize.get(each) ?? []), name]);
  }
  for (const [each, columns] of bySize) {
    const found = await post("/api/groups", { view, offset, count: size, columns, size: each }, signal_);
    Object.assign(out, found.cells);
  }
  return out;
}

/** @type {Map<string, any>} */
let summaries = new Map();
let summariesOf = "";
/** @type {Set<string>} */
let summariesAsked = new Set();
/** Ask for the summaries of columns that show. @param {string[]} names @param {Grid} grid */
async function needSummaries(names, grid) {
  if (state.grouped.value || !state.info.value || state.info.value.grouped) return;
  const { derive, filter, source } = state.asked();
  const key = JSON.stringify([source, derive, filter]);
  if (key !== summariesOf) {
    summariesOf = key;
    summaries = new Map();
    summariesAsked = new Set();
    grid.setSummaries(summaries);
  }
  const missing = names.filter((name) => !summariesAsked.has(name));
  if (!missing.length) return;
  missing.forEach((name) => summariesAsked.add(name));
  try {
    const found = await post("/api/summaries", { view: { source, derive, filter }, columns: missing });
    if (key !== summariesOf) return;
    for (const [name, summary] of Object.entries(found.columns)) summaries.set(name, summary);
    grid.setSummaries(summaries);
  } catch {
    // The rows are there without them; the next view asks again.
    if (key === summariesOf) summariesOf = "";
  }
}

/** @param {{filterRef: any, gridRef: any}} props */
function GridHost({ filterRef, gridRef }) {
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
        void needSummaries(range.columns, grid);
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

/** What stands where rows would: nothing there, nothing found, an error. */
function GridState() {
  const wrong = state.problem.value;
  const view = state.spec.value;
  if (wrong) {
    const parts = [];
    if (view.filter) parts.push(["Remove the filter", () => state.apply({ ...view, filter: null })]);
    if (wrong.code === "cancelled" || wrong.code === "offline" || wrong.code === "limit") parts.unshift(["Try again", () => void state.load()]);
    parts.push(["Reset the view", () => state.apply({ source: view.source })]);
    return html`<div class="grid-state"><div class="state" role="alert"><h2>${wrong.code === "cancelled" ? "Cancelled" : wrong.code === "offline" ? "The server does not answer" : "This view cannot be shown"}</h2>
      <p>${wrong.place ? `${wrong.place.replace(/, characters? .*$/, "")}: ` : ""}${wrong.message}${wrong.suggestion ? `; ${wrong.suggestion}` : ""}</p><div class="actions">${parts.map(([name, run]) => html`<button class="btn" onClick=${run}>${name}</button>`)}</div></div></div>`;
  }
  if (state.rows.value === 0 && state.info.value) {
    const parts = conjuncts(view.filter);
    if (!parts.length) return html`<div class="grid-state"><div class="state"><h2>The table has no rows</h2><p>Its columns are above. Rows that are added to it stand in a newer version.</p></div></div>`;
    return html`<div class="grid-state"><div class="state"><h2>No row matches</h2><p>0 of ${count(state.total.value)} rows. Remove a condition:</p>
      <div class="actions">${parts.map((part) => html`<button class="btn" onClick=${() => state.apply(spec.filteredBy(view, parts.filter((other) => other !== part)))}><code>${part}</code> ×</button>`)}</div></div></div>`;
  }
  return null;
}

function Status({ jump }) {
  const { first, end } = state.visibleRange.value;
  const rows = state.rows.value;
  const { filter } = state.spec.value;
  const noun = state.grouped.value ? "groups" : "rows";
  const [slow, setSlow] = useState(0);
  useEffect(() => {
    if (!state.asking.value) return setSlow(0);
    const timer = setInterval(() => setSlow((performance.now() - state.started.value) / 1000), 200);
    return () => clearInterval(timer);
  }, [state.asking.value > 0]);
  const busy = state.asking.value > 0;
  return html`<footer class="status"><span role="status">${rows === null ? (state.problem.value ? "—" : `counting ${noun}…`)
    : rows === 0 ? `0 ${noun}` : `${noun} ${count(first + 1)}–${count(Math.min(end, rows))} of ${count(rows)}`}${filter && !state.grouped.value && rows !== null ? ` (of ${count(state.total.value)})` : state.grouped.value && rows !== null ? ` (of ${count(state.total.value)} rows)` : ""}</span>
    ${busy && slow > 0.4 ? html`<span class="busy"><span class="dot"></span>${slow.toFixed(1)} s <button onClick=${state.cancel}>Cancel</button></span>` : null}
    <span class="gap"></span>
    ${!busy && state.seconds.value !== null ? html`<span>${duration(state.seconds.value * 1000)}</span>` : null}
    ${rows && rows > 100 ? html`<button onClick=${jump}>Go to row</button>` : null}
    <button onClick=${() => /** @type {any} */ (document.querySelector("#keys"))?.showModal()}>Keys <kbd>?</kbd></button>
    <span class="sr" role="status">${state.said.value}</span></footer>`;
}

function Lightbox() {
  const media = lightbox.value;
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (media && root.current && !root.current.open) root.current.showModal();
  }, [media]);
  if (!media) return null;
  return html`<dialog class="lightbox" ref=${root} aria-label="Media" onClose=${() => (lightbox.value = null)}>
    <header><h2>${media.caption ?? media.kind} ${media.width ? html`<span class="note">${media.width} × ${media.height}</span>` : null}</h2>
      <button class="btn quiet icon" aria-label="Close" onClick=${() => root.current.close()}>×</button></header>
    <div class="view"><${MediaView} media=${media} large=${true} /></div></dialog>`;
}

function Jump({ open, go, done }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (open && !root.current.open) root.current.showModal();
  }, [open]);
  return html`<dialog ref=${root} aria-label="Go to row" onClose=${done}><form class="inside" onSubmit=${(/** @type {any} */ event) => {
    event.preventDefault();
    const to = Number(event.target.elements.row.value.replace(/[\s,]/g, ""));
    root.current.close();
    if (Number.isFinite(to)) go(Math.round(to) - 1);
  }}><label class="of" for="jump-row">Row, from 1 to ${count(state.rows.value ?? 0)}</label><input class="input" id="jump-row" name="row" inputmode="numeric" autocomplete="off" /></form></dialog>`;
}

/** @param {{crumbs: any}} props */
export function TablePage({ crumbs }) {
  const filterRef = useRef(/** @type {any} */ (null));
  const gridRef = useRef(/** @type {any} */ (null));
  const [jump, setJump] = useState(false);
  const panel = state.panel.value;
  const go = (/** @type {number} */ row) => {
    const to = Math.max(0, Math.min(row, (state.rows.value ?? 1) - 1));
    if (state.panel.value?.kind === "detail") {
      state.panel.value = { kind: "detail", row: to };
      const grid = gridRef.current;
      grid.active = { ...grid.active, row: to };
      grid.reveal();
      grid.draw();
    } else gridRef.current.moveTo(to, gridRef.current.active.column);
  };
  useEffect(() => {
    const key = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (target.closest("input, textarea, select, [contenteditable], dialog, .menu")) return;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "j") return (event.preventDefault(), setJump(true));
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const sizes = /** @type {Record<string, string>} */ ({ 1: "s", 2: "m", 3: "l", 4: "xl" });
      if (event.key === "/") filterRef.current?.focus();
      else if (event.key === "?") /** @type {any} */ (document.querySelector("#keys"))?.showModal();
      else if (event.key.toLowerCase() === "c") state.panel.value = { kind: "columns" };
      else if (event.key.toLowerCase() === "t") actions.theme();
      else if (sizes[event.key]) state.setHeight(sizes[event.key]);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
  return html`<${Top} crumbs=${crumbs} /><${Toolbar} filterRef=${filterRef} /><${Pills} />
    <main class="main"><div class="stage"><${GridHost} filterRef=${filterRef} gridRef=${gridRef} /></div>
      ${panel?.kind === "columns" ? html`<${ColumnsPanel} />` : panel?.kind === "column" ? html`<${ColumnPanel} panel=${panel} key=${JSON.stringify(panel)} />`
        : panel?.kind === "detail" ? html`<${DetailPanel} panel=${panel} go=${go} />` : null}</main>
    <${Status} jump=${() => setJump(true)} /><${KeysSheet} /><${Lightbox} /><${Jump} open=${jump} go=${go} done=${() => setJump(false)} />`;
}

/** @param {{crumbs: any}} props */
export function Top({ crumbs }) {
  return html`<header class="topbar"><img class="logo" src="/static/icon.svg" alt="" /><nav class="where" aria-label="Place">${crumbs}</nav>
    <h1 dir="auto">${state.title.value}</h1><span class="gap"></span></header>
    ${state.online.value ? null : html`<div class="banner error" role="alert">The server does not answer. The view is kept in the address. <span class="gap"></span><button class="btn" onClick=${() => void state.load()}>Try again</button></div>`}`;
}

