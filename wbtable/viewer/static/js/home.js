// The pages of a store: which one the address means. What it needs is loaded when it is first shown.
import { Top } from "./page.js";
import * as state from "./state.js";
import { followed, go, place, returned, tableLink, address, projectLink, useLoaded } from "./workspace.js";
import { html, useEffect } from "../vendor/preact.js";

export { tableLink };

/** @type {Record<string, () => Promise<any>>} */
const PAGES = {
  projects: () => import("./workspace_projects.js").then((found) => found.ProjectsPage),
  project: () => import("./workspace_project.js").then((found) => found.ProjectPage),
  run: () => import("./runs_page.js").then((found) => found.RunPage),
  report: () => import("./report.js").then((found) => found.ReportPage),
  artifact: () => import("./artifact_page.js").then((found) => found.ArtifactPage),
};

/** Which page an address means. @param {Record<string, string>} where */
function pageOf(where) {
  if (!where.project) return "projects";
  if (where.report) return "report";
  return where.artifact ? "artifact" : where.run ? "run" : "project";
}

/** @param {{store: string, where: Record<string, string>}} props */
function Crumbs({ store, where }) {
  if (!where.project) return null;
  const inside = Boolean(where.artifact || where.run || where.report);
  return html`<a href=${address({})}>${store}</a> / ${inside ? html`<a href=${projectLink(where.project, where.artifact ? { tab: "artifacts" } : where.report ? { tab: "reports" } : {})}>${where.project}</a> / ` : null}`;
}

/** What is wrong if a page's scripts do not come. @param {{error: unknown}} props */
function Broken({ error }) {
  return html`<main class="home center"><div class="state" role="alert"><h2>This page cannot be loaded</h2><p>${String(error)}</p>
    <div class="actions"><button class="btn" onClick=${() => location.reload()}>Try again</button></div></div></main>`;
}

/** @param {{place: any, opened: any}} props */
export function Home({ place: start, opened }) {
  useEffect(() => {
    const { page, ...found } = start;
    go(found, true);
    const key = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, [contenteditable], dialog, .menu")) return;
      if (event.key === "/") /** @type {HTMLElement | null} */ (document.querySelector("[data-search]"))?.focus();
      else if (event.key.toLowerCase() === "t") void import("./actions.js").then((actions) => actions.theme());
      else if (event.key === "?") /** @type {any} */ (document.querySelector("#store-keys"))?.showModal();
      else return;
      event.preventDefault();
    };
    addEventListener("popstate", returned);
    document.addEventListener("click", followed);
    document.addEventListener("keydown", key);
    return () => (removeEventListener("popstate", returned), document.removeEventListener("click", followed), document.removeEventListener("keydown", key));
  }, []);
  const where = place.value;
  const name = pageOf(where);
  const { part: Page, broken } = useLoaded(`page ${name}`, PAGES[name]);
  const store = opened.store?.name ?? "Store";
  state.title.value = where.report ?? where.artifact ?? where.run ?? where.project ?? store;
  useEffect(() => {
    document.title = `${state.title.value} · wbtable`;
  }, [state.title.value]);
  return html`<${Top} crumbs=${html`<${Crumbs} store=${store} where=${where} />`} />
    ${broken ? html`<${Broken} error=${broken} />` : Page ? html`<${Page} where=${where} opened=${opened} key=${[where.project, where.artifact, where.run].join("\n")} />` : html`<main class="home" aria-busy="true"></main>`}
    <${Keys} />`;
}

function Keys() {
  return html`<dialog id="store-keys" aria-label="Keys"><header><h2>Keys</h2>
    <form method="dialog"><button class="btn quiet icon" aria-label="Close">×</button></form></header>
    <div class="inside keys one">
      <div><span>Search or filter what is shown</span><kbd>/</kbd></div>
      <div><span>Light, dark, as the system</span><kbd>T</kbd></div>
      <div><span>Along the points of a curve</span><span><kbd>←</kbd> <kbd>→</kbd></span></div>
      <div><span>Zoom a curve, and all of it again</span><span><kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd></span></div>
      <div><span>Choose the run of a row</span><kbd>Space</kbd></div>
      <div><span>These keys</span><kbd>?</kbd></div></div></dialog>`;
}
