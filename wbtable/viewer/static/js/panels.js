// What panels at the side have in common.
import { toGrid } from "./focus.js";
import * as state from "./state.js";
import { html, useEffect, useRef } from "../vendor/preact.js";

export function close() {
  state.panel.value = null;
  toGrid();
}

/** @param {{title: string, children: any, wide?: boolean, more?: any, foot?: any, dismiss?: () => void}} props */
export function Panel({ title, children, wide, more, foot, dismiss = close }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => (root.current?.querySelector(".inside input:not([type=checkbox]), .inside select") ?? root.current?.querySelector("button:not(:disabled)"))?.focus(), []);
  return html`<aside class=${`panel${wide ? " wide" : ""}`} aria-label=${title} ref=${root}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && !event.defaultPrevented && dismiss()}>
    <header><h2 dir="auto" title=${title}>${title}</h2>${more}<button class="btn quiet icon" aria-label="Close" title="Close (Esc)" onClick=${dismiss}>×</button></header>
    <div class="inside" tabindex="0" role="group" aria-label=${title}>${children}</div>${foot ? html`<footer class="panel-foot">${foot}</footer>` : null}</aside>`;
}
