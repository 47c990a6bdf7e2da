// The line at the foot: which rows show, what is being asked, and the way to a row.
import { count, duration } from "./numbers.js";
import * as state from "./state.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

export function Status({ jump }) {
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

export function Jump({ open, go, done }) {
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
