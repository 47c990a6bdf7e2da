// The page of a report: read it, change it, save it unseen by nobody, and take it away as one file.
import { get, post } from "./api.js";
import { openPick, panelId, reportLink } from "./report_add.js";
import { Editor, Tools } from "./report_edit.js";
import { PanelView } from "./report_panels.js";
import { openExport } from "./report_export.js";
import { Refused, openDialog, useSending } from "./views_dialog.js";
import { openNumbers, restore } from "./views_numbers.js";
import { panelCount } from "./numbers.js";
import { toast } from "./menu.js";
import { Waiting, When, set, unsaved, useAnswer } from "./workspace.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

/** @typedef {import("./report_panels.js").Panel} Panel */
/** @typedef {{title: string, description: string, panels: Panel[], images: any[]}} Draft */

/** What is sent of a draft. @param {Draft} draft @param {string} name */
function sent(draft, name) {
  const title = draft.title.trim();
  return { title: title === name ? undefined : title || undefined, description: draft.description.trim() || undefined, images: draft.images, panels: draft.panels.map(({ lost, ...panel }) => panel) };
}

/** @param {{where: any, opened: any}} props */
export function ReportPage({ where, opened }) {
  const { project, report: name } = where;
  const asked = /^\d{1,9}$/.test(where.number ?? "") ? where.number : "";
  const answer = useAnswer(`/api/reports/one?${new URLSearchParams({ project, name, ...(asked ? { number: asked } : {}) })}`);
  const found = answer.found;
  if (!found) return html`<main class="home"><${Waiting} answer=${answer} what="The report" /></main>`;
  return html`<${Loaded} key=${`${project}/${name}/${found.number}`} project=${project} name=${name} found=${found} opened=${opened} edit=${where.edit === "1"} again=${answer.again} />`;
}

/** @param {{project: string, name: string, found: any, opened: any, edit: boolean, again: () => void}} props */
function Loaded({ project, name, found, opened, edit, again }) {
  const begin = () => /** @type {Draft} */ ({ title: found.title, description: found.description, panels: found.panels, images: found.images });
  const isOld = found.newest > found.number;
  const [editing, setEditing] = useState(edit && !opened.read_only && !isOld);
  const [draft, setDraft] = useState(begin());
  const dirty = JSON.stringify(draft) !== JSON.stringify(begin());
  const latest = useRef({ dirty: false });
  latest.current.dirty = editing && dirty;
  useEffect(() => {
    const leave = (/** @type {BeforeUnloadEvent} */ event) => latest.current.dirty && event.preventDefault();
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, []);
  useEffect(() => {
    if (!editing || !dirty) return;
    unsaved.ask = (on) => openDiscard(() => ((latest.current.dirty = false), (unsaved.ask = null), on()));
    return () => void (unsaved.ask = null);
  }, [editing, dirty]);
  const { busy, wrong, send, setWrong } = useSending(async () => {
    try {
      await post("/api/reports", { project, name, number: found.number, report: sent(draft, name) });
      latest.current.dirty = false;
      set({ edit: "" }, true);
      again();
    } catch (error) {
      if (/** @type {any} */ (error).code !== "conflict") throw error;
      openConflict(project, name, draft, () => ((latest.current.dirty = false), set({ edit: "" }, true), again()));
    }
  });
  const start = (/** @type {Draft | undefined} */ with_) => {
    if (with_) setDraft(with_);
    setEditing(true);
    set({ edit: "1" }, true);
  };
  const stop = () => {
    setDraft(begin());
    setWrong(null);
    setEditing(false);
    set({ edit: "" }, true);
  };
  const cancel = () => (dirty ? openDiscard(stop) : stop());
  const inserted = (/** @type {number} */ at) => () => openPick(project, (view, title) => {
    const panels = [...draft.panels];
    panels.splice(at, 0, { id: panelId(), kind: "table", view, title });
    start({ ...draft, panels });
  });
  return html`<main class="home report-page" aria-label="Report">
    ${editing ? html`<div class="edit-bar" role="toolbar" aria-label="Editing"><span class="note" role="status">${dirty ? "Not saved yet" : "Nothing changed yet"}</span><span class="gap"></span>
        <button class="btn" onClick=${cancel}>Cancel</button><button class="btn primary" disabled=${busy || !dirty} onClick=${send}>${busy ? "Saving…" : "Save"}</button></div>
        <${Refused} wrong=${wrong} readOnly="Your text is still here: copy it." />` : isOld ? html`<${OldBar} project=${project} name=${name} found=${found} opened=${opened} />` : null}
    <article class="report">
      ${editing ? html`<${Editor} project=${project} draft=${draft} change=${setDraft} />` : html`
        <header class="report-head"><div class="title-line"><h1 dir="auto" tabindex="-1">${found.title}</h1>
            <${Tools}>${found.newest > 0 ? html`<button class="btn quiet" title="What was saved before, to look at and to restore" onClick=${() => openHistory(project, name, found, again)}>History</button>` : null}
              ${isOld ? null : html`<button class="btn" disabled=${opened.read_only} title=${opened.read_only ? "The server was started with --read-only" : ""} onClick=${() => start(undefined)}>Edit</button>`}
              <button class="btn" onClick=${() => openExport(project, name, found)}>Export</button></${Tools}></div>
          ${found.description ? html`<p class="description" dir="auto">${found.description}</p>` : null}
          <p class="note" role="status">Saved <${When} at=${found.created_at} /> · number ${found.number + 1}${isOld ? ` of ${found.newest + 1}` : ""}</p></header>
        ${found.panels.length ? found.panels.map((/** @type {Panel} */ panel, /** @type {number} */ i) => html`<${PanelView} key=${panel.id} panel=${panel} images=${found.images} insert=${opened.read_only || isOld ? undefined : inserted(i + 1)} of=${{ project, name, number: found.number }} />`) : html`<div class="state"><h2>The report is empty</h2>
          <p>Write what you found, and put the tables beside it that show it.</p><div class="actions"><button class="btn primary" disabled=${opened.read_only || isOld} onClick=${() => start(undefined)}>Edit</button></div></div>`}`}
    </article></main>`;
}

/** What stands over an old number: which it is, its neighbours, and the way back. @param {{project: string, name: string, found: any, opened: any}} props */
function OldBar({ project, name, found, opened }) {
  const to = (/** @type {number} */ number) => set({ number: number === found.newest ? "" : String(number), edit: "" });
  const { busy, wrong, send } = useSending(async () => {
    const number = await restore({ kind: "reports", project, name }, found.number, found.newest);
    toast(`Restored: it is number ${number + 1} now`);
    set({ number: "", edit: "" });
  });
  return html`<div class="edit-bar old-bar" role="region" aria-label="An older state of the report"><span role="status">Number ${found.number + 1} of ${found.newest + 1}: what the report said then.</span><span class="gap"></span>
      <button class="btn quiet icon" aria-label="The one before" title="The one before" disabled=${found.number === 0} onClick=${() => to(found.number - 1)}>‹</button>
      <button class="btn quiet icon" aria-label="The one after" title="The one after" onClick=${() => to(found.number + 1)}>›</button>
      <button class="btn" onClick=${() => to(found.newest)}>Show the newest</button>
      <button class="btn primary" disabled=${busy || opened.read_only} title=${opened.read_only ? "The server was started with --read-only" : "Save it once more, as the newest"} onClick=${send}>Restore as the newest</button></div>
    <${Refused} wrong=${wrong} readOnly="" />`;
}

/** @param {string} project @param {string} name @param {any} found @param {() => void} again */
function openHistory(project, name, found, again) {
  openNumbers({
    kind: "reports", project, name, title: found.title, now: found.number,
    words: (saved) => `${panelCount(saved.panels ?? 0)}${saved.description ? ` · ${saved.description}` : ""}`,
    look: (number, newest) => set({ number: number === newest ? "" : String(number), edit: "" }),
    restored: (number) => {
      toast(`Restored: it is number ${number + 1} now`);
      if (found.newest > found.number) set({ number: "", edit: "" });
      else again();
    },
  });
}

/** @param {() => void} stop */
function openDiscard(stop) {
  openDialog("Leave without saving?", ({ close }) => html`<p>What you changed in this report is not saved.</p>
    <div class="actions"><button class="btn" data-first onClick=${close}>Go on editing</button><button class="btn" onClick=${() => (close(), stop())}>Leave what I changed</button></div>`);
}

/** Somebody saved it meanwhile: nothing is overwritten unseen. @param {string} project @param {string} name @param {Draft} mine @param {() => void} done */
function openConflict(project, name, mine, done) {
  openDialog("Somebody saved this report meanwhile", ({ close }) => {
    const [theirs, setTheirs] = useState(/** @type {any} */ (null));
    const [other, setOther] = useState(`${name} 2`);
    const load = useSending(async () => setTheirs(await get(`/api/reports/one?${new URLSearchParams({ project, name })}`)));
    useEffect(() => void load.send(undefined), []);
    const over = useSending(async () => {
      await post("/api/reports", { project, name, number: theirs.number, report: sent(mine, name) });
      close();
      toast(`Saved as number ${theirs.number + 2}; theirs is kept as number ${theirs.number + 1}`);
      done();
    });
    const aside = useSending(async () => {
      const to = other.trim();
      await post("/api/reports", { project, name: to, number: -1, report: sent({ ...mine, title: mine.title === name ? to : mine.title }, to) });
      done();
      location.assign(reportLink(project, to));
    });
    return html`<p>Yours is not saved yet, and theirs is not lost.</p>
      ${theirs ? html`<dl class="two-facts"><dt>Theirs</dt><dd>“${theirs.title}”, ${panelCount(theirs.panels.length)} · <${When} at=${theirs.created_at} /></dd><dt>Yours</dt><dd>“${mine.title}”, ${panelCount(mine.panels.length)}</dd></dl>` : html`<p class="note">Reading theirs…</p>`}
      <${Refused} wrong=${load.wrong ?? over.wrong ?? aside.wrong} readOnly="" />
      <div class="choices"><div><a class="btn" data-first href=${reportLink(project, name)} target="_blank">Look at theirs</a><span class="note">In a tab of its own.</span></div>
        <div><button class="btn" disabled=${!theirs || over.busy} onClick=${over.send}>Save mine as the newest</button><span class="note">Theirs stays in the log, as number ${theirs ? theirs.number + 1 : "…"}.</span></div>
        <form onSubmit=${aside.send}><input class="input" aria-label="Another name" value=${other} onInput=${(/** @type {any} */ event) => setOther(event.target.value)} /><button class="btn" disabled=${aside.busy || !other.trim()}>Save under another name</button></form></div>`;
  });
}
