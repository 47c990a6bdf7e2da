// Filter by the values of a column: its bars as a list, a range, a part of the text. What the mouse does in the header.
import { post } from "./api.js";
import { nameText, stringText } from "./expression.js";
import { ExpressionField } from "./field.js";
import { binsCondition, binText, edgeLiteral, edgeText, hasRanges, valueCondition } from "./literals.js";
import { count } from "./numbers.js";
import { close, Panel } from "./panels.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** @param {string | null} part */
function filter(part) {
  if (part) state.apply(spec.filteredAlso(state.spec.value, part));
}

/** One value, or one bin, with what it can do. @param {{text: string, number: number, most: number, about: string, only: string | null, not: string | null}} props */
function Line({ text, number, most, about, only, not }) {
  return html`<li class="value"><button class="top-line" disabled=${!only} title="Only these rows" onClick=${() => filter(only)}>
      <i style=${{ width: `${(100 * number) / most}%` }}></i><span dir="auto">${text}</span><span>${about}</span></button>
    <button class="btn quiet icon" disabled=${!not} aria-label=${`Exclude ${text}`} title="Exclude" onClick=${() => filter(not)}>⊘</button></li>`;
}

/** @param {any} info @param {any} summary */
function linesOf(info, summary) {
  const approximate = summary.approximate || summary.sampled < summary.count ? "≈" : "";
  const lines = [];
  if (summary.histogram) {
    const { edges, counts } = summary.histogram;
    counts.forEach((/** @type {number} */ n, /** @type {number} */ i) => {
      const only = hasRanges(info) ? binsCondition(info, edges, i, i) : null;
      if (n) lines.push({ text: binText(info, edges, i), number: n, about: count(n), only, not: only && `not (${only})` });
    });
  } else {
    for (const top of summary.top ?? []) {
      const value = info.kind === "boolean" ? top.value === "true" : top.value;
      const [only, not] = top.was_cut ? [null, null] : [valueCondition(info, value, false), valueCondition(info, value, true)];
      lines.push({ text: top.value === "" ? "(empty)" : `${top.value}${top.was_cut ? "…" : ""}`, number: top.count, about: `${approximate}${count(top.count)}`, only, not });
    }
    if (summary.others) lines.push({ text: `other values`, number: summary.others, about: `${approximate}${count(summary.others)}`, only: null, not: null });
  }
  const name = nameText(info.name);
  if (summary.nan) lines.push({ text: "NaN", number: summary.nan, about: count(summary.nan), only: `is_nan(${name})`, not: `not is_nan(${name})` });
  if (summary.nulls) lines.push({ text: "null", number: summary.nulls, about: count(summary.nulls), only: `${name} is null`, not: `${name} is not null` });
  return lines;
}

/** @param {{info: any, summary: any}} props */
function Range({ info, summary }) {
  const [wrong, setWrong] = useState("");
  const isNumber = ["number", "integer", "decimal"].includes(info.kind);
  const literal = (/** @type {string} */ text) => {
    if (!isNumber) return `${info.kind}(${stringText(text)})`;
    return /^-?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? edgeLiteral(text.replace(/e\+/i, "e"), info) : null;
  };
  const { edges } = summary.histogram;
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const name = nameText(info.name);
    const parts = [];
    for (const [key, sign] of [["from", ">="], ["to", "<="]]) {
      const text = event.target.elements[key].value.trim();
      if (!text) continue;
      const found = literal(text);
      if (found === null) return setWrong(`“${text}” is no number.`);
      parts.push(`${name} ${sign} ${found}`);
    }
    setWrong("");
    if (!parts.length) return setWrong("Write where the range begins or ends.");
    let next = state.spec.value;
    for (const part of parts) next = spec.filteredAlso(next, part);
    state.apply(next);
  };
  return html`<form class="range" onSubmit=${submit}><input class="input" name="from" aria-label="From" placeholder=${`from ${edgeText(edges[0], info)}`} autocomplete="off" />
    <input class="input" name="to" aria-label="To" placeholder=${`to ${edgeText(summary.greatest ?? edges.at(-1), info)}`} autocomplete="off" /><button class="btn">Filter</button></form>
    ${wrong ? html`<div class="wrong" role="alert">${wrong}</div>` : null}`;
}

/** @param {{panel: any}} props */
export function ValuesPanel({ panel }) {
  const [summary, setSummary] = useState(/** @type {any} */ (null));
  const [wrong, setWrong] = useState("");
  const { source, derive, filter: now } = state.asked();
  const info = state.info.value?.columns.find((/** @type {any} */ column) => column.name === panel.name);
  const key = JSON.stringify([source, derive, now, panel.name]);
  useEffect(() => {
    const control = new AbortController();
    setWrong("");
    post("/api/summaries", { view: { source, derive, filter: now }, columns: [panel.name] }, control.signal).then(
      (found) => setSummary(found.columns[panel.name]), (error) => error.name !== "AbortError" && setWrong(error.message));
    return () => control.abort();
  }, [key]);
  useEffect(() => {
    // What can be done is there now: the keyboard goes to it, unless somebody took it elsewhere.
    const host = document.activeElement?.closest(".panel");
    if (summary && host && document.activeElement?.closest("header")) /** @type {HTMLElement | null} */ (host.querySelector(".inside input, .inside .top-line"))?.focus();
  }, [summary === null]);
  const lines = summary && info ? linesOf(info, summary) : [];
  const most = Math.max(1, ...lines.map((line) => line.number));
  const contains = (/** @type {any} */ event) => {
    event.preventDefault();
    const text = event.target.elements.part.value;
    if (text) filter(`${nameText(panel.name)} contains ${stringText(text)}`);
  };
  return html`<${Panel} title=${`Values of ${panel.name}`}>
    ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : null}
    ${info?.kind === "string" ? html`<form class="range" onSubmit=${contains}><input class="input" name="part" aria-label="Contains" placeholder="contains…" autocomplete="off" /><button class="btn">Filter</button></form>` : null}
    ${summary?.histogram && info && hasRanges(info) ? html`<${Range} info=${info} summary=${summary} />` : null}
    ${summary === null && !wrong ? html`<div class="values-wait" aria-busy="true" aria-label="Counting">${[90, 70, 76, 40, 52].map((width) => html`<span class="skeleton" style=${{ width: `${width}%` }}></span>`)}</div>`
      : html`<ul class="values">${lines.map((line) => html`<${Line} key=${line.text} ...${line} most=${most} />`)}</ul>`}
    ${summary && !lines.length ? html`<p class="note">${summary.count ? "The values of this column are not counted: filter by writing a condition." : "No row is left that has values."}</p>` : null}
    ${summary?.top && summary.sampled < summary.count ? html`<p class="note">Counted in ${count(summary.sampled)} of ${count(summary.count)} rows.</p>` : null}
    <p class="note">Choose one to see its rows alone; ⊘ leaves them out.</p></${Panel}>`;
}

/** A condition on groups. */
export function HavingPanel() {
  const view = state.spec.value;
  return html`<${Panel} title="Filter groups"><${HavingField} value=${view.having ?? ""} />
    <p class="note">A condition on keys, counts and computed columns of groups, such as <code>count() > 10</code>.</p></${Panel}>`;
}

/** @param {{value: string}} props */
function HavingField({ value }) {
  return html`<label class="of">Condition</label><${ExpressionField} value=${value} at="having" label="Condition on groups" hint="such as count() > 10" cancel=${close}
    take=${(/** @type {string} */ text) => { state.apply({ ...state.spec.value, having: text || null }); close(); }} />`;
}
