// Bringing views into reports: to a new one or behind the panels of another, and picking a table for a panel.
import { get, post } from "./api.js";
import { Refused, openDialog, useSending } from "./views_dialog.js";
import { toast } from "./menu.js";
import * as state from "./state.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** @param {string} project @param {string} name @param {boolean} [edit] */
export function reportLink(project, name, edit = false) {
  return `/?${new URLSearchParams({ project, report: name, ...(edit ? { edit: "1" } : {}) })}`;
}

/** An id for a panel. */
export const panelId = () => crypto.getRandomValues(new Uint32Array(2)).reduce((text, part) => text + part.toString(16).padStart(8, "0"), "");

/** @param {any} view */
function projectOf(view) {
  return view.source?.kind === "union" ? view.source.project : view.source?.tables?.[0]?.project ?? null;
}

/** Add what is shown to a report. @param {boolean} [fresh] whether to begin with a new one */
export function addShown(fresh = false) {
  openAdd(state.viewDocument(), state.title.value, fresh);
}

/** @param {any} view @param {string} title @param {boolean} [fresh] */
export function openAdd(view, title, fresh = false) {
  const outside = (view.source?.tables ?? []).some((/** @type {any} */ place) => place.url) || projectOf(view) === null;
  if (outside) {
    return openDialog("Add to report", ({ close }) => html`<p>This table is in no store, and a report keeps what it shows: log the table to a store, open it from there, then add it.</p>
      <div class="actions"><button class="btn" onClick=${close}>Close</button></div>`);
  }
  openDialog(fresh ? "Share panel as a new report" : "Add to report", ({ close }) => html`<${Add} view=${view} title=${title} fresh=${fresh} close=${close} />`);
}

/** @param {{view: any, title: string, fresh: boolean, close: () => void}} props */
function Add({ view, title, fresh, close }) {
  const [project, setProject] = useState(String(projectOf(view)));
  const [projects, setProjects] = useState(/** @type {string[]} */ ([]));
  const [reports, setReports] = useState(/** @type {any[] | null} */ (null));
  const [name, setName] = useState("");
  const [called, setCalled] = useState("");
  const [heading, setHeading] = useState(title);
  const [failed, setFailed] = useState("");
  useEffect(() => {
    get("/api/projects").then((found) => setProjects(found.projects.map((/** @type {any} */ each) => each.name)), () => undefined);
  }, []);
  useEffect(() => {
    setFailed("");
    get(`/api/reports?${new URLSearchParams({ project })}`).then(
      (found) => (setReports(found.reports), fresh || setName(found.reports.find((/** @type {any} */ each) => !each.error)?.name ?? "")),
      (error) => (setReports([]), setFailed(error.message)));
  }, [project]);
  const isNew = name === "";
  const { busy, wrong, send } = useSending(async () => {
    if (isNew && !called.trim()) throw new Error("Write what the new report is called.");
    const panel = { id: panelId(), kind: "table", view, ...(heading.trim() ? { title: heading.trim() } : {}) };
    const to = isNew ? called.trim() : name;
    await post("/api/reports/add", { project, name: to, panels: [panel], new: isNew });
    close();
    openDialog("Added to the report", ({ close: done }) => html`<p>The view stands at the end of “${isNew ? to : reports?.find((each) => each.name === name)?.title ?? to}”.</p>
      <div class="actions"><a class="btn primary" data-first href=${reportLink(project, to)} onClick=${() => setTimeout(done)}>Open the report</a><button class="btn" onClick=${done}>Stay here</button></div>`);
  });
  if (reports === null) return html`<p class="note" role="status">Reading the reports of ${project}…</p>`;
  return html`<form onSubmit=${send}><p class="note">The view stays one: readers sort and filter in it. The report keeps the rows that it shows.</p>
    ${failed ? html`<p class="wrong" role="alert">${failed}</p>` : null}
    ${projects.length > 1 ? html`<label class="of" for="add-project">Project</label><select class="input" id="add-project" onChange=${(/** @type {any} */ event) => setProject(event.target.value)}>
      ${projects.map((each) => html`<option value=${each} selected=${each === project}>${each}</option>`)}</select>` : null}
    ${reports.length && !fresh ? html`<label class="of" for="add-report">Report of ${project}</label><select class="input" id="add-report" data-first value=${name} onChange=${(/** @type {any} */ event) => setName(event.target.value)}>
      ${reports.filter((each) => !each.error).map((each) => html`<option value=${each.name} selected=${each.name === name}>${each.title}</option>`)}<option value="" selected=${isNew}>A new report…</option></select>` : null}
    ${isNew ? html`<label class="of" for="add-name">The new report is called</label><input class="input" id="add-name" maxlength="120" autocomplete="off" value=${called} onInput=${(/** @type {any} */ event) => setCalled(event.target.value)} />` : null}
    <label class="of" for="add-title">Title of the panel</label><input class="input" id="add-title" maxlength="200" value=${heading} onInput=${(/** @type {any} */ event) => setHeading(event.target.value)} />
    <${Refused} wrong=${wrong} readOnly="Share the view by its link instead." />
    <div class="actions"><button class="btn primary" disabled=${busy}>${isNew ? "Make the report" : "Add"}</button><button type="button" class="btn" onClick=${close}>Cancel</button></div></form>`;
}

/** Pick a table, or a view that was saved. @param {string} project @param {(view: any, title: string) => void} take */
export function openPick(project, take) {
  openDialog("Add table panel", ({ close }) => html`<${Pick} project=${project} take=${(/** @type {any} */ view, /** @type {string} */ title) => (close(), take(view, title))} close=${close} />`);
}

/** @param {string} path @param {any} key */
function useFound(path, key) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    setFound(null);
    if (!path) return;
    const control = new AbortController();
    get(path, control.signal).then(setFound, (error) => !control.signal.aborted && setFound({ wrong: error.message }));
    return () => control.abort();
  }, [key]);
  return found;
}

/** @param {{project: string, take: (view: any, title: string) => void, close: () => void}} props */
function Pick({ project, take, close }) {
  const [chosen, setChosen] = useState("");
  const [path, setPath] = useState("");
  const [wrong, setWrong] = useState("");
  const views = useFound(`/api/views?${new URLSearchParams({ project })}`, project);
  const artifacts = useFound(`/api/artifacts?${new URLSearchParams({ project })}`, project);
  const [kind, name] = [chosen.slice(0, 1), chosen.slice(1)];
  const head = artifacts?.artifacts?.find((/** @type {any} */ each) => each.artifact === name);
  const version = useFound(kind === "a" && head ? `/api/version?${new URLSearchParams({ project, artifact: name, version: head.version })}` : "", chosen);
  const tables = version?.tables ?? [];
  const table = path || tables[0];
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (kind === "v") {
      const found = views.views.find((/** @type {any} */ each) => each.name === name);
      const { kind: what, format, features, refs, id, created_at, title, description, check, ...view } = found.view;
      return take(view, found.title);
    }
    if (!head || !table) return setWrong("Choose a saved view, or an artifact that holds a table.");
    take({ source: { kind: "table", tables: [{ project, artifact: name, version: head.version, path: table }] } }, String(table).replace(/\.[a-z-]*table\.json$/, ""));
  };
  if (!views || !artifacts) return html`<p class="note" role="status">Reading what ${project} has…</p>`;
  const saved = (views.views ?? []).filter((/** @type {any} */ each) => !each.error);
  return html`<form onSubmit=${add}>
    <label class="of" for="pick-what">View or artifact of ${project}</label>
    <select class="input" id="pick-what" data-first onChange=${(/** @type {any} */ event) => (setChosen(event.target.value), setPath(""), setWrong(""))}>
      <option value="">Choose…</option>
      ${saved.length ? html`<optgroup label="Saved views">${saved.map((/** @type {any} */ each) => html`<option value=${`v${each.name}`}>${each.title}</option>`)}</optgroup>` : null}
      <optgroup label="Artifacts">${(artifacts.artifacts ?? []).map((/** @type {any} */ each) => html`<option value=${`a${each.artifact}`}>${each.artifact}:${each.version} (${each.type})</option>`)}</optgroup></select>
    ${kind === "a" ? html`<label class="of" for="pick-table">Table</label>${version === null ? html`<p class="note">Reading…</p>` : tables.length
      ? html`<select class="input" id="pick-table" onChange=${(/** @type {any} */ event) => setPath(event.target.value)}>${tables.map((/** @type {string} */ each) => html`<option value=${each}>${each}</option>`)}</select>`
      : html`<p class="note">${version.wrong ?? `${name}:${head?.version} holds no table.`}</p>`}` : null}
    ${views.wrong || artifacts.wrong || wrong ? html`<p class="wrong" role="alert">${wrong || views.wrong || artifacts.wrong}</p>` : null}
    <div class="actions"><button class="btn primary" disabled=${kind === "a" && !table}>Add</button><button type="button" class="btn" onClick=${close}>Cancel</button></div></form>`;
}

/** Make a report and go to it. @param {string} project */
export function openNewReport(project) {
  openDialog("New report", ({ close }) => {
    const [name, setName] = useState("");
    const { busy, wrong, send } = useSending(async () => {
      if (!name.trim()) throw new Error("Write what the report is called, such as: What the baseline gets wrong");
      try {
        await post("/api/reports", { project, name: name.trim(), number: -1, report: { panels: [] } });
      } catch (error) {
        if (/** @type {any} */ (error).code !== "conflict") throw error;
        throw new Error(`There is a report “${name.trim()}” already: open it, or choose another name.`);
      }
      toast("The report is there: write what you found");
      location.assign(reportLink(project, name.trim(), true));
    });
    return html`<form onSubmit=${send}><p class="note">Text and views on one page, for everybody who can read the store.</p>
      <label class="of" for="report-name">The report is called</label><input class="input" id="report-name" data-first maxlength="120" autocomplete="off" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />
      <${Refused} wrong=${wrong} readOnly="Start it without, to write reports." />
      <div class="actions"><button class="btn primary" disabled=${busy}>Make it</button><button type="button" class="btn" onClick=${close}>Cancel</button></div></form>`;
  });
}
