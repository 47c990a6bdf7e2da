// What stands where rows would: nothing there, nothing found, an error that says what to do.
import { conjuncts } from "./expression.js";
import { Gone, isGone } from "./gone.js";
import { count } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import * as steps from "./steps.js";
import { html } from "../vendor/preact.js";

/** The errors that the view itself makes, whatever becomes of the store and its server. */
const OWN = new Set(["expression", "usage", "too_large", "unsupported"]);

/** Where an error is, unless its message begins with that. @param {any} wrong */
function placeText({ place, message }) {
  return place && !message.startsWith(`${place}: `) ? `${place.replace(/, characters? .*$/, "")}: ` : "";
}

/** The expression that an error is about. @param {import("./spec.js").Spec} view @param {string | undefined} place @returns {string | null} */
function expressionAt(view, place) {
  const found = /(filter|having|derive|cells|group|sort)(?:\[(\d+)\])?/.exec(place ?? "");
  if (!found) return null;
  const part = /** @type {any} */ (view)[found[1]];
  const item = found[2] === undefined ? part : part?.[Number(found[2])];
  return typeof item === "string" ? item : item?.expression ?? null;
}

/** What stands where rows would: nothing there, nothing found, an error. @param {{model?: any}} props */
export function GridState({ model = state }) {
  const wrong = model.problem.value;
  const view = model.spec.value;
  if (!wrong && (!model.info.value || model.rows.value === null)) return html`<div class="grid-wait" aria-hidden="true">${Array.from({ length: 14 }, (_, i) => html`<span class="skeleton" key=${i}></span>`)}</div>`;
  if (wrong && isGone(view.source, wrong)) return html`<${Gone} wrong=${wrong} source=${view.source} />`;
  if (wrong) {
    const text = wrong.span ? expressionAt(view, wrong.place) : null;
    const [from, to] = wrong.span ?? [0, 0];
    const parts = [];
    if (steps.canUndo.value) parts.push(["Undo", steps.undo]);
    if (view.filter) parts.push(["Remove the filter", () => state.apply({ ...state.spec.value, filter: null })]);
    // What is wrong in the view stays wrong; what is wrong elsewhere may have been mended since.
    if (!OWN.has(wrong.code)) parts.unshift(["Try again", () => void state.load()]);
    parts.push(["Reset the view", () => state.apply({ source: state.spec.value.source })]);
    return html`<div class="grid-state is-wrong"><div class="state" role="alert"><h2>${wrong.code === "cancelled" ? "Cancelled" : wrong.code === "offline" ? "The server does not answer" : "This view cannot be shown"}</h2>
      <p>${placeText(wrong)}${wrong.code === "offline" ? wrong.message.replace("The server does not answer. ", "") : wrong.message}${wrong.suggestion ? `; ${wrong.suggestion}` : ""}</p>
      ${text ? html`<p class="where"><code>${text.slice(0, from)}<mark>${text.slice(from, to) || " "}</mark>${text.slice(to)}</code></p>` : null}<div class="actions">${parts.map(([name, run]) => html`<button class="btn" onClick=${run}>${name}</button>`)}</div></div></div>`;
  }
  if (model.rows.value === 0 && model.info.value) {
    const parts = conjuncts(view.filter);
    if (view.having && view.group) return html`<div class="grid-state"><div class="state"><h2>No group is left</h2><p>No group fulfils <code>${view.having}</code>.</p><div class="actions"><button class="btn" onClick=${() => state.apply({ ...state.spec.value, having: null })}>Show all groups</button></div></div></div>`;
    if (!parts.length) return html`<div class="grid-state"><div class="state"><h2>The table has no rows</h2><p>Its columns are above. Add rows with <code>table.add_data(…)</code> and log it again: they stand in a newer version.</p></div></div>`;
    return html`<div class="grid-state"><div class="state"><h2>No row matches</h2><p>0 of ${count(model.total.value)} rows. Remove a condition:</p>
      <div class="actions">${parts.map((part) => html`<button class="btn" onClick=${() => state.apply(spec.filteredBy(state.spec.value, parts.filter((other) => other !== part)))}><code>${part}</code> ×</button>`)}</div></div></div>`;
  }
  return null;
}
