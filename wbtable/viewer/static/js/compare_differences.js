// The panel that says what changed in each column: in how many rows, by how much, and what not all sides have.
import { post } from "./api.js";
import { pairBars } from "./compare_bars.js";
import { MARKS } from "./compare_model.js";
import * as compare from "./compare_state.js";
import { el } from "./dom.js";
import { nameText } from "./expression.js";
import { number, count, share } from "./numbers.js";
import { Panel } from "./panels.js";
import { filteredAlso } from "./spec.js";
import * as state from "./state.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const SHOWN = 100;

export function DifferencesPanel() {
  const found = compare.answer.value;
  const source = compare.source.value;
  const [numbers, setNumbers] = useState(/** @type {any} */ (null));
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    if (!found) return;
    const control = new AbortController();
    setNumbers(null);
    const names = found.columns.filter((/** @type {any} */ column) => column.changed).slice(0, SHOWN).map((/** @type {any} */ column) => column.name);
    post("/api/differences", { view: { source }, columns: names }, control.signal).then((answer) => setNumbers(answer.columns), (error) => error.name !== "AbortError" && setWrong(error.message));
    return () => control.abort();
  }, [found]);
  useEffect(() => /** @type {HTMLElement | null} */ (document.querySelector("button.difference"))?.focus(), [found]);
  if (!found) return html`<${Panel} title="What changed in each column"><p class="note">${compare.wrong.value?.message ?? "Counting what differs…"}</p></${Panel}>`;
  const rows = found.counts.changed + found.counts.equal;
  const order = /** @type {Record<string, number>} */ ({ changed: 0, retyped: 1, added: 2, removed: 2, equal: 3 });
  const columns = [...found.columns].sort((a, b) => order[a.status] - order[b.status] || (b.changed ?? 0) - (a.changed ?? 0));
  const equal = columns.filter((column) => column.status === "equal");
  return html`<${Panel} title="What changed in each column" wide>
    <p class="note">In the ${count(rows)} rows that all sides have. Click: only rows in which the column differs.</p>
    ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : null}
    <ul class="differences">${columns.filter((column) => column.status !== "equal").map((column) => html`<li key=${column.name}>
      ${column.status === "changed" ? html`<button class="difference" onClick=${() => only(column.name, found.sides)}><span class="n" dir="auto">${column.name}</span><span class="share-bar" aria-hidden="true"><i style=${{ width: `${rows ? (100 * column.changed) / rows : 0}%` }}></i></span><span class="num">${count(column.changed)} <span class="dim">${share(column.changed, rows)}</span></span></button>
        ${(numbers?.[column.name]?.differences ?? []).map((/** @type {any} */ one) => html`<${Numbers} key=${one.side} one=${one} histogram=${numbers[column.name].histogram} />`)}`
      : html`<div class="difference"><span class="n" dir="auto">${column.name}</span><span class="tag-of">${column.status === "retyped" ? "not comparable" : "not on all sides"}</span></div>
        <p class="note">${column.types.map((/** @type {string | null} */ type, /** @type {number} */ side) => html`<span class="now-of" key=${side}><span class=${`mark mark-${side}`}>${MARKS[side]}</span> ${type ?? "—"}</span> `)}</p>`}</li>`)}</ul>
    ${equal.length ? html`<h3>Equal on all sides</h3><p class="note equal-of">${equal.map((column) => html`<code key=${column.name} dir="auto">${column.name}</code> `)}</p>` : null}</${Panel}>`;
}

/** @param {string} name @param {number} sides */
function only(name, sides) {
  const text = nameText(name);
  const parts = Array.from({ length: sides - 1 }, (_, i) => `0.${text} != ${i + 1}.${text}`);
  state.apply(filteredAlso(state.spec.value, parts.length > 1 ? `(${parts.join(" or ")})` : parts[0]), { say: `Only rows in which ${name} differs` });
}

/** @param {{one: any, histogram: any}} props */
function Numbers({ one, histogram }) {
  const box = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const made = el("span", "difference-bars");
    made.append(pairBars(histogram.counts.map((/** @type {number[]} */ counts) => ({ edges: histogram.edges.map(String), counts })), histogram.counts.map((/** @type {any} */ _, /** @type {number} */ i) => i)));
    box.current.replaceChildren(made);
  }, [histogram]);
  const sign = (/** @type {number | null} */ value) => (value === null ? "—" : value > 0 ? `+${number(value, undefined)}` : number(value));
  return html`<div class="difference-of"><span ref=${box}></span><span class="note">${MARKS[one.side]} − ${MARKS[0]}: mean <b>${sign(rounded(one.mean))}</b>, from ${sign(rounded(one.least))} to ${sign(rounded(one.greatest))}, mean of sizes ${number(rounded(one.mean_absolute) ?? 0)}${one.skipped ? `; ${count(one.skipped)} without a number on both sides` : ""}</span></div>`;
}

/** @param {number | null} value */
const rounded = (value) => (value === null ? null : Number(value.toPrecision(4)));
