// The page of one table: bar, pills, grid, what opens beside it, and the line that says how many rows there are.
import * as actions from "./actions.js";
import { ColumnsPanel } from "./columns_panel.js";
import { CompareBar } from "./compare_bar.js";
import { isBeside } from "./compare_model.js";
import { setMode } from "./compare_state.js";
import { OneStepper } from "./compare_steps.js";
import { DetailPanel } from "./detail.js";
import { GridHost } from "./grid_host.js";
import { HeatMap, isMapped } from "./heatmap.js";
import { KeysSheet } from "./keys.js";
import { lazily } from "./lazily.js";
import { lightbox } from "./lightbox_state.js";
import { Pills } from "./pills.js";
import { reconnecting } from "./reconnect.js";
import * as state from "./state.js";
import * as steps from "./steps.js";
import { Sides } from "./side.js";
import { Jump, Status } from "./status.js";
import { Toolbar } from "./toolbar.js";
import { html, useEffect, useRef } from "../vendor/preact.js";

const ColumnPanel = lazily(() => import("./column_panel.js").then((found) => found.ColumnPanel));
const ComparePanel = lazily(() => import("./compare_panel.js").then((found) => found.ComparePanel));
const DifferencesPanel = lazily(() => import("./compare_differences.js").then((found) => found.DifferencesPanel));
const HavingPanel = lazily(() => import("./values_panel.js").then((found) => found.HavingPanel));
const Lightbox = lazily(() => import("./lightbox.js").then((found) => found.Lightbox));
const ValuesPanel = lazily(() => import("./values_panel.js").then((found) => found.ValuesPanel));

/** @param {{crumbs: any}} props */
export function TablePage({ crumbs }) {
  const filterRef = useRef(/** @type {any} */ (null));
  const gridRef = useRef(/** @type {any} */ (null));
  const panel = state.panel.value;
  const isMap = !isBeside(state.spec.value.source) && !state.problem.value && state.info.value?.grouped && isMapped(state.spec.value);
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
      const letter = event.key.toLowerCase();
      if ((event.ctrlKey || event.metaKey) && !event.altKey && ["j", "z", "y"].includes(letter)) {
        event.preventDefault();
        if (letter === "j") state.jumping.value = true;
        else if (letter === "z" && !event.shiftKey) steps.undo();
        else steps.redo();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const sizes = /** @type {Record<string, string>} */ ({ 1: "s", 2: "m", 3: "l", 4: "xl" });
      if (event.key === "/") filterRef.current?.focus();
      else if (event.key === "?") /** @type {any} */ (document.querySelector("#keys"))?.showModal();
      else if (event.key.toLowerCase() === "c") state.panel.value = { kind: "columns" };
      else if (letter === "v") state.panel.value = { kind: "compare" };
      else if (letter === "b" && /** @type {any} */ (state.spec.value.source)?.kind === "compare") void setMode(isBeside(state.spec.value.source) ? "join" : "side_by_side");
      else if (letter === "w" && state.changes.value.size) state.panel.value = { kind: "differences" };
      else if (event.key.toLowerCase() === "t") actions.theme();
      else if (sizes[event.key]) state.setHeight(sizes[event.key]);
      // Before anything has the keyboard, it is the grid's.
      else if (target === document.body) return gridRef.current?.key(event);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", key);
    const stop = reconnecting();
    return () => (document.removeEventListener("keydown", key), stop());
  }, []);
  return html`<${Top} crumbs=${crumbs} /><${Toolbar} filterRef=${filterRef} /><${CompareBar} /><${Pills} />
    <main class="main"><div class="stage">${isBeside(state.spec.value.source) ? html`<${Sides} filterRef=${filterRef} gridRef=${gridRef} />` : html`<${GridHost} filterRef=${filterRef} gridRef=${gridRef} />`}${isMap ? html`<${HeatMap} />` : null}</div>
      ${panel?.kind === "columns" ? html`<${ColumnsPanel} />` : panel?.kind === "column" ? html`<${ColumnPanel} panel=${panel} key=${JSON.stringify(panel)} />`
        : panel?.kind === "detail" ? html`<${DetailPanel} panel=${panel} go=${go} />` : panel?.kind === "values" ? html`<${ValuesPanel} panel=${panel} key=${panel.name} />` : panel?.kind === "having" ? html`<${HavingPanel} />`
        : panel?.kind === "compare" ? html`<${ComparePanel} />` : panel?.kind === "differences" ? html`<${DifferencesPanel} />` : null}</main>
    <${Status} /><${KeysSheet} />${lightbox.value ? html`<${Lightbox} />` : null}<${Jump} go=${go} />`;
}

/** @param {{crumbs: any}} props */
export function Top({ crumbs }) {
  return html`<header class="topbar"><img class="logo" src="/static/icon.svg" alt="" /><nav class="where" aria-label="Place">${crumbs}</nav>
    <h1 dir="auto">${state.title.value}</h1><span class="gap"></span><${OneStepper} /></header>
    ${state.online.value ? null : html`<div class="banner error" role="alert">The server does not answer. The view is kept in the address. <span class="gap"></span><button class="btn" onClick=${() => void state.load()}>Try again</button></div>`}`;
}

