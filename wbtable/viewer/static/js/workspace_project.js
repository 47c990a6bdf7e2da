// The page of a project: its runs, artifacts and views, each under an address of its own.
import { count } from "./numbers.js";
import { Empty, Search, Tabs, Waiting, When, projectLink, set, tableLink, useAnswer } from "./workspace.js";
import { toQuery } from "./spec.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/**
 * The tabs. `load` gives the component; it is shown with `{where, opened, project}`.
 * @type {{id: string, name: string, load: () => Promise<any>, count?: (found: any) => number | null}[]}
 */
export const TABS = [
  { id: "runs", name: "Runs", load: () => import("./runs.js").then((found) => found.RunsTab), count: (found) => found.runs },
  { id: "artifacts", name: "Artifacts", load: () => import("./artifacts.js").then((found) => found.ArtifactsTab), count: (found) => found.artifacts },
  { id: "views", name: "Views", load: () => Promise.resolve(ViewsTab), count: (found) => found.views.length },
];

/** @param {{where: any, opened: any}} props */
export function ProjectPage({ where, opened }) {
  const projects = useAnswer("/api/projects");
  const [loaded, setLoaded] = useState(/** @type {Record<string, any>} */ ({}));
  const [broken, setBroken] = useState(/** @type {unknown} */ (null));
  const found = projects.found?.projects.find((/** @type {any} */ each) => each.name === where.project);
  // Who has artifacts only begins with them.
  const tab = TABS.find((each) => each.id === where.tab) ?? (found && !found.runs && found.artifacts ? TABS[1] : TABS[0]);
  useEffect(() => {
    if (!loaded[tab.id]) tab.load().then((component) => setLoaded({ ...loaded, [tab.id]: component }), setBroken);
  }, [tab.id]);
  if (projects.error) return html`<main class="home"><${Waiting} answer=${projects} what="The project" /></main>`;
  if (projects.found && !found) {
    return html`<main class="home center"><${Empty} title="There is no such project"><p>The store has no project <code>${where.project}</code>: it may have another name, or have been deleted.</p>
      <div class="actions"><a class="btn" href="/?projects=all">All projects</a></div></${Empty}></main>`;
  }
  const Tab = loaded[tab.id];
  return html`<${Tabs} name="Parts of the project" now=${tab.id} link=${(/** @type {string} */ id) => projectLink(where.project, id === "runs" ? { tab: "runs" } : { tab: id })}
      tabs=${TABS.map((each) => ({ id: each.id, name: each.name, count: found ? each.count?.(found) : null }))} />
    ${broken ? html`<main class="home"><p class="wrong" role="alert">${String(broken)}</p></main>` : Tab && projects.found ? html`<${Tab} where=${where} opened=${opened} project=${where.project} />` : html`<main class="home" aria-busy="true"></main>`}`;
}

/** Views that were saved by name. @param {{where: any, project: string}} props */
function ViewsTab({ where, project }) {
  const answer = useAnswer(`/api/views?${new URLSearchParams({ project })}`);
  if (!answer.found) return html`<main class="home"><${Waiting} answer=${answer} what="Views" /></main>`;
  const text = (where.q ?? "").toLowerCase();
  const views = answer.found.views.filter((/** @type {any} */ each) => each.name.toLowerCase().includes(text));
  if (!answer.found.views.length) {
    return html`<main class="home center"><${Empty} title="No views yet"><p>Open a table, filter, group or sort it, and save what you see under a name: it stands here for everybody who reads the store.</p>
      <div class="actions"><a class="btn" href=${projectLink(project, { tab: "artifacts" })}>Open a table</a></div></${Empty}></main>`;
  }
  return html`<main class="home wide"><div class="head-line"><h2>Views <span class="of">${count(answer.found.views.length)}</span></h2><span class="gap"></span>
      <${Search} value=${where.q ?? ""} label="Find a view" changed=${(/** @type {string} */ q) => set({ q }, true)} /></div>
    <ul class="links">${views.map((/** @type {any} */ each) => html`<li key=${each.name}>${each.error ? html`<span>${each.name}</span><span class="wrong">${each.error}</span>` : html`<a href=${`${tableLink(each.view.source)}&${toQuery({ ...each.view, source: undefined })}`}>${each.name}</a><span>${described(each.view)} · <${When} at=${each.created_at} /></span>`}</li>`)}</ul></main>`;
}

/** What a view does, in few words. @param {any} view */
function described(view) {
  const [first] = view.source?.tables ?? [];
  const of = view.source?.kind === "union" ? `${view.source.run_key} of runs` : first?.artifact ? `${first.artifact}/${first.path}` : "";
  const parts = [of, view.filter ? `where ${view.filter}` : "", view.group?.length ? `by ${view.group.join(", ")}` : ""];
  return parts.filter(Boolean).join(" · ");
}
