// The page of a project: its runs, artifacts and views, each under an address of its own.
import { Empty, Tabs, Waiting, projectLink, useAnswer, useLoaded } from "./workspace.js";
import { html } from "../vendor/preact.js";

/**
 * The tabs. `load` gives the component; it is shown with `{where, opened, project}`.
 * @type {{id: string, name: string, load: () => Promise<any>, count?: (found: any) => number | null}[]}
 */
export const TABS = [
  { id: "runs", name: "Runs", load: () => import("./runs.js").then((found) => found.RunsTab), count: (found) => found.runs },
  { id: "artifacts", name: "Artifacts", load: () => import("./artifacts.js").then((found) => found.ArtifactsTab), count: (found) => found.artifacts },
  { id: "views", name: "Views", load: () => import("./reports_list.js").then((found) => found.ViewsTab), count: (found) => found.views.length },
  { id: "reports", name: "Reports", load: () => import("./reports_list.js").then((found) => found.ReportsTab), count: (found) => found.reports?.length ?? null },
];

/** @param {{where: any, opened: any}} props */
export function ProjectPage({ where, opened }) {
  const projects = useAnswer("/api/projects");
  const found = projects.found?.projects.find((/** @type {any} */ each) => each.name === where.project);
  // Who has artifacts only begins with them.
  const tab = TABS.find((each) => each.id === where.tab) ?? (found && !found.runs && found.artifacts ? TABS[1] : TABS[0]);
  const { part: Tab, broken } = useLoaded(`tab ${tab.id}`, tab.load);
  if (projects.error) return html`<main class="home"><${Waiting} answer=${projects} what="The project" /></main>`;
  if (projects.found && !found) {
    return html`<main class="home center"><${Empty} title="There is no such project"><p>The store has no project <code>${where.project}</code>: it may have another name, or have been deleted.</p>
      <div class="actions"><a class="btn" href="/?projects=all">All projects</a></div></${Empty}></main>`;
  }
  return html`<${Tabs} name="Parts of the project" now=${tab.id} link=${(/** @type {string} */ id) => projectLink(where.project, id === "runs" ? { tab: "runs" } : { tab: id })}
      tabs=${TABS.map((each) => ({ id: each.id, name: each.name, count: found ? each.count?.(found) : null }))} />
    ${broken ? html`<main class="home"><p class="wrong" role="alert">${String(broken)}</p></main>` : Tab && projects.found ? html`<${Tab} where=${where} opened=${opened} project=${where.project} />` : html`<main class="home" aria-busy="true"></main>`}`;
}
