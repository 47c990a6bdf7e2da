// One run: what it was told, what came of it, where it ran, its curves, its tables, what it used and made.
import { CurvesOf } from "./curves.js";
import { follow } from "./live.js";
import { count } from "./numbers.js";
import { stateNote } from "./runs_list.js";
import * as runs from "./runs_state.js";
import { panelQuery } from "./kept.js";
import { Empty, Problems, RunState, Search, Tabs, Waiting, When, address, lengthText, projectLink, refreshed, set, sourceAt, tableAt, useAnswer, versionLink } from "./workspace.js";
import { unionLink } from "./runs_tables.js";
import { TablePreview } from "./table_preview.js";
import { html, useEffect, useState } from "../vendor/preact.js";

const TABS = [["overview", "Overview"], ["curves", "Curves"], ["tables", "Tables"], ["artifacts", "Artifacts"]];
const STEPS = 100;
const LINES = 6;

/** @param {{where: any}} props */
export function RunPage({ where }) {
  const { project, run } = where;
  const answer = useAnswer(`/api/run?${new URLSearchParams({ project, run })}`, undefined, `${project}/${run}`);
  const [large, setLarge] = useState("");
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let waiting;
    const stop = follow(project, (/** @type {any[]} */ found) => {
      const mark = found.find((each) => each.run === run);
      if (!mark || waiting) return;
      waiting = setTimeout(() => ((waiting = undefined), (refreshed.value += 1)), 1500);
    });
    return () => (stop(), clearTimeout(waiting));
  }, [project, run]);
  const { found } = answer;
  if (!found) {
    if (answer.error?.code === "not_found") return html`<main class="home center"><${Empty} title="There is no such run"><p>${answer.error.message}</p><div class="actions"><button class="btn" onClick=${answer.again}>Try again</button><a class="btn" href=${projectLink(project)}>All runs of ${project}</a></div></${Empty}></main>`;
    return html`<main class="home"><${Waiting} answer=${answer} what="The run" /></main>`;
  }
  const tab = TABS.some(([id]) => id === where.tab) ? where.tab : "overview";
  const counts = /** @type {Record<string, number>} */ ({ curves: found.keys.length, tables: found.tables.length, artifacts: found.logged.length + found.used.length });
  return html`<div class="page-head"><div class="head-line"><h2 dir="auto" class="big">${found.name}</h2><${RunState} state=${found.state} note=${stateNote(found)} />
      ${found.tags.map((/** @type {string} */ tag) => html`<span class="tag" dir="auto">${tag}</span>`)}<span class="gap"></span>
      <a class="btn" href=${projectLink(project, { runs: JSON.stringify([run]) })}>Show among all runs</a></div>
      <p class="note facts-line"><span>Made <${When} at=${found.created_at} /></span><span>${found.state === "running" ? "Running for" : "Took"} ${lengthText(found.seconds)}</span><span>${count(found.steps)} ${found.steps === 1 ? "step" : "steps"}</span>${found.attempts > 1 ? html`<span>${count(found.attempts)} attempts</span>` : null}${found.group ? html`<span>Group ${found.group}</span>` : null}${found.job_type ? html`<span>Job ${found.job_type}</span>` : null}<span>Id <code>${found.run}</code></span></p>
      ${found.state === "crashed" || found.state === "failed" ? html`<p class=${`say is-${found.state}`} role="note">${stateNote(found)}${found.exit_code ? ` (exit code ${found.exit_code})` : ""}. What it had logged is here.</p>` : null}
      ${found.notes ? html`<p class="notes">${found.notes}</p>` : null}</div>
    <${Tabs} name="Parts of the run" now=${tab} link=${(/** @type {string} */ id) => address({ project, run, tab: id === "overview" ? "" : id })} tabs=${TABS.map(([id, name]) => ({ id, name, count: counts[id] }))} />
    ${tab === "curves" ? html`<main class="runs"><section class="stage beside" aria-label="Curves"><${CurvesOf} project=${project} where=${where} ids=${[run]} rows=${[{ run, name: found.name, values: {} }]} columns=${[]} all=${found.keys} large=${large} setLarge=${setLarge} single=${true} /></section></main>`
      : html`<main class="home wide"><${Problems} problems=${found.problems} what="the run" />${tab === "tables" ? html`<${Tables} found=${found} where=${where} />` : tab === "artifacts" ? html`<${Artifacts} found=${found} />` : html`<${Overview} found=${found} where=${where} />`}</main>`}`;
}

/** @param {{found: any, where: any}} props */
function Overview({ found, where }) {
  const text = (where.q ?? "").toLowerCase();
  const pick = (/** @type {[string, any][]} */ entries) => entries.filter(([key]) => key.toLowerCase().includes(text));
  const config = pick(flat(found.config));
  const summary = pick(flat(found.summary));
  const environment = pick(Object.entries(found.environment));
  const many = flat(found.config).length + flat(found.summary).length > 20;
  return html`${many ? html`<div class="head-line"><${Search} value=${where.q ?? ""} label="Find a key" changed=${(/** @type {string} */ q) => set({ q }, true)} /></div>` : null}
    <div class="columns-2"><section><h2>Config</h2>${config.length ? html`<${Pairs} entries=${config} />` : html`<p class="note">${text ? "No key of the config has this in its name." : "No config: wbtable.init(config={…}) keeps the settings of a run."}</p>`}</section>
    <section><h2>Summary</h2>${summary.length ? html`<${Pairs} entries=${summary} numbers=${true} />` : html`<p class="note">${text ? "No key of the summary has this in its name." : "Nothing was logged yet."}</p>`}</section></div>
    <section><h2>Environment</h2>${environment.length ? html`<${Pairs} entries=${[...environment, ["host", found.process.host], ["process", String(found.process.pid)]]} mono=${true} />` : html`<p class="note">${text ? "Nothing of the environment has this in its name." : "It was not recorded."}</p>`}</section>
    ${found.others.length ? html`<section><h2>Also logged</h2><ul class="chips">${found.others.map((/** @type {any} */ each) => html`<li><a href=${unionLink(found.project, each.key, [found.run])} dir="auto">${each.key} <span class="note">${each.kind}</span></a></li>`)}</ul><p class="note">Each opens as a table with a row for each step; in Python <code>run.history([key])</code> reads them.</p></section>` : null}`;
}

/** Settings inside settings, with points between their names. @param {Record<string, any>} values @param {string} [prefix] @returns {[string, any][]} */
export function flat(values, prefix = "") {
  return Object.entries(values).flatMap(([key, value]) =>
    value && typeof value === "object" && !Array.isArray(value) && !value.table && value.cut === undefined && Object.keys(value).length ? flat(value, `${prefix}${key}.`) : [/** @type {[string, any]} */ ([`${prefix}${key}`, value])]);
}

/** @param {{entries: [string, any][], numbers?: boolean, mono?: boolean}} props */
export function Pairs({ entries, numbers, mono }) {
  return html`<table class=${`plain pairs${mono ? " is-wide" : ""}`}><tbody>${entries.map(([key, value]) => html`<tr key=${key}><th scope="row" dir="auto">${key}</th><td class=${`${numbers && typeof value === "number" ? "num" : ""}${mono ? " mono" : ""}`} dir="auto">${value?.table ? html`<a href=${tableAt(value.table.artifact, value.table.path)}>table</a>` : value === null ? html`<span class="dim">null</span>` : html`<${Long} text=${runs.cellText(value)} />`}</td></tr>`)}</tbody></table>`;
}

/** A text; of one with many lines how many there are, and all on demand. @param {{text: string}} props */
function Long({ text }) {
  const lines = text.split("\n").length;
  return lines > LINES ? html`<details><summary>${count(lines)} lines</summary>${text}</details>` : text;
}

/** @param {{found: any, where: any}} props */
function Tables({ found, where }) {
  if (!found.tables.length) return html`<${Empty} title="No tables"><p>The run logged no tables: <code>run.log({"predictions": table})</code> keeps one for each step.</p></${Empty}>`;
  return html`<ul class="cards">${found.tables.map((/** @type {any} */ table) => html`<${LoggedTable} key=${table.key} project=${found.project} run=${found.run} table=${table} open=${where.key === table.key} />`)}</ul>`;
}

/** @param {{project: string, run: string, table: any, open: boolean}} props */
function LoggedTable({ project, run, table, open }) {
  const [all, setAll] = useState(open);
  const last = table.steps[table.steps.length - 1];
  const steps = [...table.steps].reverse();
  const shown = all ? steps.slice(0, 1000) : steps.slice(0, Math.min(STEPS, 12));
  return html`<li class="card"><div class="head-line"><h3 dir="auto">${table.key}</h3><span class="note">${table.logged === 1 ? `logged at step ${last.step}` : `logged at ${count(table.logged)} steps`}</span><span class="gap"></span>
      ${table.logged > 1 ? html`<a class="btn" href=${unionLink(project, table.key, [run])}>All steps as one</a>` : null}<a class="btn primary" href=${tableAt(last.artifact, last.path) + panelQuery(`run ${run} ${table.key}`)}>${table.logged === 1 ? "Open" : "Open the last"}</a></div>
    ${table.logged > 1 ? html`<ul class="chips" aria-label=${`Steps of ${table.key}`}>${shown.map((/** @type {any} */ each) => html`<li key=${each.step}><a href=${tableAt(each.artifact, each.path) + panelQuery(`run ${run} ${table.key}`)}>step ${count(each.step)}</a></li>`)}
      ${steps.length > shown.length && !all ? html`<li><button class="btn quiet" onClick=${() => setAll(true)}>${count(steps.length - shown.length)} more</button></li>` : null}</ul>
      ${table.logged > table.steps.length ? html`<p class="note">The last ${count(table.steps.length)} of ${count(table.logged)} steps are listed; all steps as one has them all.</p>` : null}` : null}
    <${TablePreview} source=${sourceAt(last.artifact, last.path)} title=${table.key} /></li>`;
}

/** @param {{found: any}} props */
function Artifacts({ found }) {
  const list = (/** @type {string[]} */ names, /** @type {string} */ empty) => (names.length ? html`<ul class="links">${names.map((name) => html`<li key=${name}><a href=${versionLink(name)} dir="auto">${name}</a></li>`)}</ul>` : html`<p class="note">${empty}</p>`);
  return html`<div class="columns-2"><section><h2>Used</h2>${list(found.used, "The run used no artifacts: run.use_artifact(\"name:latest\") records what it reads.")}</section><section><h2>Logged</h2>${list(found.logged, "The run logged no artifacts.")}</section></div>`;
}
