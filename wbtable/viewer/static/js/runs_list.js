// Runs as a table: chosen by boxes in their colours, sorted by the header; at the left in brief, alone with all columns.
import { count } from "./numbers.js";
import * as runs from "./runs_state.js";
import { Pager, RunState, When, lengthText, runLink, set, tableAt } from "./workspace.js";
import { html, useRef, useState } from "../vendor/preact.js";

const FACTS = [
  { name: "created_at", label: "Made", text: (/** @type {any} */ row) => html`<${When} at=${row.created_at} />` },
  { name: "seconds", label: "Duration", text: (/** @type {any} */ row) => lengthText(row.seconds), number: true },
  { name: "steps", label: "Steps", text: (/** @type {any} */ row) => (row.steps === undefined ? "—" : count(row.steps)), number: true },
  { name: "group", label: "Group", text: (/** @type {any} */ row) => row.group ?? "" },
];

/** @param {{id: string, on: boolean}} props */
export function RunDot({ id, on }) {
  const slot = runs.colours.value.get(id) ?? 0;
  return html`<span class=${`run-dot${on ? ` run-${slot % runs.COLOURS}` : " is-off"}${on && slot >= runs.COLOURS ? " is-dashed" : ""}`} aria-hidden="true"></span>`;
}

/** @param {{name: string, label: string, number?: boolean, of?: string, class?: string}} props */
function Head({ name, label, number, of, class: more }) {
  const now = runs.sort.value;
  const order = now?.expression === name ? now.order : null;
  return html`<th scope="col" class=${number ? "num" : more ?? ""} aria-sort=${order === "asc" ? "ascending" : order === "desc" ? "descending" : "none"}>
    <button onClick=${() => runs.sortBy(name)} title=${`${name}\nClick: sort`}>${of ? html`<span class="of">${of}</span>` : null}<span dir="auto">${label}</span>${order ? html`<span class="arrow" aria-hidden="true">${order === "asc" ? "↑" : "↓"}</span>` : null}</button></th>`;
}

/** @param {{project: string, found: any, columns: string[], known: any[], wide: boolean, page: number, filter: string, busy: boolean}} props */
export function RunsList({ project, found, columns, known, wide, page, filter, busy }) {
  const [width, setWidth] = useState(320);
  const root = useRef(/** @type {any} */ (null));
  const rows = found?.runs ?? [];
  const chosen = new Set(runs.chosen.value);
  const onPage = rows.filter((/** @type {any} */ row) => !row.error);
  const on = onPage.filter((/** @type {any} */ row) => chosen.has(row.run)).length;
  const all = (/** @type {boolean} */ to) => {
    const ids = new Set(onPage.map((/** @type {any} */ row) => row.run));
    const others = runs.chosen.peek().filter((/** @type {string} */ id) => !ids.has(id));
    runs.choose(to ? [...others, ...ids] : others);
  };
  const kinds = new Map(known.map((column) => [column.name, column.kind]));
  const facts = wide ? FACTS.filter((fact) => fact.name !== "group" || rows.some((/** @type {any} */ row) => row.group)) : [];
  const extra = wide ? columns : columns.filter((name) => !["name", "state"].includes(name)).slice(0, 1);
  const grip = (/** @type {PointerEvent} */ event) => {
    const start = event.clientX - width;
    const target = /** @type {HTMLElement} */ (event.target);
    target.setPointerCapture(event.pointerId);
    target.onpointermove = (/** @type {PointerEvent} */ move) => setWidth(Math.max(220, Math.min(720, move.clientX - start)));
    target.onpointerup = () => (target.onpointermove = null);
  };
  return html`<section class="runs-list" ref=${root} style=${wide ? undefined : { width: `${width}px` }} aria-label="Runs">
    <div class="scroll" tabindex="0" role="group" aria-label="List of runs" aria-busy=${busy ? "true" : "false"}>
    ${found && rows.length === 0 ? html`<div class="state"><h2>No run matches</h2><p>0 of ${count(found.total)} runs fulfil <code>${filter}</code>.</p><div class="actions"><button class="btn" onClick=${() => set({ filter: "", page: "" })}>Remove the filter</button></div></div>` : html`
    <table class=${`runs-table${wide ? "" : ` is-brief`}`}><thead><tr>
      <th scope="col" class="box"><input type="checkbox" aria-label="Choose all on this page" checked=${on > 0 && on === onPage.length} indeterminate=${on > 0 && on < onPage.length} onChange=${(/** @type {any} */ event) => all(event.target.checked)} /></th>
      <${Head} name="name" label="Run" /><${Head} name="state" label="State" class="state-col" />
      ${facts.map((fact) => html`<${Head} key=${fact.name} ...${fact} />`)}
      ${extra.map((name) => html`<${Head} key=${name} name=${name} label=${labelFor(name)} of=${name.startsWith("config.") ? "config" : name.startsWith("summary.") ? "summary" : ""} number=${kinds.get(name) === "number" || ["seconds", "steps"].includes(name)} />`)}
</tr></thead>
    <tbody>${rows.map((/** @type {any} */ row) => html`<${Row} key=${row.run} row=${row} project=${project} on=${chosen.has(row.run)} facts=${facts} extra=${extra} kinds=${kinds} wide=${wide} />`)}</tbody></table>`}</div>
    ${found ? html`<div class="list-foot"><${Pager} offset=${page * runs.PAGE} size=${runs.PAGE} total=${found.matched} noun=${found.matched === 1 ? "run" : "runs"} to=${(/** @type {number} */ offset) => set({ page: String(offset / runs.PAGE || "") }, true)} />
      ${chosen.size ? html`<button class="btn quiet" onClick=${() => runs.choose([])}>Choose none</button>` : html`<button class="btn quiet" onClick=${() => set({ runs: "" }, true)}>Choose the newest</button>`}</div>` : null}
    ${wide ? null : html`<div class="grip" role="separator" aria-orientation="vertical" aria-label="Width of the list" tabindex="0" aria-valuenow=${width} aria-valuemin="220" aria-valuemax="720" onPointerDown=${grip}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => { const by = event.key === "ArrowLeft" ? -20 : event.key === "ArrowRight" ? 20 : 0; if (by) { event.preventDefault(); setWidth(Math.max(220, Math.min(720, width + by))); } }}></div>`}</section>`;
}

/** @param {string} name */
function labelFor(name) {
  return FACTS.find((fact) => fact.name === name)?.label ?? runs.labelOf(name);
}

/** @param {{row: any, project: string, on: boolean, facts: any[], extra: string[], kinds: Map<string, string>, wide: boolean}} props */
function Row({ row, project, on, facts, extra, kinds, wide }) {
  if (row.error) {
    const span = 1 + facts.length + extra.length;
    return html`<tr class="is-damaged"><td class="box"></td><th scope="row"><span class="mono">${row.run}</span></th><td colspan=${span}><${RunState} state="damaged" short=${!wide} note=${row.error} /> <span class=${wide ? "why" : "sr"} title=${row.error}>${row.error}</span></td></tr>`;
  }
  const point = (/** @type {boolean} */ to) => on && (runs.pointed.value = to ? row.run : "");
  return html`<tr class=${on ? "is-on" : ""} onPointerEnter=${() => point(true)} onPointerLeave=${() => point(false)} onFocusIn=${() => point(true)} onFocusOut=${() => point(false)}>
    <td class="box"><label><input type="checkbox" checked=${on} aria-label=${`Choose ${row.name}`} onChange=${(/** @type {any} */ event) => runs.toggle(row.run, event.target.checked)} /><${RunDot} id=${row.run} on=${on} /></label></td>
    <th scope="row"><a href=${runLink(project, row.run)} dir="auto" title=${`${row.name}\n${row.run}`}>${row.name}</a></th>
    <td><${RunState} state=${row.state} short=${!wide} note=${stateNote(row)} /></td>
    ${facts.map((fact) => html`<td class=${fact.number ? "num" : ""}>${fact.text(row)}</td>`)}
    ${extra.map((name) => html`<td key=${name} class=${kinds.get(name) === "number" || ["seconds", "steps"].includes(name) ? "num" : ""} dir="auto" title=${typeof row.values[name] === "string" ? row.values[name] : undefined}><${Value} row=${row} name=${name} /></td>`)}</tr>`;
}

/** What a state means. @param {any} row */
export function stateNote(row) {
  if (row.state === "crashed") return `Crashed: it was heard of last at ${new Date(row.updated_at).toLocaleString()}, and did not say that it ended`;
  if (row.state === "failed") return "Failed: it ended with an error";
  return row.state;
}

/** @param {{row: any, name: string}} props */
function Value({ row, name }) {
  const fact = FACTS.find((each) => each.name === name);
  if (fact) return fact.text(row);
  const value = row.values[name];
  if (value === undefined || value === null) return html`<span class="dim">—</span>`;
  if (value.table) return html`<a href=${tableAt(value.table.artifact, value.table.path)}>table</a>`;
  return runs.cellText(value);
}

/** Which columns show. @param {{known: any[], columns: string[]}} props */
export function ColumnsMenu({ known, columns }) {
  const root = useRef(/** @type {any} */ (null));
  const [search, setSearch] = useState("");
  const text = search.toLowerCase();
  const found = known.filter((column) => column.name.toLowerCase().includes(text));
  const shown = new Set(columns);
  const put = (/** @type {string[]} */ names) => set({ columns: JSON.stringify(known.map((column) => column.name).filter((name) => names.includes(name))) }, true);
  return html`<button class="btn" onClick=${() => root.current.showModal()} aria-haspopup="dialog">Columns <span class="of">${count(columns.length)} of ${count(known.length)}</span></button>
    <dialog ref=${root} class="columns-sheet" aria-label="Columns of runs"><header><h2>Columns · ${count(columns.length)} of ${count(known.length)}</h2><button class="btn quiet icon" aria-label="Close" onClick=${() => root.current.close()}>×</button></header>
      <div class="inside"><input class="input" type="search" placeholder="Find a column" aria-label="Find a column" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} />
        <div class="actions"><button class="btn" onClick=${() => put([...shown, ...found.map((column) => column.name)])}>Show ${search ? "found" : "all"}</button><button class="btn" onClick=${() => { const gone = new Set(found.map((column) => column.name)); put([...shown].filter((name) => !gone.has(name))); }}>Hide ${search ? "found" : "all"}</button><button class="btn" onClick=${() => set({ columns: "" }, true)}>As at first</button></div>
        <ul class="collist">${found.slice(0, 300).map((column) => html`<li key=${column.name}><label><input type="checkbox" checked=${shown.has(column.name)} onChange=${(/** @type {any} */ event) => put(event.target.checked ? [...shown, column.name] : [...shown].filter((name) => name !== column.name))} /><span class="n" dir="auto">${column.name}</span><span class="ty">${column.differs ? "differs" : "the same"} · ${count(column.runs)}</span></label></li>`)}</ul>
        ${found.length > 300 ? html`<p class="note">The first 300 of ${count(found.length)} are listed: search for others.</p>` : null}</div></dialog>`;
}
