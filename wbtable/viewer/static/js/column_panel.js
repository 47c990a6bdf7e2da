// One column: what its values are, and how they are shown.
import * as actions from "./actions.js";
import { post } from "./api.js";
import { isMedia, isNumeric } from "./cells.js";
import { nameText } from "./expression.js";
import { ExpressionField } from "./field.js";
import { close, Panel } from "./panels.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useRef, useState } from "../vendor/preact.js";

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
