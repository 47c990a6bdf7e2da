// The page of a store: projects, artifacts, versions and their tables, each a link.
import { get } from "./api.js";
import { count } from "./numbers.js";
import { Top } from "./page.js";
import * as state from "./state.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** @param {any} source */
export function tableLink(source) {
  return `/?source=${encodeURIComponent(JSON.stringify(source))}`;
}

/** @param {string} path @param {any} key */
function useAnswer(path, key) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    if (!path) return;
    const control = new AbortController();
    setFound(null);
    get(path, control.signal).then(setFound, (error) => error.name !== "AbortError" && setFound({ error }));
    return () => control.abort();
  }, [key]);
  return found;
}

/** @param {{found: any, empty: string, items: (found: any) => any[], row: (each: any) => any}} props */
function List({ found, empty, items, row }) {
  if (found === null) return html`<p class="note">Reading…</p>`;
  if (found.error) return html`<p class="wrong" role="alert">${found.error.message}</p>`;
  const list = items(found);
  if (!list.length) return html`<p class="note">${empty}</p>`;
  return html`<ul class="links">${list.map(row)}</ul>`;
}

/** @param {{place: any, opened: any}} props */
export function Home({ place, opened }) {
  const { project, artifact, version } = place;
  const query = (/** @type {Record<string, string>} */ values) => `/?${new URLSearchParams(values)}`;
  const projects = useAnswer(project ? "" : "/api/projects", "projects");
  const artifacts = useAnswer(project && !artifact ? `/api/artifacts?${new URLSearchParams({ project })}` : "", project);
  const versions = useAnswer(artifact ? `/api/versions?${new URLSearchParams({ project, artifact })}` : "", `${project}/${artifact}`);
  const chosen = version ?? versions?.versions?.[0]?.version;
  const one = useAnswer(chosen ? `/api/version?${new URLSearchParams({ project, artifact, version: chosen })}` : "", `${project}/${artifact}:${chosen}`);
  state.title.value = artifact ?? project ?? opened.store?.name ?? "Store";
  document.title = `${state.title.value} · wbtable`;
  const crumbs = [html`<a href="/">${opened.store?.name ?? "Store"}</a>`, project && artifact ? html` / <a href=${query({ project })}>${project}</a> / ` : project ? " / " : null];
  return html`<${Top} crumbs=${project ? crumbs : null} /><main class="home">
    ${!project ? html`<section><h2>Projects</h2><${List} found=${projects} empty="The store has no projects yet: log an artifact or a run, and it stands here." items=${(/** @type {any} */ found) => found.projects}
      row=${(/** @type {any} */ each) => html`<li><a href=${query({ project: each.name })}>${each.name}</a><span>${count(each.artifacts)} artifacts · ${count(each.runs)} runs</span></li>`} /></section>` : null}
    ${project && !artifact ? html`<section><h2>Artifacts</h2><${List} found=${artifacts} empty="The project has no artifacts yet." items=${(/** @type {any} */ found) => found.artifacts}
      row=${(/** @type {any} */ each) => html`<li><a href=${query({ project, artifact: each.artifact })}>${each.artifact}</a><span>${each.type} · ${each.version}${each.aliases.length ? ` · ${each.aliases.join(", ")}` : ""}</span></li>`} /></section>` : null}
    ${artifact ? html`<section><h2>Tables of ${chosen ?? "…"}</h2><${List} found=${one} empty="This version holds no tables." items=${(/** @type {any} */ found) => found.tables}
      row=${(/** @type {any} */ path) => html`<li><a href=${tableLink({ kind: "table", tables: [{ project, artifact, version: chosen, path }] })}>${path}</a></li>`} /></section>
    <section><h2>Versions</h2><${List} found=${versions} empty="There are no versions." items=${(/** @type {any} */ found) => found.versions}
      row=${(/** @type {any} */ each) => html`<li><a href=${query({ project, artifact, version: each.version })} aria-current=${each.version === chosen ? "true" : undefined}>${each.version}</a><span>${each.aliases.join(", ")}${each.aliases.length ? " · " : ""}${new Date(each.created_at).toLocaleString()}</span></li>`} /></section>` : null}
  </main>`;
}
