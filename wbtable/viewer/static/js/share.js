// Sharing a view: its link, the command that shows it, and Python. Each says everything; nothing needs this server.
import { get, post } from "./api.js";
import { openDialog } from "./views_dialog.js";
import * as state from "./state.js";
import { toQuery } from "./spec.js";
import { Copy } from "./workspace.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** A word for a shell. @param {string} text */
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

/** A view whose places follow no alias (spec 16, VIEW-2). @param {any} view */
export async function pinned(view) {
  const { source } = view;
  if (!source?.tables) return view;
  const tables = await Promise.all(source.tables.map(async (/** @type {any} */ place) => {
    if (place.url || /^v\d+$/.test(place.version) || /^SHA-256:/.test(place.version)) return place;
    const found = await get(`/api/version?${new URLSearchParams({ project: place.project, artifact: place.artifact, version: place.version })}`);
    return { ...place, version: found.version };
  }));
  return { ...view, source: { ...source, tables } };
}

/** The query string of a view, with what the page keeps in it. @param {any} view */
export function linkQuery(view) {
  const { off, pins, height, beside, kind, format, features, refs, ...rest } = view;
  const extra = Object.entries({ off, pins, height, beside }).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`);
  // What keeps the rows stays in the store: a link names the version.
  const source = rest.source?.tables ? { ...rest.source, tables: rest.source.tables.map(({ table, ...place }) => place) } : rest.source;
  return [toQuery({ ...rest, source }), ...extra].filter(Boolean).join("&");
}

/** Share what is shown. */
export function openShare() {
  openShareOf(state.viewDocument(), "Share this view");
}

/** @param {any} view @param {string} title */
export function openShareOf(view, title) {
  openDialog(title, () => html`<${Share} view=${view} />`, { wide: true });
}

/** @param {{view: any}} props */
function Share({ view }) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    const run = async () => {
      const fixed = await pinned(view);
      const { text } = await post("/api/python", { view: fixed });
      const url = state.opened.value?.store?.url;
      setFound({ query: linkQuery(fixed), text: url ? text.replaceAll("wbtable.Store()", () => `wbtable.Store(${JSON.stringify(url)})`) : text, view: fixed });
    };
    run().catch((error) => setWrong(error.message));
  }, []);
  if (wrong) return html`<p class="wrong" role="alert">${wrong}</p>`;
  if (!found) return html`<p class="note" role="status">Making the link…</p>`;
  const store = state.opened.value?.store;
  const inStore = store && !(found.view.source?.tables ?? []).some((/** @type {any} */ place) => place.url);
  const link = `${location.origin}/?${found.query}`;
  const command = inStore ? `wbtable view ${quoted(store.url)} --view ${quoted(found.query)}` : null;
  const versions = [...new Set((found.view.source?.tables ?? []).map((/** @type {any} */ place) => place.version).filter(Boolean))];
  return html`
    ${inStore ? html`<p class="note">${found.view.source.kind === "union" ? "The link names the runs: what they log later is shown, too." : `The link says ${versions.join(" and ")}: it shows the same rows tomorrow.`}</p>` : null}
    <${Shared} name="Link" text=${link} note="Works for those this server lets in, as long as it runs." first=${true} />
    ${command ? html`<${Shared} name="Command" text=${command} note="For everybody who can read the store, on any machine." code=${true} />`
      : html`<p class="note">This table is in no store, so there is no command that shows it elsewhere: log it to a store, and there is one.</p>`}
    <${Shared} name="Python" text=${found.text} note="The same rows in a program." code=${true} />`;
}

/** @param {{name: string, text: string, note: string, code?: boolean, first?: boolean}} props */
function Shared({ name, text, note, code, first }) {
  return html`<section class="shared"><div class="head-line"><h3>${name}</h3><span class="note">${note}</span><span class="gap"></span><${Copy} text=${text} label=${name.toLowerCase()} /></div>
    ${code ? html`<pre tabindex="0" aria-label=${name}><code>${text}</code></pre>`
      : html`<input class="input mono" data-first=${first ? "" : undefined} readonly aria-label=${name} value=${text} onFocus=${(/** @type {any} */ event) => event.target.select()} />`}</section>`;
}
