// The first page of a store: its projects, how much is in each, and what happened last.
import { count } from "./numbers.js";
import { Empty, RunState, Search, Snippet, Waiting, When, projectLink, runLink, set, useAnswer, versionLink } from "./workspace.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const STATES = ["running", "finished", "failed", "crashed", "damaged"];
const PAGE = 50;

/** @param {string} url */
function firstSteps(url) {
  const place = JSON.stringify(url);
  return `import wbtable

run = wbtable.init(project="my-project", store=${place}, config={"lr": 0.01})
for step in range(100):
    run.log({"loss": 1 / (step + 1)})
table = wbtable.Table(columns=["id", "guess", "truth"], data=[[0, "cat", "dog"]])
run.log({"predictions": table})
run.finish()`;
}

/** @param {{where: any, opened: any}} props */
export function ProjectsPage({ where, opened }) {
  const answer = useAnswer("/api/projects");
  const [all, setAll] = useState(false);
  if (!answer.found) return html`<main class="home"><${Waiting} answer=${answer} what="Projects" /></main>`;
  const projects = answer.found.projects;
  if (!opened.store) return html`<main class="home center"><${Empty} title="No store is open"><p>What is open is a table outside of any store. Start <code>wbtable view STORE</code> to see projects, runs and artifacts.</p></${Empty}></main>`;
  if (!projects.length) {
    return html`<main class="home"><section class="first"><h2>This store is empty</h2>
      <p>Log a run, and it shows here from its first step on:</p>
      <${Snippet} text=${firstSteps(opened.store.url)} label="Python that logs a run" />
      <p>Or bring what you have:</p>
      <${Snippet} text=${`wbtable --store ${JSON.stringify(opened.store.url)} put my-project/digits ./data --type dataset\nwbtable --store ${JSON.stringify(opened.store.url)} import wandb ./wandb`} label="Commands that bring data" />
      <div class="actions"><button class="btn" onClick=${answer.again}>Look again</button></div></section></main>`;
  }
  const text = (where.q ?? "").toLowerCase();
  const found = projects.filter((/** @type {any} */ each) => each.name.toLowerCase().includes(text));
  const shown = all ? found : found.slice(0, PAGE);
  return html`<main class="home wide"><div class="head-line"><h2>Projects <span class="of">${count(projects.length)}</span></h2><span class="gap"></span>
      ${projects.length > 5 ? html`<${Search} value=${where.q ?? ""} label="Find a project" changed=${(/** @type {string} */ q) => set({ q }, true)} />` : null}</div>
    <p class="note where-note"><code>${opened.store.url}</code>${opened.read_only ? " · read only" : ""}</p>
    ${found.length ? html`<ul class="projects">${shown.map((/** @type {any} */ each) => html`<${Project} key=${each.name} project=${each} />`)}</ul>` : html`<${Empty} title="No project has this in its name"><div class="actions"><button class="btn" onClick=${() => set({ q: "" }, true)}>Show all</button></div></${Empty}>`}
    ${shown.length < found.length ? html`<div class="actions"><button class="btn" onClick=${() => setAll(true)}>Show all ${count(found.length)}</button></div>` : null}</main>`;
}

/** @param {{project: any}} props */
function Project({ project }) {
  const root = useRef(/** @type {any} */ (null));
  const [near, setNear] = useState(false);
  useEffect(() => {
    // What happened in a project is asked for when it comes into sight: a store may have thousands.
    const watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && (setNear(true), watcher.disconnect()), { rootMargin: "200px" });
    watcher.observe(root.current);
    return () => watcher.disconnect();
  }, []);
  const { found } = useAnswer(near ? `/api/activity?${new URLSearchParams({ project: project.name })}` : null);
  const states = found ? STATES.filter((name) => found.states[name]) : [];
  const views = project.views.length;
  return html`<li class="project" ref=${root}><div class="about"><h3><a href=${projectLink(project.name)}>${project.name}</a></h3>
      <p class="counts"><a href=${projectLink(project.name)}>${count(project.runs)} ${project.runs === 1 ? "run" : "runs"}</a>
        <a href=${projectLink(project.name, { tab: "artifacts" })}>${count(project.artifacts)} ${project.artifacts === 1 ? "artifact" : "artifacts"}</a>
        ${views ? html`<a href=${projectLink(project.name, { tab: "views" })}>${count(views)} ${views === 1 ? "view" : "views"}</a>` : null}</p>
      <p class="states">${states.map((name) => html`<span><${RunState} state=${name} short=${true} /> ${count(found.states[name])} ${name}</span>`)}</p></div>
    <div class="recent" aria-busy=${found ? "false" : "true"}>${found?.runs.length ? html`<h4>Runs</h4><ul>${found.runs.slice(0, 3).map((/** @type {any} */ run) => html`<li><${RunState} state=${run.state} short=${true} /><a href=${runLink(project.name, run.run)} dir="auto">${run.name}</a><${When} at=${run.updated_at} /></li>`)}</ul>` : null}</div>
    <div class="recent">${found?.artifacts.length ? html`<h4>Artifacts</h4><ul>${found.artifacts.slice(0, 3).map((/** @type {any} */ each) => html`<li><a href=${versionLink(each.name)} dir="auto">${each.artifact}:${each.version}</a><${When} at=${each.created_at} /></li>`)}</ul>` : null}</div></li>`;
}
