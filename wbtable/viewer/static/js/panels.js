// What opens at the side: all columns, one column's settings, one row; and the sheet of keys.
import { post } from "./api.js";
import * as actions from "./actions.js";
import { isMedia, isNumeric, valueText } from "./cells.js";
import { nameText } from "./expression.js";
import { boxesNode, described, maskNode, soundNode, thumbUrl, videoNode } from "./media.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { ExpressionField } from "./toolbar.js";
import { count } from "./numbers.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

export function close() {
  state.panel.value = null;
  /** @type {HTMLElement | null} */ (document.querySelector(".grid [tabindex='0'][data-column]") ?? document.querySelector(".grid"))?.focus();
}

/** @param {{title: string, children: any, wide?: boolean, more?: any}} props */
function Panel({ title, children, wide, more }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => (root.current?.querySelector(".inside input, .inside select") ?? root.current?.querySelector("button:not(:disabled)"))?.focus(), []);
  return html`<aside class=${`panel${wide ? " wide" : ""}`} aria-label=${title} ref=${root}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && !event.defaultPrevented && close()}>
    <header><h2>${title}</h2>${more}<button class="btn quiet icon" aria-label="Close" onClick=${close}>×</button></header>
    <div class="inside" tabindex="0" role="group" aria-label=${title}>${children}</div></aside>`;
}

export function ColumnsPanel() {
  const [search, setSearch] = useState("");
  const laid = state.laid.value;
  const found = laid.filter((column) => column.name.toLowerCase().includes(search.toLowerCase()));
  const show = (/** @type {boolean} */ on) => {
    const hit = new Set(found.map((column) => column.name));
    const all = spec.columnsOf(state.spec.value, state.names.value).map(({ visible, ...rest }) => {
      const next = hit.has(rest.name) ? on : visible !== false;
      return next ? rest : { ...rest, visible: false };
    });
    state.apply(spec.columnsListed(state.spec.value, state.names.value, all));
  };
  const hidden = laid.filter((column) => column.visible === false).length;
  const shown = found.slice(0, 500);
  return html`<${Panel} title=${`Columns · ${count(laid.length)}${hidden ? `, ${count(hidden)} hidden` : ""}`}>
    <input class="input" type="search" placeholder="Find a column" aria-label="Find a column" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} />
    <div class="actions"><button class="btn" onClick=${() => show(true)}>Show ${search ? "found" : "all"}</button>
      <button class="btn" onClick=${() => show(false)}>Hide ${search ? "found" : "all"}</button></div>
    <ul class="collist">${shown.map((column) => html`<li key=${column.name} draggable="true"
      onDragStart=${(/** @type {any} */ event) => event.dataTransfer.setData("text/plain", column.name)}
      onDragOver=${(/** @type {any} */ event) => (event.preventDefault(), event.currentTarget.classList.add("is-over"))}
      onDragLeave=${(/** @type {any} */ event) => event.currentTarget.classList.remove("is-over")}
      onDrop=${(/** @type {any} */ event) => { event.preventDefault(); event.currentTarget.classList.remove("is-over"); const name = event.dataTransfer.getData("text/plain"); if (name && name !== column.name) actions.move(name, column.name); }}>
      <label><input type="checkbox" checked=${column.visible !== false} onChange=${(/** @type {any} */ event) => actions.set(column, { visible: event.target.checked ? undefined : false })}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) { event.preventDefault(); const at = laid.findIndex((other) => other.name === column.name) + (event.key === "ArrowUp" ? -1 : 1); if (laid[at]) actions.move(column.name, laid[at].name); } }} />
        <span class="n" dir="auto">${column.label ?? (column.name || "(no name)")}</span><span class="ty">${column.info.type}</span></label>
      <button aria-label=${`Pin ${column.name}`} aria-pressed=${column.pin === "left"} title="Pin left" onClick=${() => actions.set(column, { pin: column.pin === "left" ? undefined : "left" })}>⇤</button>
      <button aria-label=${`Settings of ${column.name}`} title="Settings" onClick=${() => actions.settings(column)}>⚙</button></li>`)}</ul>
    ${found.length > shown.length ? html`<p class="note">The first 500 of ${count(found.length)} are listed: search for others.</p>` : null}
    ${found.length === 0 ? html`<p class="note">No column has “${search}” in its name.</p>` : null}
    <p class="note">Drag to move, or <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd> on a box.</p></${Panel}>`;
}

/** @param {{panel: any}} props */
export function ColumnPanel({ panel }) {
  const view = state.spec.value;
  const laid = state.laid.value;
  const old = laid.find((column) => column.name === panel.before);
  const known = [...(view.derive ?? []), ...(view.cells ?? [])].find((column) => column.name === panel.before);
  const grouped = state.grouped.value;
  const isNew = panel.before === null;
  const isOwn = isNew || Boolean(known);
  const [name, setName] = useState(isNew ? spec.freeName("column", state.names.value) : panel.before);
  const [label, setLabel] = useState(old?.label ?? "");
  const [digits, setDigits] = useState(String(old?.settings?.digits ?? ""));
  const [display, setDisplay] = useState(old?.display ?? "");
  const [overlays, setOverlays] = useState(old?.settings?.overlays !== false);
  const [objects, setObjects] = useState(String(old?.settings?.size ?? 5));
  const text = useRef(known?.expression ?? (isNew ? "" : nameText(panel.before)));
  const [wrong, setWrong] = useState(/** @type {any} */ (null));
  const at = grouped ? "cells" : "derive";
  const save = async (/** @type {string} */ given) => {
    const expression = (given ?? text.current).trim();
    if (isOwn || (!grouped && expression !== nameText(panel.before))) {
      if (!expression) return setWrong({ message: "Write what the column's values are, such as score_0 + score_6." });
      if (isNew && state.names.value.includes(name)) return setWrong({ message: `There is a column ${name} already: choose another name.` });
      if (!name) return setWrong({ message: "Give the column a name." });
      try {
        await post("/api/check", { view: { ...state.asked(), [at]: (state.spec.value[at] ?? []).filter((column) => column.name !== panel.before) }, expression, at });
      } catch (error) {
        return setWrong(error);
      }
    }
    let next = state.spec.value;
    if (isOwn) {
      const beside = isNew ? { side: panel.side, beside: grouped ? undefined : panel.beside } : {};
      next = spec.derived(next, tidyNamed({ ...beside, name, expression }), panel.before);
    } else if (!grouped && expression !== nameText(panel.before)) next = spec.derived(next, { name, expression }, null);
    const names = state.names.value.includes(name) ? state.names.value : [...state.names.value.filter((other) => other !== panel.before), name];
    const settings = { ...(old?.settings ?? {}), digits: digits === "" ? undefined : Math.max(0, Math.min(15, Number(digits) || 0)), overlays: overlays ? undefined : false, size: objects === "5" ? undefined : Number(objects) };
    const kept = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    if (!isNew) next = spec.columnSet(next, names, name, { label: label || undefined, display: display || undefined, settings: Object.keys(kept).length ? kept : undefined });
    state.apply(next);
    close();
  };
  const info = old?.info;
  return html`<${Panel} title=${isNew ? "New column" : `Column ${panel.before}`} key=${panel.before ?? "new"}>
    <label class="of" id="of-expression">${isNew ? "Expression" : grouped && !isOwn ? "Expression (of the rows)" : "Expression"}</label>
    ${grouped && !isOwn ? html`<code>${text.current}</code>` : html`<${ExpressionField} value=${text.current} at=${at} label="Expression" hint=${grouped ? "avg(guess == truth)" : "score_0 + score_6"}
      changed=${(/** @type {string} */ now) => (text.current = now)} take=${save} />`}
    ${wrong ? html`<div class="wrong" role="alert">${wrong.message}</div>` : null}
    ${isOwn ? html`<label class="of" for="column-name">Name</label><input class="input" id="column-name" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && save(text.current)} />` : null}
    ${isNew ? null : html`<label class="of" for="column-label">Shown as</label><input class="input" id="column-label" value=${label} placeholder=${panel.before} onInput=${(/** @type {any} */ event) => setLabel(event.target.value)} />`}
    ${info && isNumeric(info) ? html`<label class="of" for="column-digits">Digits behind the point</label><input class="input" id="column-digits" inputmode="numeric" placeholder="as needed" value=${digits} onInput=${(/** @type {any} */ event) => setDigits(event.target.value)} />` : null}
    ${info && isMedia(info) ? html`<label class="of" for="column-display">Display</label><select class="input" id="column-display" value=${display} onChange=${(/** @type {any} */ event) => setDisplay(event.target.value)}>
      <option value="">${info.kind}</option><option value="text">text</option></select>` : null}
    ${info?.kind === "image" ? html`<p><label><input type="checkbox" checked=${overlays} onChange=${(/** @type {any} */ event) => setOverlays(event.target.checked)} /> Boxes and masks</label></p>` : null}
    ${info?.role === "group" && info.bars === "page" ? html`<label class="of" for="column-size">Objects at once</label><select class="input" id="column-size" value=${objects} onChange=${(/** @type {any} */ event) => setObjects(event.target.value)}>
      ${[1, 2, 3, 5, 10, 20, 50, 100].map((size) => html`<option value=${String(size)}>${size}</option>`)}</select>` : null}
    <div class="actions"><button class="btn primary" onClick=${() => save(text.current)}>${isNew ? "Insert" : "Apply"}</button><button class="btn" onClick=${close}>Discard</button></div>
    ${isNew ? html`<p class="note">${grouped ? "A value for each group: count(), avg(score), max(loss), avg(guess == truth)." : "A value for each row: score_0 + score_6, guess != truth, lower(text)."}</p>` : null}
  </${Panel}>`;
}

/** @param {Record<string, any>} column */
function tidyNamed(column) {
  return /** @type {any} */ (Object.fromEntries(Object.entries(column).filter(([, value]) => value !== undefined && value !== null)));
}

/** A node that is made without Preact. @param {{make: () => Node | null, id: string}} props */
function Raw({ make, id }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    root.current.textContent = "";
    const made = make();
    if (made) root.current.append(made);
  }, [id]);
  return html`<div ref=${root}></div>`;
}

/** @param {{media: any, large?: boolean}} props */
export function MediaView({ media, large }) {
  if (media.kind === "audio") return html`<${Raw} id=${media.ref} make=${() => soundNode(media)} />`;
  if (media.kind === "video") return html`<${Raw} id=${media.ref} make=${() => videoNode(media)} />`;
  if (media.kind !== "image") return html`<span>${described(media)} · <a href=${`/blob/${media.ref}`} target="_blank" rel="noopener">open</a></span>`;
  return html`<${Raw} id=${`${media.ref}${large}`} make=${() => {
    const frame = document.createElement("div");
    frame.className = "frame thumb";
    frame.style.cssText = `height:auto;width:${large ? `min(90vw, calc(82vh * ${(media.width || 1) / (media.height || 1)}))` : "100%"};aspect-ratio:${media.width || 1} / ${media.height || 1};cursor:default`;
    const image = document.createElement("img");
    image.alt = described(media);
    image.src = large ? `/blob/${media.ref}` : thumbUrl(media, 400);
    if ((media.width ?? 999) <= 64) frame.classList.add("small");
    frame.append(image);
    for (const mask of Object.values(media.masks ?? {})) frame.append(maskNode(mask, 0.55));
    const boxes = boxesNode(media);
    if (boxes) frame.append(boxes);
    return frame;
  }} />`;
}

/** @param {{panel: any, go: (row: number) => void}} props */
export function DetailPanel({ panel, go }) {
  const [values, setValues] = useState(/** @type {any} */ (null));
  const [wrong, setWrong] = useState("");
  const laid = state.laid.value.filter((column) => column.info.role !== "group" && column.visible !== false).slice(0, 300);
  const { row } = panel;
  useEffect(() => {
    const control = new AbortController();
    post("/api/rows", { view: state.asked(), offset: row, count: 1, columns: laid.map((column) => column.name) }, control.signal).then(
      (found) => (setValues(Object.fromEntries(found.columns.map((/** @type {any} */ column) => [column.name, column.values[0]]))), setWrong("")),
      (error) => error.name !== "AbortError" && setWrong(error.message));
    return () => control.abort();
  }, [row, state.generation.value]);
  const whole = (/** @type {any} */ column) => post("/api/cell", { view: state.asked(), row, column: column.name }).then(
    (found) => setValues({ ...values, [column.name]: found.value }), (error) => setWrong(error.message));
  const last = (state.rows.value ?? 1) - 1;
  useEffect(() => {
    const key = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (!target.closest(".panel") || target.closest("input, audio, video") || event.altKey || event.ctrlKey) return;
      if (event.key === "ArrowDown") go(row + 1);
      else if (event.key === "ArrowUp") go(row - 1);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [row]);
  return html`<${Panel} title=${`${state.grouped.value ? "Group" : "Row"} ${count(row + 1)}`} wide more=${html`
    <button class="btn quiet icon" aria-label="Previous" disabled=${row <= 0} onClick=${() => go(row - 1)}>↑</button>
    <button class="btn quiet icon" aria-label="Next" disabled=${row >= last} onClick=${() => go(row + 1)}>↓</button>`}>
    ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : null}
    ${state.grouped.value ? html`<p><button class="btn" onClick=${() => actions.expand(row)}>Show the rows of this group</button></p>` : null}
    ${values === null ? html`<p class="note">Reading…</p>` : html`<dl class="detail">${laid.map((column) => {
      const value = values[column.name];
      return html`<div key=${column.name}><dt><span dir="auto">${column.label ?? column.name}</span> <span class="ty">${column.info.type}</span></dt>
        <dd dir="auto" class=${isNumeric(column.info) ? "num" : ""}>${value && isMedia(column.info) && value.ref ? html`<${MediaView} media=${value} />`
          : value && typeof value === "object" && !value.cut && !value.hex ? html`<code>${JSON.stringify(value, null, 1)}</code>`
          : valueText(value, column.info.kind)}
          ${value?.cut ? html`<div class="note">The beginning of ${count(value.size)} characters. <button class="btn" onClick=${() => whole(column)}>Show all</button></div>` : null}</dd></div>`;
    })}</dl>`}</${Panel}>`;
}

const KEYS = [
  ["Move", [["←↑↓→", "cell"], ["Page Up, Page Down", "page"], ["Home, End", "first, last column"], ["Ctrl Home, Ctrl End", "first, last row"], ["Ctrl J", "go to a row"]]],
  ["Ask", [["/", "filter"], ["S", "sort by the column"], ["Shift S", "sort also"], ["G", "group by the column, or ungroup"], ["M", "menu of the cell"], ["H, Alt ↓", "menu of the column"]]],
  ["Columns", [["Alt ←, Alt →", "move the column"], ["+, −", "wider, narrower"], ["C", "all columns"], ["1 2 3 4", "row height"]]],
  ["Look", [["Enter", "row in detail"], ["E", "rows of the group"], ["Space", "play, or show full screen"], ["Ctrl C", "copy the cell"], ["Esc", "back to the grid"]]],
  ["Page", [["Browser's Back", "undo, and Forward redoes"], ["T", "light or dark"], ["?", "this sheet"]]],
];

export function KeysSheet() {
  return html`<dialog id="keys" aria-label="Keyboard"><header><h2>Keyboard</h2><button class="btn quiet icon" aria-label="Close" onClick=${(/** @type {any} */ event) => event.target.closest("dialog").close()}>×</button></header>
    <div class="inside keys">${KEYS.map(([name, keys]) => html`<section><h3>${name}</h3>${/** @type {string[][]} */ (keys).map(([key, what]) => html`<div><span>${what}</span><kbd>${key}</kbd></div>`)}</section>`)}</div></dialog>`;
}
