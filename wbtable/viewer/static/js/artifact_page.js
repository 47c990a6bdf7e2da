// One artifact: its versions at the left; of one of them what it is, its tables, files, and where it comes from.
import { ByRun } from "./artifacts.js";
import { Files } from "./artifact_files.js";
import { LineageList } from "./lineage.js";
import { count } from "./numbers.js";
import { Pairs, flat } from "./runs_page.js";
import { TablePreview } from "./table_preview.js";
import { Copy, Empty, Problems, Tabs, Waiting, When, address, projectLink, sizeText, tableLink, useAnswer } from "./workspace.js";
import { html, useEffect, useState } from "../vendor/preact.js";

const VERSIONS = 100;
/** So many tables show their first rows. */
const SHOWN = 12;
const TABS = [["overview", "Overview"], ["files", "Files"], ["lineage", "Lineage"]];

/** @param {{where: any, opened: any}} props */
export function ArtifactPage({ where, opened }) {
  const { project, artifact } = where;
  const first = useAnswer(`/api/versions?${new URLSearchParams({ project, artifact, count: String(VERSIONS) })}`, undefined, `${project}/${artifact}`);
  const newest = first.found?.versions.find((/** @type {any} */ each) => !each.error)?.version ?? first.found?.versions[0]?.version;
  const asked = where.version || newest;
  const one = useAnswer(asked ? `/api/version?${new URLSearchParams({ project, artifact, version: asked })}` : null, undefined, `${project}/${artifact}:${asked}`);
  if (!first.found) {
    if (first.error?.code === "not_found") return html`<main class="home center"><${Empty} title="There is no such artifact"><p>${first.error.message}</p><div class="actions"><button class="btn" onClick=${first.again}>Try again</button><a class="btn" href=${projectLink(project, { tab: "artifacts" })}>All artifacts of ${project}</a></div></${Empty}></main>`;
    return html`<main class="home"><${Waiting} answer=${first} what="Versions" /></main>`;
  }
  if (!first.found.versions.length) return html`<main class="home center"><${Empty} title="All versions were deleted"><p>The artifact had ${count(first.found.newest + 1)}.</p><div class="actions"><a class="btn" href=${projectLink(project, { tab: "artifacts" })}>All artifacts of ${project}</a></div></${Empty}></main>`;
  const found = one.found;
  const tab = TABS.some(([id]) => id === where.tab) ? where.tab : "overview";
  const link = (/** @type {string} */ id) => address({ project, artifact, version: where.version ?? "", tab: id === "overview" ? "" : id });
  return html`<main class="artifacts"><${Versions} first=${first.found} where=${where} now=${found?.version ?? asked} tables=${found?.tables ?? []} />
    <section class="stage beside" aria-label=${`Version ${found?.version ?? asked}`}>
    ${!found ? html`<${Missing} answer=${one} version=${asked} newest=${newest} where=${where} />` : html`<div class="page-head"><div class="head-line"><h2 class="big">${found.version}</h2>${found.aliases.map((/** @type {string} */ alias) => html`<span class="tag is-alias" dir="auto">${alias}</span>`)}${found.tags.map((/** @type {string} */ tag) => html`<span class="tag" dir="auto">${tag}</span>`)}<span class="gap"></span>
        ${found.tables.length === 1 ? html`<a class="btn primary" href=${tableOf(found, found.tables[0])}>Open the table</a>` : null}</div>
      <p class="note facts-line"><span>${found.type}</span><span>${sizeText(found.size)}</span><span>${found.files === null ? "" : `${count(found.files)} ${found.files === 1 ? "file" : "files"}`}</span><span>Made <${When} at=${found.created_at} /></span>${found.logged_by ? html`<span>By run <${ByRun} path=${found.logged_by} /></span>` : null}</p></div>
      <${Tabs} name="Parts of the version" now=${tab} link=${link} tabs=${TABS.map(([id, name]) => ({ id, name, count: id === "files" ? found.files : null }))} />
      <div class="scroll padded" tabindex="0" role="group" aria-label="The version"><${Problems} problems=${[...found.problems, ...(found.error ? [found.error] : []), ...(first.found.problem ? [first.found.problem] : [])]} what="the version" />
      ${tab === "files" ? html`<${Files} found=${found} where=${where} />` : tab === "lineage" ? html`<${LineageList} found=${found} where=${where} />` : html`<${Overview} found=${found} url=${opened.store?.url ?? ""} />`}</div>`}</section></main>`;
}

/** @param {{answer: any, version: string, newest: string, where: any}} props */
function Missing({ answer, version, newest, where }) {
  if (!answer.error) return html`<${Waiting} answer=${answer} what="The version" />`;
  return html`<div class="state" role="alert"><h2>${answer.error.code === "not_found" ? `${version} is not there` : `${version} cannot be read`}</h2><p>${answer.error.message}</p>
    <div class="actions"><button class="btn" onClick=${answer.again}>Try again</button>${newest && newest !== version ? html`<a class="btn" href=${address({ project: where.project, artifact: where.artifact, version: newest })}>Show ${newest}</a>` : null}</div></div>`;
}

/** @param {any} found @param {string} path */
function tableOf(found, path) {
  return tableLink(sourceOf(found, path));
}

/** @param {any} found @param {string} path */
function sourceOf(found, path) {
  return { kind: "table", tables: [{ project: found.project, artifact: found.artifact, version: found.version, path }] };
}

/** The same table of two versions, merged. @param {any} where @param {string} one @param {string} other @param {string} path */
export function compareLink(where, one, other, path) {
  const [older, newer] = [one, other].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  const at = (/** @type {string} */ version) => ({ project: where.project, artifact: where.artifact, version, path });
  return tableLink({ kind: "compare", tables: [at(older), at(newer)] });
}

/** @param {{first: any, where: any, now: string, tables: string[]}} props */
function Versions({ first, where, now, tables }) {
  const [more, setMore] = useState(/** @type {any[]} */ ([]));
  const [next, setNext] = useState(/** @type {number | null} */ (first.next));
  const [before, setBefore] = useState(/** @type {number | null} */ (null));
  const query = before === null ? null : `/api/versions?${new URLSearchParams({ project: where.project, artifact: where.artifact, before: String(before), count: String(VERSIONS) })}`;
  const answer = useAnswer(query);
  useEffect(() => {
    if (!answer.found || before === null) return;
    setMore([...more, ...answer.found.versions]);
    setNext(answer.found.next);
    setBefore(null);
  }, [answer.found]);
  const all = [...first.versions, ...more];
  const isListed = all.some((each) => each.version === now);
  return html`<nav class="types versions" aria-label="Versions"><h2>Versions</h2><ul>${isListed ? null : html`<li><a href=${address({ ...where, version: now })} aria-current="page"><span class="line"><b>${now}</b></span></a></li>`}${all.map((each) => html`<li key=${each.version}>
      <a href=${address({ ...where, version: each.version })} aria-current=${each.version === now ? "page" : undefined}><span class="line"><b>${each.version}</b>${each.aliases.map((/** @type {string} */ alias) => html`<span class="tag is-alias" dir="auto">${alias}</span>`)}${each.tags.map((/** @type {string} */ tag) => html`<span class="tag" dir="auto">${tag}</span>`)}</span><span class="note">${each.error ? html`<span class="run-state is-damaged" title=${each.error}><i aria-hidden="true">⚠</i>damaged</span>` : html`<${When} at=${each.created_at} /> · ${sizeText(each.size)}`}</span></a>
      ${each.version !== now && tables.length && !each.error ? html`<a class="compare" href=${compareLink(where, each.version, now, tables[0])} title=${`Compare ${tables[0]} of ${now} with ${each.version}`}>Compare<span class="sr"> ${now} with ${each.version}</span></a>` : null}</li>`)}</ul>
    ${next === null ? null : html`<button class="btn" disabled=${before !== null} onClick=${() => setBefore(next)}>${before !== null ? "Reading…" : "Older versions"}</button>`}
    ${answer.error ? html`<p class="wrong" role="alert">${answer.error.message}</p>` : null}</nav>`;
}

/** @param {{found: any, url: string}} props */
function Overview({ found, url }) {
  const metadata = flat(found.metadata);
  const searched = found.tables_searched < (found.files ?? 0);
  /** @type {string[][]} */
  const [shown, rest] = [found.tables.slice(0, SHOWN), found.tables.slice(SHOWN)];
  return html`${found.description ? html`<p class="notes">${found.description}</p>` : null}
    <section><h2>Tables</h2>${shown.map((path) => html`<section class="preview-of" key=${path} aria-label=${path}><h3><a href=${tableOf(found, path)} dir="auto">${path}</a></h3><${TablePreview} source=${sourceOf(found, path)} title=${path} /></section>`)}
      ${rest.length ? html`<ul class="links">${rest.map((path) => html`<li key=${path}><a href=${tableOf(found, path)} dir="auto">${path}</a></li>`)}</ul>` : found.tables.length ? null : html`<p class="note">This version holds no tables.</p>`}
      ${searched ? html`<p class="note">The first ${count(found.tables_searched)} files were looked at.</p>` : null}</section>
    <div class="columns-2"><section><h2>Metadata</h2>${metadata.length ? html`<${Pairs} entries=${metadata} />` : html`<p class="note">No metadata: Artifact(metadata={…}) keeps some.</p>`}</section>
    <section><h2>In Python</h2><div class="snippet"><pre tabindex="0" aria-label="Python that reads the version"><code>${python(found, url)}</code></pre><${Copy} text=${python(found, url)} label="Python" /></div>
      <p class="digest note"><span>Digest <code>${found.digest}</code></span><${Copy} text=${found.digest} label="the digest" /></p></section></div>`;
}

/** @param {any} found @param {string} url */
function python(found, url) {
  const read = found.tables.length ? `\ntable = version[${JSON.stringify(found.tables[0])}]` : "\nversion.download()";
  return `import wbtable\n\nstore = wbtable.Store(${JSON.stringify(url)})\nversion = store.artifact(${JSON.stringify(found.name)})${read}`;
}
