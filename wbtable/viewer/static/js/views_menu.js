// The views of a table: open, save, save under another name, describe; and what to do when somebody saved meanwhile.
import { Refused, openDialog, useSending } from "./views_dialog.js";
import { openNumbers, restore } from "./views_numbers.js";
import { openMenu, toast } from "./menu.js";
import { openShare } from "./share.js";
import * as state from "./state.js";
import * as views from "./views.js";
import { panelName } from "./kept.js";
import { When } from "./workspace.js";
import { html, useState } from "../vendor/preact.js";

/** The buttons in the bar: which view it is, and sharing it. */
export function ViewButtons() {
  const found = views.opened.value;
  const mark = found && views.changed.value ? " •" : "";
  const old = found && views.isOld(found) ? `number ${found.number + 1} of ${Number(found.newest) + 1}` : "";
  return html`<button class="btn views" aria-haspopup="menu" aria-expanded="false" title=${found ? `View ${found.title}${old ? `, ${old}` : ""}${mark ? ", changed" : ""}` : "Views that were saved under a name"}
      onClick=${(/** @type {any} */ event) => void openViews(event.currentTarget)}><span class="view-name" dir="auto">${found ? found.title : "Views"}</span>${old ? html`<span class="old-number">${old}</span>` : null}${mark ? html`<span class="changed" aria-label="changed">•</span>` : null}</button>
    <button class="btn" onClick=${openShare}>Share</button>`;
}

/** @param {Element} at */
async function openViews(at) {
  const of = views.project.value;
  if (of === null) return openMenu(at, "Views", [{ label: "This table is in no store: its address holds the view", disabled: true }]);
  const found = views.opened.value;
  let saved = /** @type {views.SavedView[]} */ ([]);
  let wrong = "";
  try {
    saved = await views.list(of);
  } catch (error) {
    wrong = /** @type {Error} */ (error).message;
  }
  const isOld = views.isOld(found);
  openMenu(at, "Views", [
    ...(found && isOld ? [
      { label: `Restore number ${found.number + 1} as the newest`, run: () => void restoreOpen(of, found) },
      { label: `Show the newest, number ${Number(found.newest) + 1}`, run: () => void showNumber(of, found.name) },
      null,
    ] : []),
    ...(found ? [{ label: `Save “${found.title}”`, disabled: !views.changed.value, run: () => void saveAgain(of, found) }] : []),
    { label: found ? "Save under another name…" : "Save this view…", run: () => openSave(of) },
    ...(found ? [
      { label: "Name and description…", disabled: isOld, run: () => openDescribe(of, found) },
      { label: "What was saved before…", disabled: Math.max(found.number, found.newest ?? 0) === 0, run: () => openHistory(of, found) },
      { label: "Back to what was saved", disabled: !views.changed.value, run: () => views.show(of, found) },
      { label: "Close the view", run: views.forget },
    ] : []),
    ...(panelName.value ? [{ label: "This panel stays as you leave it", disabled: true }] : []),
    ...(saved.length || wrong ? [null] : []),
    ...(wrong ? [{ label: wrong.slice(0, 200), disabled: true }] : []),
    ...saved.slice(0, 100).map((each) => ({
      label: each.error ? `${each.title} (damaged)` : each.title, checked: each.name === found?.name, disabled: Boolean(each.error), run: () => views.show(of, each),
    })),
    ...(saved.length > 100 ? [{ label: `${saved.length - 100} more are on the project's page`, disabled: true }] : []),
  ]);
}

/** Show what was saved under a name; without a number the newest. @param {string} of @param {string} name @param {number} [number] */
async function showNumber(of, name, number) {
  const found = await views.read(of, name, number);
  views.show(of, found);
  if (views.isOld(found)) toast(`Number ${found.number + 1} of ${Number(found.newest) + 1}: it changes nothing that is saved`);
}

/** @param {string} of @param {views.SavedView} found */
function openHistory(of, found) {
  openNumbers({
    kind: "views", project: of, name: found.name, title: found.title, now: found.number, words: (saved) => inWords(saved.view),
    look: (number) => showNumber(of, found.name, number),
    restored: (number) => void restoredAs(of, found.name, number),
  });
}

/** @param {string} of @param {string} name @param {number} number */
async function restoredAs(of, name, number) {
  await showNumber(of, name);
  toast(`Restored: it is number ${number + 1} now`);
}

/** @param {string} of @param {views.SavedView} found */
async function restoreOpen(of, found) {
  try {
    await restoredAs(of, found.name, await restore({ kind: "views", project: of, name: found.name }, found.number, Number(found.newest)));
  } catch (error) {
    openDialog("The view was not restored", () => html`<${Refused} wrong=${error} readOnly="Share the view by its link: it holds everything." />`);
  }
}

/** @param {string} of @param {views.SavedView} found */
async function saveAgain(of, found) {
  try {
    const number = await views.save(of, found.name, found.number, { title: found.title === found.name ? "" : found.title, description: found.description });
    toast(`Saved “${found.title}”, number ${number + 1}`);
  } catch (error) {
    const wrong = /** @type {any} */ (error);
    if (wrong.code === "conflict") openConflict(of, found, state.viewDocument());
    else openDialog("The view was not saved", () => html`<${Refused} wrong=${wrong} readOnly="Share the view by its link: it holds everything." />`);
  }
}

/** @param {string} of */
export function openSave(of) {
  openDialog("Save this view", ({ close }) => {
    const [name, setName] = useState("");
    const [description, setDescription] = useState("");
    const { busy, wrong, send } = useSending(async () => {
      if (!name.trim()) throw new Error("Write a name, such as: wrong shirts");
      try {
        await views.save(of, name.trim(), -1, { description });
      } catch (error) {
        if (/** @type {any} */ (error).code !== "conflict") throw error;
        throw new Error(`There is a view “${name.trim()}” already: choose another name, or open that one and save it.`);
      }
      close();
      toast(`Saved “${name.trim()}”: it is on the page of ${of}`);
    });
    return html`<form onSubmit=${send}><p class="note">Everybody who can read the store can open it. It keeps the rows that it shows.</p>
      <label class="of" for="view-name">Name</label><input class="input" id="view-name" data-first value=${name} maxlength="120" autocomplete="off" onInput=${(/** @type {any} */ event) => setName(event.target.value)} />
      <label class="of" for="view-about">What it is for (may stay empty)</label><textarea class="input" id="view-about" rows="3" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)}></textarea>
      <${Refused} wrong=${wrong} readOnly="Share the view by its link: it holds everything." />
      <div class="actions"><button class="btn primary" disabled=${busy}>Save</button><button type="button" class="btn" onClick=${close}>Cancel</button></div></form>`;
  });
}

/** @param {string} of @param {views.SavedView} found */
function openDescribe(of, found) {
  openDialog("Name and description", ({ close }) => {
    const [title, setTitle] = useState(found.title);
    const [description, setDescription] = useState(found.description);
    const { busy, wrong, send } = useSending(async () => {
      const now = await views.read(of, found.name);
      if (now.number !== found.number) throw Object.assign(new Error("Somebody saved this view meanwhile: open it again, then describe it."), { code: "conflict" });
      // Only the words change: the view stays what was saved, whatever is changed here.
      const mine = state.viewDocument();
      await views.save(of, found.name, found.number, { title: title.trim() === found.name ? "" : title.trim(), description, view: now.view });
      if (!views.isSame(mine, now.view)) state.takeView(mine);
      close();
    });
    return html`<form onSubmit=${send}>
      <label class="of" for="view-title">Name</label><input class="input" id="view-title" data-first value=${title} maxlength="200" autocomplete="off" onInput=${(/** @type {any} */ event) => setTitle(event.target.value)} />
      <label class="of" for="view-about">What it is for</label><textarea class="input" id="view-about" rows="4" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)}></textarea>
      ${found.title !== found.name ? html`<p class="note">Links and Python know it as <code>${found.name}</code>.</p>` : null}
      <${Refused} wrong=${wrong} readOnly="" />
      <div class="actions"><button class="btn primary" disabled=${busy}>Save</button><button type="button" class="btn" onClick=${close}>Cancel</button></div></form>`;
  });
}

/** Somebody saved it meanwhile: nothing is overwritten unseen. @param {string} of @param {views.SavedView} found @param {any} mine */
function openConflict(of, found, mine) {
  openDialog("Somebody saved this view meanwhile", ({ close }) => {
    const [theirs, setTheirs] = useState(/** @type {views.SavedView | null} */ (null));
    const [name, setName] = useState(`${found.name} 2`);
    const words = { title: found.title === found.name ? "" : found.title, description: found.description };
    const load = useSending(async () => setTheirs(await views.read(of, found.name)));
    if (!theirs && !load.busy && !load.wrong) void load.send(undefined);
    const saveOver = useSending(async () => {
      if (!theirs) return;
      await views.save(of, found.name, theirs.number, { ...words, view: mine });
      close();
      toast(`Saved as number ${theirs.number + 2}; theirs is kept as number ${theirs.number + 1}`);
    });
    const saveAs = useSending(async () => {
      await views.save(of, name.trim(), -1, { description: found.description, view: mine });
      close();
      toast(`Saved “${name.trim()}”`);
    });
    return html`<p>“${found.title}” has another state in the store than the one you opened. Yours is not saved yet.</p>
      ${theirs ? html`<dl class="two-facts"><dt>Theirs</dt><dd>${inWords(theirs.view)} · <${When} at=${theirs.created_at} /></dd><dt>Yours</dt><dd>${inWords(mine)}</dd></dl>` : html`<p class="note">Reading theirs…</p>`}
      <${Refused} wrong=${load.wrong ?? saveOver.wrong ?? saveAs.wrong} readOnly="" />
      <div class="choices">
        <div><button class="btn" data-first disabled=${!theirs} onClick=${() => { close(); if (theirs) views.show(of, theirs); }}>Look at theirs</button><span class="note">Back returns to yours.</span></div>
        <div><button class="btn" disabled=${!theirs || saveOver.busy} onClick=${saveOver.send}>Save mine as the newest</button><span class="note">Theirs stays in the log, as number ${theirs ? theirs.number + 1 : "…"}.</span></div>
        <form onSubmit=${saveAs.send}><input class="input" aria-label="Another name" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} /><button class="btn" disabled=${saveAs.busy || !name.trim()}>Save under another name</button></form>
      </div>`;
  });
}

/** What a view does, in few words. @param {any} view */
export function inWords(view) {
  const parts = [
    view.filter ? `where ${view.filter}` : "", view.group?.length ? `grouped by ${view.group.join(", ")}` : "",
    view.sort?.length ? `sorted by ${view.sort.map((/** @type {any} */ key) => `${key.expression}${key.order === "desc" ? " ↓" : ""}`).join(", ")}` : "",
    view.derive?.length ? `${view.derive.length} computed ${view.derive.length === 1 ? "column" : "columns"}` : "",
  ].filter(Boolean);
  return parts.length ? parts.join(" · ") : "all rows";
}
