// The artifacts of a project: by type, searched, some at once.
import { count } from "./numbers.js";
import { Empty, Pager, Search, Snippet, Waiting, When, refreshed, runLink, set, sizeText, useAnswer, versionLink } from "./workspace.js";
import { html } from "../vendor/preact.js";

const PAGE = 100;

/** @param {{where: any, opened: any, project: string}} props */
export function ArtifactsTab({ where, opened, project }) {
  const page = Number(where.page) || 0;
  const query = new URLSearchParams({ project, type: where.type ?? "", search: where.q ?? "", offset: String(page * PAGE), count: String(PAGE) });
  const answer = useAnswer(`/api/artifacts?${query}`, undefined, project);
  const types = useAnswer(`/api/artifacts/types?${new URLSearchParams({ project })}`, undefined, project);
  const { found } = answer;
  if (!found) return html`<main class="home"><${Waiting} answer=${answer} what="Artifacts" /></main>`;
  const plain = !where.type && !where.q;
  if (plain && !found.total) {
    const url = JSON.stringify(opened.store?.url ?? "");
    return html`<main class="home center"><${Empty} title="No artifacts yet"><p>An artifact keeps files and tables in versions. Put a folder into this project:</p>
      <${Snippet} text=${`wbtable --store ${url} put ${project}/my-data ./folder --type dataset`} label="Command that makes an artifact" /><div class="actions"><button class="btn" onClick=${() => (refreshed.value += 1)}>Look again</button></div></${Empty}></main>`;
  }
  const all = types.found?.types ?? [];
  const sum = all.reduce((/** @type {number} */ total, /** @type {any} */ each) => total + each.artifacts, 0);
  return html`<main class="artifacts"><nav class="types" aria-label="Types of artifacts"><ul>
      <li><button aria-pressed=${where.type ? "false" : "true"} onClick=${() => set({ type: "", page: "" })}><span>All types</span><span class="of">${types.found ? count(sum) : ""}</span></button></li>
      ${all.map((/** @type {any} */ each) => html`<li key=${each.type}>${each.type === null ? html`<span class="unread">cannot be read <span class="of">${count(each.artifacts)}</span></span>` : html`<button aria-pressed=${where.type === each.type ? "true" : "false"} onClick=${() => set({ type: each.type, page: "" })}><span dir="auto">${each.type}</span><span class="of">${count(each.artifacts)}</span></button>`}</li>`)}</ul>
      ${types.found ? null : html`<p class="note">${types.error ? types.error.message : "Reading types…"}</p>`}</nav>
    <section class="stage beside" aria-label="Artifacts"><div class="curves-bar"><${Search} value=${where.q ?? ""} label="Find an artifact" changed=${(/** @type {string} */ q) => set({ q, page: "" }, true)} /></div>
      <div class="scroll" tabindex="0" role="group" aria-label="List of artifacts" aria-busy=${answer.busy ? "true" : "false"}>${found.artifacts.length ? html`<table class="runs-table"><thead><tr><th scope="col">Artifact</th><th scope="col">Type</th><th scope="col">Newest</th><th scope="col">Aliases</th><th scope="col" class="num">Size</th><th scope="col" class="num">Files</th><th scope="col">Made</th><th scope="col">By run</th></tr></thead>
        <tbody>${found.artifacts.map((/** @type {any} */ each) => html`<${ArtifactRow} key=${each.artifact} each=${each} />`)}</tbody></table>` : html`<${Empty} title="No artifact matches"><div class="actions"><button class="btn" onClick=${() => set({ q: "", type: "", page: "" })}>Show all</button></div></${Empty}>`}</div>
      <div class="list-foot"><${Pager} offset=${page * PAGE} size=${PAGE} total=${found.total} noun=${found.total === 1 ? "artifact" : "artifacts"} to=${(/** @type {number} */ offset) => set({ page: String(offset / PAGE || "") }, true)} /></div></section></main>`;
}

/** A run as its list and its versions name it. @param {{path: string | null}} props */
export function ByRun({ path }) {
  if (!path) return html`<span class="dim">—</span>`;
  const [, project, run] = /^([^/]*)\/(.*)$/s.exec(path) ?? ["", "", path];
  return html`<a href=${runLink(project, run)} dir="auto">${run}</a>`;
}

/** @param {{each: any}} props */
function ArtifactRow({ each }) {
  if (!each.version) return html`<tr class="is-damaged"><th scope="row">${each.artifact}</th><td colspan="7"><span class="run-state is-damaged"><i aria-hidden="true">⚠</i>cannot be read</span> <span class="why">${each.error}</span></td></tr>`;
  return html`<tr><th scope="row"><a href=${versionLink(`${each.project}/${each.artifact}`)} dir="auto">${each.artifact}</a></th><td dir="auto">${each.type}</td><td>${each.version}</td><td>${each.aliases.map((/** @type {string} */ alias) => html`<span class="tag is-alias" dir="auto">${alias}</span>`)}</td>
    ${each.error ? html`<td colspan="2"><span class="run-state is-damaged" title=${each.error}><i aria-hidden="true">⚠</i>damaged</span></td>` : html`<td class="num">${sizeText(each.size)}</td><td class="num">${count(each.files)}</td>`}<td><${When} at=${each.created_at} /></td><td><${ByRun} path=${each.logged_by} /></td></tr>`;
}
