// What stands where rows would: nothing there, nothing found, an error that says what to do.
import { conjuncts } from "./expression.js";
import { count } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html } from "../vendor/preact.js";

/** What stands where rows would: nothing there, nothing found, an error. */
export function GridState() {
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
