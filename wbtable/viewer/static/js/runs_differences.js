// Config and summary of the chosen runs side by side: first of all where they differ.
import { count } from "./numbers.js";
import { RunDot } from "./runs_list.js";
import * as runs from "./runs_state.js";
import { Empty, RunState, Search, Waiting, lengthText, runLink, set, tableAt } from "./workspace.js";
import { html } from "../vendor/preact.js";

const MOST_ROWS = 500;

/** @param {{project: string, where: any, ids: string[], rows: any[], columns: any[]}} props */
export function Differences({ project, where, ids, rows, columns }) {
  if (ids.length < 2) return html`<${Empty} title="Choose runs to compare"><p>Tick two runs or more in the list: what they were told and what came of it stands here side by side.</p></${Empty}>`;
  if (!rows.length) return html`<${Waiting} answer=${{ found: null, error: null, busy: true, again: () => undefined }} what="Runs" />`;
  const everything = where.all === "y";
  const text = (where.q ?? "").toLowerCase();
  const keys = columns.filter((column) => (everything || column.differs) && column.name.toLowerCase().includes(text));
  const same = columns.filter((column) => !column.differs).length;
  const shown = keys.slice(0, MOST_ROWS);
  const parts = [["config", "Config"], ["summary", "Summary"]].map(([prefix, name]) => ({ name, keys: shown.filter((column) => column.name.startsWith(`${prefix}.`)) }));
  return html`<div class="curves-bar"><${Search} value=${where.q ?? ""} label="Find a key" changed=${(/** @type {string} */ q) => set({ q }, true)} />
      <label class="check"><input type="checkbox" checked=${!everything} onChange=${(/** @type {any} */ event) => set({ all: event.target.checked ? "" : "y" }, true)} /> Only what differs</label>
      <span class="note">${count(columns.length - same)} of ${count(columns.length)} keys differ</span></div>
    <div class="scroll" tabindex="0" role="group" aria-label="Differences">
    ${!keys.length ? html`<${Empty} title=${text ? "No key has this in its name" : "Nothing differs"}><p>${text ? "" : "The chosen runs were told the same, and came to the same."}</p><div class="actions">${text ? html`<button class="btn" onClick=${() => set({ q: "" }, true)}>Show all</button>` : html`<button class="btn" onClick=${() => set({ all: "y" }, true)}>Show what is the same</button>`}</div></${Empty}>`
      : html`<table class="plain differences"><thead><tr><th scope="col" class="stick">Key</th>${rows.map((row) => html`<th scope="col" key=${row.run}><span class="head"><${RunDot} id=${row.run} on=${true} /><a href=${runLink(project, row.run)} dir="auto" title=${row.name}>${row.name}</a></span></th>`)}</tr></thead>
        <tbody><tr><th scope="row" class="stick">state</th>${rows.map((row) => html`<td><${RunState} state=${row.state} /></td>`)}</tr><tr><th scope="row" class="stick">duration</th>${rows.map((row) => html`<td class="num">${lengthText(row.seconds)}</td>`)}</tr></tbody>
        ${parts.filter((part) => part.keys.length).map((part) => html`<tbody key=${part.name}><tr class="part"><th scope="rowgroup" class="stick">${part.name}</th><td colspan=${rows.length}></td></tr>${part.keys.map((column) => html`<${Line} key=${column.name} column=${column} rows=${rows} />`)}</tbody>`)}</table>`}
    ${keys.length > shown.length ? html`<p class="note">The first ${count(shown.length)} of ${count(keys.length)} keys are shown: search for others.</p>` : null}</div>`;
}

/** @param {{column: any, rows: any[]}} props */
function Line({ column, rows }) {
  const texts = rows.map((row) => JSON.stringify(row.values[column.name] ?? null));
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  // What most runs have is calm; what stands out is marked, and said to be so.
  const usual = [...counts].sort((a, b) => b[1] - a[1])[0];
  const marks = column.differs && usual[1] > rows.length / 2;
  return html`<tr><th scope="row" class="stick" dir="auto" title=${column.name}>${runs.labelOf(column.name)}</th>${rows.map((row, i) => {
    const value = row.values[column.name];
    const odd = marks && texts[i] !== usual[0];
    return html`<td key=${row.run} class=${`${typeof value === "number" ? "num" : ""}${odd ? " is-odd" : ""}`} dir="auto" title=${odd ? "Differs from what most of these runs have" : undefined}>${value?.table ? html`<a href=${tableAt(value.table.artifact, value.table.path)}>table</a>` : runs.cellText(value)}</td>`;
  })}</tr>`;
}
