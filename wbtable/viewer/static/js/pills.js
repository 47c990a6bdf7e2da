// A pill for each thing that is done to the rows.
import { conjuncts, joined } from "./expression.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html } from "../vendor/preact.js";

export function Pills() {
  const view = state.spec.value;
  const parts = conjuncts(view.filter);
  const off = state.off.value;
  const pills = [
    ...parts.map((part) => html`<${Pill} key=${`on${part}`} kind="filter" text=${part} on=${true}
      toggle=${() => state.apply(spec.filteredBy(view, parts.filter((other) => other !== part)), { off: [...off, part] })}
      remove=${() => state.apply(spec.filteredBy(view, parts.filter((other) => other !== part)))} />`),
    ...off.map((part) => html`<${Pill} key=${`off${part}`} kind="filter" text=${part} on=${false}
      toggle=${() => state.apply({ ...view, filter: joined([...parts, part]) }, { off: off.filter((other) => other !== part) })}
      remove=${() => state.apply(view, { off: off.filter((other) => other !== part) })} />`),
    ...(view.group ?? []).map((key) => html`<${Pill} key=${`group${key}`} kind="group" text=${key} remove=${() => state.apply(spec.ungrouped(view, key))} />`),
    ...(view.sort ?? []).map((key) => html`<${Pill} key=${`sort${key.expression}`} kind="sort" text=${`${key.expression} ${key.order === "desc" ? "↓" : "↑"}`}
      toggle=${() => state.apply(spec.sorted(view, key.expression, key.order === "desc" ? "asc" : "desc", true))} remove=${() => state.apply(spec.sorted(view, key.expression, null, true))} />`),
  ];
  if (!pills.length) return null;
  return html`<section class="pills" aria-label="What is done to the rows">${pills}</section>`;
}

/** @param {{kind: string, text: string, on?: boolean, toggle?: () => void, remove: () => void}} props */
function Pill({ kind, text, on, toggle, remove }) {
  const what = kind === "filter" ? (on ? "Switch off" : "Switch on") : "Turn round";
  return html`<span class=${`pill${on === false ? " is-off" : ""}`}>
    <span class="kind">${kind}</span>
    ${toggle
      ? html`<button class="pill-text" title=${what} aria-pressed=${on === undefined ? undefined : String(on)} onClick=${toggle}>${text}</button>`
      : html`<span class="pill-text" style=${{ alignSelf: "center", padding: "0 6px" }}>${text}</span>`}
    <button aria-label=${`Remove ${kind} ${text}`} onClick=${remove}>×</button></span>`;
}
