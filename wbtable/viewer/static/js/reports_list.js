// The reports of a project, and the views that were saved in it.
import { openNewReport, reportLink } from "./report_add.js";
import { viewLink } from "./views.js";
import { inWords } from "./views_menu.js";
import { count, panelCount } from "./numbers.js";
import { Empty, Search, Waiting, When, projectLink, set, useAnswer } from "./workspace.js";
import { html } from "../vendor/preact.js";

/** @param {{where: any, project: string, opened: any}} props */
export function ReportsTab({ where, project, opened }) {
  const answer = useAnswer(`/api/reports?${new URLSearchParams({ project })}`);
  if (!answer.found) return html`<main class="home"><${Waiting} answer=${answer} what="Reports" /></main>`;
  const text = (where.q ?? "").toLowerCase();
  const all = answer.found.reports;
  const reports = all.filter((/** @type {any} */ each) => `${each.title} ${each.description}`.toLowerCase().includes(text));
  const fresh = html`<button class="btn primary" disabled=${opened.read_only} title=${opened.read_only ? "The server was started with --read-only" : ""} onClick=${() => openNewReport(project)}>New report</button>`;
  if (!all.length) {
    return html`<main class="home center"><${Empty} title="No reports yet"><p>A report is a page of text and views: what was found, with the tables that show it. Readers sort and filter in them, and it exports as one file.</p>
      <div class="actions">${fresh}</div></${Empty}></main>`;
  }
  return html`<main class="home wide"><div class="head-line"><h2>Reports <span class="of">${count(all.length)}</span></h2><span class="gap"></span>
      <${Search} value=${where.q ?? ""} label="Find a report" changed=${(/** @type {string} */ q) => set({ q }, true)} />${fresh}</div>
    ${reports.length ? html`<ul class="links kept">${reports.map((/** @type {any} */ each) => html`<li key=${each.name}>${each.error
      ? html`<span><b dir="auto">${each.name}</b></span><span class="wrong">${each.error}</span>`
      : html`<span><a href=${reportLink(project, each.name)} dir="auto">${each.title}</a>${each.description ? html`<small dir="auto">${each.description}</small>` : null}</span><span>${panelCount(each.panels)} · <${When} at=${each.created_at} /></span>`}</li>`)}</ul>`
      : html`<p class="note">No report has “${where.q}” in its name.</p>`}</main>`;
}

/** Views that were saved by name. @param {{where: any, project: string}} props */
export function ViewsTab({ where, project }) {
  const answer = useAnswer(`/api/views?${new URLSearchParams({ project })}`);
  if (!answer.found) return html`<main class="home"><${Waiting} answer=${answer} what="Views" /></main>`;
  const text = (where.q ?? "").toLowerCase();
  const all = answer.found.views;
  const views = all.filter((/** @type {any} */ each) => `${each.title} ${each.description ?? ""}`.toLowerCase().includes(text));
  if (!all.length) {
    return html`<main class="home center"><${Empty} title="No views yet"><p>Open a table, filter, group or sort it, and save what you see under a name: it stands here for everybody who reads the store.</p>
      <div class="actions"><a class="btn" href=${projectLink(project, { tab: "artifacts" })}>Open a table</a></div></${Empty}></main>`;
  }
  return html`<main class="home wide"><div class="head-line"><h2>Views <span class="of">${count(all.length)}</span></h2><span class="gap"></span>
      <${Search} value=${where.q ?? ""} label="Find a view" changed=${(/** @type {string} */ q) => set({ q }, true)} /></div>
    ${views.length ? html`<ul class="links kept">${views.map((/** @type {any} */ each) => html`<li key=${each.name}>${each.error
      ? html`<span><b dir="auto">${each.name}</b></span><span class="wrong">${each.error}</span>`
      : html`<span><a href=${viewLink(project, each.name)} dir="auto">${each.title}</a><small dir="auto">${each.description || `${tableWords(each.view)} · ${inWords(each.view)}`}</small></span><span><${When} at=${each.created_at} /></span>`}</li>`)}</ul>`
      : html`<p class="note">No view has “${where.q}” in its name.</p>`}</main>`;
}

/** @param {any} view */
function tableWords(view) {
  const [first] = view.source?.tables ?? [];
  return view.source?.kind === "union" ? `${view.source.run_key} of runs` : first?.artifact ? `${first.artifact}:${String(first.version).slice(0, 12)}` : "";
}
