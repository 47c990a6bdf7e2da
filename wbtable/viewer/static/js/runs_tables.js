// What the chosen runs logged that opens as a table, by key: each run's alone, or all of a key as one, with a column for the run.
import { count } from "./numbers.js";
import { RunDot } from "./runs_list.js";
import * as runs from "./runs_state.js";
import { TablePreview } from "./table_preview.js";
import { Empty, Snippet, Waiting, tableAt, tableLink, useAnswer } from "./workspace.js";
import { html } from "../vendor/preact.js";

const SNIPPET = `table = wbtable.Table(columns=["id", "guess", "truth"])
table.add_data(0, "cat", "dog")
run.log({"predictions": table})`;

/** The tables of a key over runs, as one. @param {string} project @param {string} key @param {string[]} ids */
export function unionLink(project, key, ids) {
  return tableLink(unionOf(project, key, ids));
}

/** @param {string} project @param {string} key @param {string[]} ids */
function unionOf(project, key, ids) {
  const slots = runs.colours.peek();
  const ordered = [...ids].sort((a, b) => (slots.get(a) ?? 0) - (slots.get(b) ?? 0));
  return { kind: "union", project, run_key: key, runs: ordered };
}

/** @param {{project: string, where: any, ids: string[], rows: any[]}} props */
export function LoggedTables({ project, ids, rows }) {
  const answer = useAnswer(ids.length ? "/api/metrics" : null, { project, runs: ids }, project);
  if (!ids.length) return html`<${Empty} title="No run is chosen"><p>Tick runs in the list: the tables that they logged stand here.</p></${Empty}>`;
  if (!answer.found) return html`<${Waiting} answer=${answer} what="Tables" />`;
  const tables = [...answer.found.tables, ...answer.found.others];
  if (!tables.length) return html`<${Empty} title="No tables yet"><p>The chosen runs logged no tables. A table that is logged can be filtered, grouped and compared here:</p><${Snippet} text=${SNIPPET} label="Python that logs a table" /></${Empty}>`;
  const byId = new Map(rows.map((row) => [row.run, row]));
  return html`<div class="scroll padded" tabindex="0" role="group" aria-label="Logged tables">
    <p class="note">What runs logged under one key opens as one table, with the run and the step of each row.</p>
    <ul class="cards">${tables.map((/** @type {any} */ table) => html`<li key=${table.key} class="card"><div class="head-line"><h3 dir="auto">${table.key}</h3>${table.kind ? html`<span class="tag">${table.kind}</span>` : null}<span class="note">in ${count(table.runs.length)} of ${count(ids.length)} chosen runs</span><span class="gap"></span>
        <a class="btn primary" href=${unionLink(project, table.key, table.runs)} onClick=${() => runs.keepColours(project)}>${table.runs.length === 1 ? "Open" : `Open all ${count(table.runs.length)} as one`}</a></div>
      <ul class="chips">${table.runs.map((/** @type {string} */ id) => html`<li key=${id}>${lastOf(byId.get(id), table.key) ? html`<a href=${lastOf(byId.get(id), table.key)} dir="auto"><${RunDot} id=${id} on=${true} />${byId.get(id)?.name ?? id}</a>` : html`<a href=${unionLink(project, table.key, [id])} dir="auto"><${RunDot} id=${id} on=${true} />${byId.get(id)?.name ?? id}</a>`}</li>`)}</ul>
      <${TablePreview} source=${unionOf(project, table.key, table.runs)} title=${table.key} /></li>`)}</ul></div>`;
}

/** The table that a run logged last under a key, if its summary says so. @param {any} row @param {string} key */
function lastOf(row, key) {
  const found = Object.entries(row?.values ?? {}).find(([name, value]) => name.startsWith("summary.") && value?.table && runs.labelOf(name) === key);
  return found ? tableAt(found[1].table.artifact, found[1].table.path) : "";
}
