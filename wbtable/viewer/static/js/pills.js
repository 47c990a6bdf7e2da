// A pill for each thing that is done to the rows: switched off and on, edited, taken away.
import { heatmap } from "./actions.js";
import { conjuncts, joined } from "./expression.js";
import { ExpressionField } from "./field.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useState } from "../vendor/preact.js";

/** @param {string[]} list @param {string} old @param {string} text */
const swapped = (list, old, text) => list.flatMap((part) => (part === old ? (text ? conjuncts(text) : []) : [part]));

export function Pills() {
  const view = state.spec.value;
  const parts = conjuncts(view.filter);
  const off = state.off.value;
  const group = view.group ?? [];
  const sort = view.sort ?? [];
  const filters = (/** @type {string[]} */ next, /** @type {string[]} */ rest = off) => state.apply(spec.filteredBy(view, next), { off: rest });
  const pills = [
    ...parts.map((part) => html`<${Pill} key=${`on${part}`} kind="filter" at="filter" text=${part} on=${true}
      toggle=${() => filters(parts.filter((other) => other !== part), [...off, part])}
      edit=${(/** @type {string} */ text) => filters(swapped(parts, part, text))} remove=${() => filters(parts.filter((other) => other !== part))} />`),
    ...off.map((part) => html`<${Pill} key=${`off${part}`} kind="filter" at="filter" text=${part} on=${false}
      toggle=${() => state.apply({ ...view, filter: joined([...parts, part]) }, { off: off.filter((other) => other !== part) })}
      edit=${(/** @type {string} */ text) => state.apply(view, { off: swapped(off, part, text) })} remove=${() => state.apply(view, { off: off.filter((other) => other !== part) })} />`),
    ...group.map((key) => html`<${Pill} key=${`group${key}`} kind="group" at="group" text=${key}
      edit=${(/** @type {string} */ text) => state.apply(text ? spec.regrouped(view, key, text) : spec.ungrouped(view, key))} remove=${() => state.apply(spec.ungrouped(view, key))} />`),
    ...(view.having ? [html`<${Pill} key="having" kind="groups" at="having" text=${view.having}
      edit=${(/** @type {string} */ text) => state.apply({ ...view, having: text || null })} remove=${() => state.apply({ ...view, having: null })} />`] : []),
    ...sort.map((key, i) => html`<${Pill} key=${`sort${key.expression}`} kind=${sort.length > 1 ? `sort ${i + 1}` : "sort"} at="sort" text=${key.expression} order=${key.order ?? "asc"}
      toggle=${() => state.apply(spec.sorted(view, key.expression, key.order === "desc" ? "asc" : "desc", true))}
      edit=${(/** @type {string} */ text) => state.apply(text ? { ...view, sort: sort.map((other) => (other === key ? { ...key, expression: text } : other)) } : spec.sorted(view, key.expression, null, true))}
      remove=${() => state.apply(spec.sorted(view, key.expression, null, true))} />`),
  ];
  const isMap = view.columns?.find((column) => column.name === "count")?.display === "heatmap";
  const maps = group.length === 2 ? html`<span class="segments" role="group" aria-label="Shown as">
    <button class="btn" aria-pressed=${!isMap} onClick=${() => isMap && heatmap(false)}>List</button>
    <button class="btn" aria-pressed=${isMap} onClick=${() => !isMap && heatmap(true)}>Heat map</button></span>` : null;
  if (!pills.length) return null;
  return html`<section class="pills" aria-label="What is done to the rows">${pills}${maps}</section>`;
}

/** @param {{kind: string, at: string, text: string, on?: boolean, order?: string, toggle?: () => void, edit: (text: string) => void, remove: () => void}} props */
function Pill({ kind, at, text, on, order, toggle, edit, remove }) {
  const [editing, setEditing] = useState(false);
  const name = kind.replace(/ \d+$/, "");
  if (editing) {
    return html`<span class="pill is-edited"><${ExpressionField} value=${text} at=${at} label=${`Edit ${name}`} hint="" autofocus=${true} cancel=${() => setEditing(false)}
      take=${(/** @type {string} */ next) => { setEditing(false); if (next !== text) edit(next); }} /></span>`;
  }
  return html`<span class=${`pill is-${name}${on === false ? " is-off" : ""}`}>
    ${order
      ? html`<button class="toggle" title="Turn round" aria-label=${`Sort ${text} ${order === "asc" ? "descending" : "ascending"}`} onClick=${toggle}><span class="kind">${kind}</span> ${order === "desc" ? "↓" : "↑"}</button>`
      : toggle
        ? html`<button class="toggle" role="switch" aria-checked=${String(Boolean(on))} title=${on ? "Switch off" : "Switch on"} aria-label=${`Filter ${text}`} onClick=${toggle}><span class="box" aria-hidden="true">${on ? "✓" : ""}</span></button>`
        : html`<span class="kind">${kind}</span>`}
    <button class="pill-text" title="Edit" aria-label=${`Edit ${name} ${text}`} onClick=${() => setEditing(true)}>${text}</button>
    <button class="drop" title="Remove" aria-label=${`Remove ${name} ${text}`} onClick=${remove}>×</button></span>`;
}
