// What became null in a view without being an error: counted behind the rows, and said beside their number.
import { settings } from "./actions.js";
import { post } from "./api.js";
import { openMenu } from "./menu.js";
import { count } from "./numbers.js";
import * as state from "./state.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** @typedef {{kind: string, count: number, unit: string, place: string, expression: string, span: [number, number], column: string | null}} Warning */

/** Whether there may be anything to count: comparisons of columns have nothing. @param {any} view */
function mayWarn(view) {
  const sorts = (view.sort ?? []).map((/** @type {any} */ key) => key.expression);
  const made = [...(view.derive ?? []), ...(view.cells ?? [])].map((column) => column.expression);
  return [view.filter, view.having, ...(view.group ?? []), ...sorts, ...made].some((text) => /[-+*/%(]/.test(text ?? ""));
}

/** @param {Warning} one */
function words(one) {
  const part = one.expression.slice(...one.span);
  const noun = one.count === 1 ? one.unit.replace(/s$/, "") : one.unit;
  return `${count(one.count)} ${noun}: ${one.kind} in ${part.length > 60 ? `${part.slice(0, 59)}…` : part}`;
}

/** Go to where it is written. @param {Warning} one */
function goTo(one) {
  const column = state.columns.peek().find((each) => each.name === one.column);
  if (column) settings(column);
  else if (one.place === "filter") /** @type {HTMLElement | null} */ (document.querySelector(".filter .cm-content, .filter input"))?.focus();
}

export function Warnings() {
  const [found, setFound] = useState(/** @type {Warning[]} */ ([]));
  const view = state.asked();
  const isReady = state.rows.value !== null && !state.problem.value;
  const key = JSON.stringify([view, state.generation.value, isReady]);
  useEffect(() => {
    setFound([]);
    if (!isReady || !mayWarn(view)) return undefined;
    const control = new AbortController();
    // Nobody waits for it: where it fails there is nothing to say.
    post("/api/warnings", { view }, control.signal).then((answer) => setFound(answer.warnings), () => undefined);
    return () => control.abort();
  }, [key]);
  if (!found.length) return null;
  const text = found.length === 1 ? `${found[0].kind}: ${count(found[0].count)} ${found[0].count === 1 ? found[0].unit.replace(/s$/, "") : found[0].unit}` : `${found.length} warnings`;
  return html`<button class="warned" aria-haspopup="menu" aria-expanded="false" title="What became null without being an error" onClick=${(/** @type {any} */ event) =>
    openMenu(event.currentTarget, "What became null", found.map((one) => ({ label: words(one), keys: one.column ?? one.place, run: () => goTo(one) })))}>⚠ ${text}</button>`;
}
