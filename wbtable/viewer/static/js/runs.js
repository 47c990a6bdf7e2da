// Runs of a project: the list at the left; beside it their curves, all their columns, what differs, or their tables.
import { count } from "./numbers.js";
import { follow, liveState } from "./live.js";
import { RunsFilter } from "./runs_filter.js";
import { ColumnsMenu, RunsList } from "./runs_list.js";
import * as runs from "./runs_state.js";
import { Empty, Snippet, Waiting, refreshed, set, useAnswer, useLoaded } from "./workspace.js";
import { html, useEffect, useMemo, useState } from "../vendor/preact.js";

const SHOWS = [
  { id: "curves", name: "Curves", load: () => import("./curves.js").then((found) => found.Curves) },
  { id: "table", name: "Table", load: () => Promise.resolve(null) },
  { id: "differences", name: "Differences", load: () => import("./runs_differences.js").then((found) => found.Differences) },
  { id: "tables", name: "Logged tables", load: () => import("./runs_tables.js").then((found) => found.LoggedTables) },
];
const LEAST_PAUSE = 1500;

/** Read the list anew when runs of it change, but not more often than a person can see. @param {string} project */
function useChanges(project) {
  useEffect(() => {
    const seen = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let waiting;
    let last = 0;
    const stop = follow(project, (/** @type {any[]} */ found) => {
      const known = new Map([...(runs.listed.peek()?.runs ?? []), ...runs.chosenRows.peek()].map((row) => [row.run, row]));
      const isNews = found.some((mark) => {
        const before = seen.get(mark.run) ?? `${known.get(mark.run)?.state} ${known.get(mark.run)?.updated_at}`;
        seen.set(mark.run, `${mark.state} ${mark.updated_at}`);
        return before !== seen.get(mark.run);
      });
      if (!isNews || waiting) return;
      waiting = setTimeout(() => {
        waiting = undefined;
        last = Date.now();
        refreshed.value += 1;
      }, Math.max(0, last + LEAST_PAUSE - Date.now()));
    });
    return () => (stop(), clearTimeout(waiting));
  }, [project]);
}

/** @param {{where: any, opened: any, project: string}} props */
export function RunsTab({ where, opened, project }) {
  const show = SHOWS.find((each) => each.id === where.show) ?? SHOWS[0];
  useEffect(() => (runs.restore(project), () => ((runs.listed.value = null), (runs.chosenRows.value = []))), [project]);
  useEffect(() => runs.keep(project), [JSON.stringify(where)]);
  const { part: View, broken } = useLoaded(`runs ${show.id}`, show.load);
  useChanges(project);
  const page = Number(where.page) || 0;
  const key = runs.sort.value;
  const isTable = show.id === "table";
  const picked = where.columns ? runs.readList(where.columns) : null;
  const [known, setKnown] = useState(/** @type {any[]} */ ([]));
  const columns = useMemo(() => (picked ?? runs.firstColumns(known, 12)).filter((name) => known.some((column) => column.name === name)), [where.columns, known]);
  const needed = isTable ? (known.length ? columns : undefined) : key ? [key.expression] : [];
  // What cannot be asked is said; the list shows all runs meanwhile.
  const [bad, setBad] = useState(/** @type {{text: string, error: any}} */ ({ text: "", error: null }));
  const filter = where.filter ?? "";
  const isBad = Boolean(bad.error) && bad.text === filter;
  const body = { project, filter: isBad ? "" : filter, sort: key ? [key] : [], offset: page * runs.PAGE, count: runs.PAGE, ...(needed ? { columns: needed } : {}) };
  const answer = useAnswer("/api/runs", body, project);
  const { found } = answer;
  const isExpression = answer.error?.code === "expression";
  useEffect(() => {
    if (isExpression && !isBad) setBad({ text: filter, error: answer.error });
  }, [answer.error]);
  useEffect(() => {
    if (!found) return;
    runs.listed.value = found;
    if (JSON.stringify(found.columns) !== JSON.stringify(known) && (found.matched || !known.length)) setKnown(found.columns);
  }, [found]);
  const ids = runs.chosen.value;
  const more = useAnswer(ids.length && found ? "/api/runs" : null, { project, runs: ids, count: runs.MOST_CHOSEN }, project);
  useEffect(() => {
    const byId = new Map((more.found?.runs ?? []).map((/** @type {any} */ row) => [row.run, row]));
    const rows = ids.map((/** @type {string} */ id) => byId.get(id)).filter(Boolean);
    if (more.found || !ids.length) runs.chosenRows.value = /** @type {any} */ (rows);
    runs.keepColours(project);
  }, [more.found, JSON.stringify(ids)]);
  if (!found) return html`<main class="home"><${Waiting} answer=${isExpression ? { ...answer, error: null } : answer} what="Runs" /></main>`;
  if (found.total === 0) return html`<${NoRuns} project=${project} opened=${opened} />`;
  return html`<section class="runs-bar" aria-label="Filter"><${RunsFilter} text=${filter} columns=${known} error=${isBad ? bad.error : null} warnings=${isBad ? [] : found.warnings} />
      ${isTable ? html`<${ColumnsMenu} known=${known} columns=${columns} />` : null}<div class="segments" role="group" aria-label="What shows beside the list">${SHOWS.map((each) => html`<button class="btn" aria-pressed=${each.id === show.id ? "true" : "false"} onClick=${() => set({ show: each.id === "curves" ? "" : each.id })}>${each.name}</button>`)}</div></section>
    <main class=${`runs${isTable ? " is-table" : ""}`}>
      <${RunsList} project=${project} found=${found} columns=${isTable ? columns : needed ?? []} known=${known} wide=${isTable} page=${page} filter=${filter} busy=${answer.busy} />
      ${isTable ? null : html`<section class="stage beside" aria-label=${show.name}><h2 class="sr">${show.name}</h2>${broken ? html`<p class="wrong" role="alert">${String(broken)}</p>` : View ? html`<${View} project=${project} where=${where} ids=${ids} rows=${runs.chosenRows.value} columns=${more.found?.columns ?? []} />` : null}</section>`}
    </main><${Foot} found=${found} error=${answer.error} again=${answer.again} busy=${answer.busy} filter=${filter} />`;
}

/** @param {{found: any, error: any, again: () => void, busy: boolean, filter: string}} props */
function Foot({ found, error, again, busy, filter }) {
  const [slow, setSlow] = useState(0);
  useEffect(() => {
    setSlow(0);
    if (!busy) return;
    const start = performance.now();
    const timer = setInterval(() => setSlow((performance.now() - start) / 1000), 500);
    return () => clearInterval(timer);
  }, [busy]);
  const live = liveState.value;
  const states = Object.entries(found?.states ?? {});
  return html`<footer class="status"><span role="status">${found ? `${count(found.matched)} ${found.matched === 1 ? "run" : "runs"}${found.matched !== found.total ? ` of ${count(found.total)}` : ""}` : ""}</span>
    ${states.map(([state, n]) => html`<span>${count(/** @type {number} */ (n))} ${state}</span>`)}
    <span>${count(runs.chosen.value.length)} chosen${runs.chosen.value.length >= runs.MOST_CHOSEN ? " (the most)" : ""}</span>
    ${busy && slow > 0.9 ? html`<span class="busy"><span class="dot"></span>${slow.toFixed(0)} s${filter ? html` <button onClick=${() => set({ filter: "", page: "" })}>Cancel</button>` : null}</span>` : null}
    ${error && error.code !== "expression" ? html`<span class="wrong">${error.message} <button onClick=${again}>Try again</button></span>` : null}
    <span class="gap"></span>${runs.changed.value ? html`<button onClick=${runs.reset}>Reset</button>` : null}
    ${live === "off" ? null : html`<span class="busy" title=${live === "live" ? "Runs that go on show what they log as they log it" : "What runs log is asked for every few seconds"}><span class=${`dot${live === "live" ? " is-still" : ""}`}></span>${live === "live" ? "Live" : "Checking"}</span>`}
    <button onClick=${() => /** @type {any} */ (document.querySelector("#store-keys"))?.showModal()}>Keys <kbd>?</kbd></button></footer>`;
}

/** @param {{project: string, opened: any}} props */
function NoRuns({ project, opened }) {
  const text = `import wbtable

run = wbtable.init(project=${JSON.stringify(project)}, store=${JSON.stringify(opened.store?.url ?? "")}, config={"lr": 0.01})
for step in range(100):
    run.log({"loss": 1 / (step + 1)})
run.finish()`;
  return html`<main class="home center"><${Empty} title="No runs yet"><p>A script that logs to this project shows up here while it goes on:</p><${Snippet} text=${text} label="Python that logs a run" />
    <div class="actions"><button class="btn" onClick=${() => (refreshed.value += 1)}>Look again</button></div></${Empty}></main>`;
}
