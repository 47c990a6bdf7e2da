// The line at the foot: which rows show, what is being asked, and the way to a row.
import { copyRows } from "./copying.js";
import { count, duration } from "./numbers.js";
import { ordering } from "./ordering.js";
import * as state from "./state.js";
import { Warnings } from "./warnings.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";

export function Status() {
  const { first, end } = state.visibleRange.value;
  const rows = state.rows.value;
  const { filter } = state.spec.value;
  const noun = state.grouped.value ? "groups" : "rows";
  const [slow, setSlow] = useState(0);
  const reading = state.reading.value;
  const order = ordering.value;
  const busy = state.asking.value > 0 || reading.number > 0 || order !== null;
  useEffect(() => {
    if (!busy) return setSlow(0);
    const timer = setInterval(() => setSlow(state.asking.value || state.reading.value.number ? (performance.now() - (state.asking.value ? state.started.value : state.reading.value.since)) / 1000 : ordering.value?.seconds ?? 0), 200);
    return () => clearInterval(timer);
  }, [busy]);
  const selected = state.selected.value;
  const chosen = selected ? selected.to - selected.from + 1 : 0;
  const isMap = state.grouped.value && state.spec.value.columns?.some((column) => column.name === "count" && column.display === "heatmap");
  return html`<footer class="status"><span role="status">${rows === null ? (state.problem.value ? "—" : `counting ${noun}…`)
    : rows === 0 ? `0 ${noun}` : isMap ? `${count(rows)} ${noun}` : `${noun} ${count(first + 1)}–${count(Math.min(end, rows))} of ${count(rows)}`}${filter && !state.grouped.value && rows !== null ? ` (of ${count(state.total.value)})` : state.grouped.value && rows !== null ? ` (of ${count(state.total.value)} rows)` : ""}</span>
    ${selected ? html`<span class="chosen">${count(chosen)} ${chosen === 1 ? "row" : "rows"} selected <button onClick=${() => void copyRows(selected)}>Copy</button><button onClick=${() => (state.selected.value = null)}>Clear</button></span>` : null}
    ${busy && slow > 0.4 ? html`<span class="busy"><span class="dot"></span>${order ? `${state.spec.value.sort?.length ? "Sorting" : "Finding rows"}${order.done === null ? "" : ` ${Math.floor(order.done * 100)} %`},` : state.asking.value ? "Computing" : "Reading"} ${slow.toFixed(1)} s <button onClick=${state.cancel}>Cancel</button></span>` : null}
    <${Warnings} />
    <span class="gap"></span>
    ${!busy && state.seconds.value !== null ? html`<span title="How long the last question took">${duration(state.seconds.value * 1000)}</span>` : null}
    ${rows && rows > 100 ? html`<button title="Ctrl J" onClick=${() => (state.jumping.value = true)}>Go to row</button>` : null}
    <button onClick=${() => /** @type {any} */ (document.querySelector("#keys"))?.showModal()}>Keys <kbd>?</kbd></button>
    <span class="sr" role="status">${state.said.value}</span></footer>`;
}

/** The way to a row, by its number. @param {{go: (row: number) => void}} props */
export function Jump({ go }) {
  const open = state.jumping.value;
  const done = () => (state.jumping.value = false);
  const root = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => {
    if (open && !root.current.open) root.current.showModal();
  }, [open]);
  return html`<dialog ref=${root} aria-label="Go to row" onClose=${done}><form class="inside" onSubmit=${(/** @type {any} */ event) => {
    event.preventDefault();
    const to = Number(event.target.elements.row.value.replace(/[\s,]/g, ""));
    root.current.close();
    if (Number.isFinite(to)) go(Math.round(to) - 1);
  }}><label class="of" for="jump-row">Row, from 1 to ${count(state.rows.value ?? 0)}</label><input class="input" id="jump-row" name="row" inputmode="numeric" autocomplete="off" /></form></dialog>`;
}
