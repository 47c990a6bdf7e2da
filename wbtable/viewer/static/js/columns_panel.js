// All columns: found by name, shown and hidden, moved, pinned.
import * as actions from "./actions.js";
import { count } from "./numbers.js";
import { close, Panel } from "./panels.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useState } from "../vendor/preact.js";

const MOST = 500;

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
  const go = (/** @type {any} */ column) => {
    if (column.visible === false) actions.set(column, { visible: undefined });
    close();
    state.goColumn.value = { name: column.name, focus: true };
  };
  const hidden = laid.filter((column) => column.visible === false).length;
  const shown = found.slice(0, MOST);
  return html`<${Panel} title=${`Columns · ${count(laid.length)}${hidden ? `, ${count(hidden)} hidden` : ""}`}>
    <input class="input" type="search" placeholder="Find a column" aria-label="Find a column" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && found[0] && go(found[0])} />
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
      <button aria-label=${`Go to ${column.name}`} title="Go to it" onClick=${() => go(column)}>→</button>
      <button aria-label=${`Pin ${column.name}`} aria-pressed=${column.pin === "left"} title="Pin left" onClick=${() => actions.set(column, { pin: column.pin === "left" ? undefined : "left" })}>⇤</button>
      <button aria-label=${`Settings of ${column.name}`} title="Settings" onClick=${() => actions.settings(column)}>⚙</button></li>`)}</ul>
    ${found.length > shown.length ? html`<p class="note">The first ${count(MOST)} of ${count(found.length)} are listed: search for others.</p>` : null}
    ${found.length === 0 ? html`<p class="note">No column has “${search}” in its name.</p>` : null}
    <p class="note">Enter in the field goes to the first that is found. Drag to move, or <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd> on a box.</p></${Panel}>`;
}
