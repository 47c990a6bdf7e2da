// The bar above the table: the filter as text, groups, columns, height of rows, and more.
import { moreMenu } from "./actions.js";
import { nameText } from "./expression.js";
import { ExpressionField } from "./field.js";
import { toGrid } from "./focus.js";
import { openMenu } from "./menu.js";
import { count } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import * as steps from "./steps.js";
import { ViewButtons } from "./views_menu.js";
import { html } from "../vendor/preact.js";

const HEIGHTS = { s: "Small rows", m: "Medium rows", l: "Large rows", xl: "Very large rows" };

/** Columns that the menu lists. */
const MOST = 200;

/** What a filter may be, by the columns that are there. @param {any[]} columns */
function hintOf(columns) {
  const has = (/** @type {string} */ name) => columns.some((column) => column.name === name);
  const first = (/** @type {string} */ kind) => columns.find((column) => column.kind === kind && /^[A-Za-z]\w{0,15}$/.test(column.name))?.name;
  if (has("guess") && has("truth")) return "such as guess != truth";
  const pair = columns.find((column) => column.name.startsWith("0.") && ["number", "string"].includes(column.kind) && has(`1.${column.name.slice(2)}`))?.name.slice(2);
  if (pair && /^\w+$/.test(pair)) return `such as 0.${pair} != 1.${pair}`;
  const [number, text] = [first("number"), first("string")];
  const parts = [number ? `${number} > 0` : "", text ? `${text} != ""` : ""].filter(Boolean);
  return parts.length ? `such as ${parts.join(" and ")}` : "by an expression over columns";
}

/** @param {{filterRef: any}} props */
export function Toolbar({ filterRef }) {
  const view = state.spec.value;
  const panel = state.panel.value;
  const toggle = (/** @type {string} */ kind) => (state.panel.value = panel?.kind === kind ? null : { kind });
  const more = () => {
    const number = (state.info.value?.columns.length ?? 0) - MOST;
    return number > 0 ? [{ label: `${count(number)} more: press G on a column, or find it in Columns`, disabled: true }] : [];
  };
  const group = (/** @type {any} */ event) => openMenu(event.currentTarget, "Group by", [...(state.info.value?.columns ?? []).slice(0, MOST).map((/** @type {any} */ column) => {
    const name = nameText(column.name);
    const on = (view.group ?? []).includes(name);
    return { label: column.name || "(no name)", checked: on, run: () => state.apply(on ? spec.ungrouped(state.spec.value, name) : spec.groupedBy(state.spec.value, name)) };
  }), ...more()]);
  return html`<section class="toolbar" aria-label="View">
    <div class="filter"><${ExpressionField} value=${view.filter ?? ""} at="filter" label="Filter" fieldRef=${filterRef}
      hint=${`Filter rows, ${hintOf(state.info.value?.columns ?? [])}`} take=${(/** @type {string} */ text) => { state.apply({ ...state.spec.value, filter: text || null }); toGrid(); }} /></div>
    <span class="pair-of"><button class="btn icon" aria-label="Undo" title="Undo (Ctrl Z)" disabled=${!steps.canUndo.value} onClick=${steps.undo}>↶</button><button class="btn icon" aria-label="Redo" title="Redo (Ctrl Shift Z)" disabled=${!steps.canRedo.value} onClick=${steps.redo}>↷</button></span>
    <button class="btn" aria-haspopup="menu" aria-expanded="false" disabled=${!state.info.value} onClick=${group}>Group</button>
    <button class="btn" aria-pressed=${panel?.kind === "compare"} title="Compare with another version, run or table (V)" onClick=${() => toggle("compare")}>Compare</button>
    <button class="btn" aria-pressed=${panel?.kind === "columns"} onClick=${() => toggle("columns")}>Columns</button>
    <button class="btn icon" aria-label="Row height" title="Row height" aria-haspopup="menu" aria-expanded="false" onClick=${(/** @type {any} */ event) =>
      openMenu(event.currentTarget, "Row height", Object.entries(HEIGHTS).map(([size, label]) => ({ label, checked: (state.height.value || state.usualHeight.value) === size, run: () => state.setHeight(size) })))}>☰</button>
    <${ViewButtons} />
    <button class="btn icon" aria-label="More" title="More" aria-haspopup="menu" aria-expanded="false" onClick=${(/** @type {any} */ event) => moreMenu(event.currentTarget)}>⋯</button>
  </section>`;
}
