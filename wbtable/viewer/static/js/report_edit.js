// Editing a report: words in Markdown with what they look like, panels moved by buttons or keys, pictures put in.
import { post } from "./api.js";
import { openPick, panelId } from "./report_add.js";
import { PanelView, Prose } from "./report_panels.js";
import { html, useRef, useState } from "../vendor/preact.js";

/** @typedef {import("./report.js").Draft} Draft */
/** @typedef {import("./report_panels.js").Panel} Panel */

const MAX_PICTURE = 700_000;

/** @param {{children: any}} props */
export function Tools({ children }) {
  return html`<span class="tools">${children}</span>`;
}

/** @param {{project: string, draft: Draft, change: (next: Draft) => void}} props */
export function Editor({ project, draft, change }) {
  const latest = useRef(draft);
  latest.current = draft;
  const set = (/** @type {Partial<Draft>} */ part) => change((latest.current = { ...latest.current, ...part }));
  const put = (/** @type {number} */ at, /** @type {Panel} */ panel) => {
    const panels = [...latest.current.panels];
    panels.splice(at, 0, panel);
    set({ panels });
    focusPanel(panel.id);
  };
  const edit = (/** @type {string} */ id, /** @type {Partial<Panel>} */ part) =>
    set({ panels: latest.current.panels.map((panel) => (panel.id === id ? tidy({ ...panel, ...part }) : panel)) });
  const move = (/** @type {number} */ at, /** @type {number} */ by) => {
    const panels = [...latest.current.panels];
    const [one] = panels.splice(at, 1);
    panels.splice(at + by, 0, one);
    set({ panels });
    focusPanel(one.id, by < 0 ? "up" : "down");
  };
  const addText = (/** @type {number} */ at) => put(at, { id: panelId(), kind: "markdown", text: "" });
  const addTable = (/** @type {number} */ at) => openPick(project, (view, title) => put(at, { id: panelId(), kind: "table", view, title }));
  const picture = async (/** @type {File} */ file) => {
    const image = await uploaded(file);
    if (!latest.current.images.some((each) => each.digest === image.digest)) set({ images: [...latest.current.images, image] });
    return image.digest;
  };
  return html`<header class="report-head"><label class="sr" for="report-title">Title</label>
      <input class="input title" id="report-title" placeholder="Title" maxlength="200" value=${draft.title} onInput=${(/** @type {any} */ event) => set({ title: event.target.value })} />
      <label class="sr" for="report-about">Description</label>
      <textarea class="input" id="report-about" rows="2" placeholder="What it is about, in a sentence" value=${draft.description} onInput=${(/** @type {any} */ event) => set({ description: event.target.value })}></textarea></header>
    <${Between} at=${0} addText=${addText} addTable=${addTable} />
    ${draft.panels.map((panel, i) => html`<div class="editing" key=${panel.id} data-editing=${panel.id}>
      ${panel.kind === "markdown"
        ? html`<section class="panel-markdown"><div class="panel-head"><span class="note">Text, in Markdown</span><span class="gap"></span><${Moves} panel=${panel} at=${i} last=${draft.panels.length - 1} move=${move} remove=${() => set({ panels: latest.current.panels.filter((other) => other.id !== panel.id) })} /></div>
            <${Words} panel=${panel} images=${draft.images} change=${(/** @type {string} */ text) => edit(panel.id, { text })} picture=${picture} /></section>`
        : html`<${PanelView} panel=${panel} images=${draft.images} editing=${true} changed=${(/** @type {Partial<Panel>} */ part) => edit(panel.id, part)}
            tools=${html`${panel.kind === "table" ? html`<label class="rows-of">Rows <select class="input" onChange=${(/** @type {any} */ event) => edit(panel.id, { rows: Number(event.target.value) })}>${[...new Set([5, 10, 20, 50, 100, panel.rows ?? 10])].sort((a, b) => a - b).map((rows) => html`<option value=${String(rows)} selected=${(panel.rows ?? 10) === rows}>${rows}</option>`)}</select></label>` : null}
              <${Moves} panel=${panel} at=${i} last=${draft.panels.length - 1} move=${move} remove=${() => set({ panels: latest.current.panels.filter((other) => other.id !== panel.id) })} />`} />`}
      <${Between} at=${i + 1} addText=${addText} addTable=${addTable} /></div>`)}`;
}

/** @param {Panel} panel @returns {Panel} */
function tidy(panel) {
  return /** @type {Panel} */ (Object.fromEntries(Object.entries(panel).filter(([, value]) => value !== undefined)));
}

/** @param {string} id @param {string} [button] */
function focusPanel(id, button) {
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const node = document.querySelector(`[data-editing="${id}"]`);
    const to = /** @type {HTMLElement | null} */ (node?.querySelector(button ? `[data-move="${button}"]:not(:disabled), [data-move]:not(:disabled)` : "textarea, .panel-title"));
    node?.scrollIntoView({ block: "nearest" });
    to?.focus({ preventScroll: true });
  }));
}

/** @param {{panel: Panel, at: number, last: number, move: (at: number, by: number) => void, remove: () => void}} props */
function Moves({ panel, at, last, move, remove }) {
  const what = panel.kind === "markdown" ? `text ${at + 1}` : panel.title ?? `panel ${at + 1}`;
  return html`<button class="btn quiet icon" data-move="up" disabled=${at === 0} aria-label=${`Move ${what} up`} title="Move up" onClick=${() => move(at, -1)}>↑</button>
    <button class="btn quiet icon" data-move="down" disabled=${at === last} aria-label=${`Move ${what} down`} title="Move down" onClick=${() => move(at, 1)}>↓</button>
    <button class="btn quiet icon" aria-label=${`Remove ${what}`} title="Remove; Cancel brings it back" onClick=${remove}>×</button>`;
}

/** @param {{at: number, addText: (at: number) => void, addTable: (at: number) => void}} props */
function Between({ at, addText, addTable }) {
  return html`<div class="between"><button class="btn quiet" onClick=${() => addText(at)}>+ Text</button><button class="btn quiet" onClick=${() => addTable(at)}>+ Table</button></div>`;
}

/** @param {{panel: Panel, images: any[], change: (text: string) => void, picture: (file: File) => Promise<string>}} props */
function Words({ panel, images, change, picture }) {
  const field = useRef(/** @type {any} */ (null));
  const chooser = useRef(/** @type {any} */ (null));
  const [wrong, setWrong] = useState("");
  const put = async (/** @type {File | undefined} */ file) => {
    if (!file) return;
    setWrong("");
    try {
      const digest = await picture(file);
      const { selectionStart: at, value } = field.current;
      const said = file.name.replace(/\.[^.]*$/, "").replace(/[[\]]/g, "");
      change(`${value.slice(0, at)}![${said}](${digest})${value.slice(at)}`);
    } catch (error) {
      setWrong(/** @type {Error} */ (error).message);
    }
  };
  return html`<div class="md-words"><div class="md-writing"><textarea class="input mono" ref=${field} aria-label="Markdown" spellcheck="true" rows=${Math.min(30, Math.max(6, (panel.text ?? "").split("\n").length + 1))} value=${panel.text ?? ""}
        placeholder=${"# A heading\n\nWhat you found, with **emphasis**, [links](#a-heading) and lists."} onInput=${(/** @type {any} */ event) => change(event.target.value)}
        onPaste=${(/** @type {ClipboardEvent} */ event) => { const file = event.clipboardData?.files[0]; if (file) { event.preventDefault(); void put(file); } }}
        onDrop=${(/** @type {DragEvent} */ event) => { const file = event.dataTransfer?.files[0]; if (file) { event.preventDefault(); void put(file); } }}></textarea>
      <div class="md-below"><button class="btn quiet" onClick=${() => chooser.current.click()}>Picture…</button><span class="note">or paste one</span>
        <input type="file" hidden ref=${chooser} accept="image/png,image/jpeg,image/gif,image/webp" onChange=${(/** @type {any} */ event) => (void put(event.target.files[0]), (event.target.value = ""))} /></div>
      ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : null}</div>
    <div class="md-preview" aria-label="What it looks like">${panel.text?.trim() ? html`<${Prose} text=${panel.text} images=${images} />` : html`<p class="note">What it looks like stands here.</p>`}</div></div>`;
}

/** @param {File} file */
async function uploaded(file) {
  if (file.size > MAX_PICTURE) throw new Error(`A picture has at most ${MAX_PICTURE / 1000} kB here: make it smaller, or log it to a table.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  const { image } = await post("/api/reports/image", { data: btoa(text) });
  return image;
}
