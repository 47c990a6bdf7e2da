// One row in detail.
import * as actions from "./actions.js";
import { post } from "./api.js";
import { isMedia, isNumeric } from "./cells.js";
import { count } from "./numbers.js";
import { MediaView, Plain, ValueView, isViewed } from "./media_view.js";
import { Panel } from "./panels.js";
import * as state from "./state.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** Columns that are asked for and shown at once. */
const MOST = 300;

/** @param {{panel: any, go: (row: number) => void}} props */
export function DetailPanel({ panel, go }) {
  const [read, setRead] = useState(/** @type {{of: number, values: Record<string, any>} | null} */ (null));
  const [wrong, setWrong] = useState("");
  const all = state.laid.value.flatMap((column) => column.info?.members ?? [column]).filter((column) => column.info.role !== "group" && column.visible !== false);
  const [most, setMost] = useState(MOST);
  const laid = all.slice(0, most);
  const { row } = panel;
  useEffect(() => {
    const control = new AbortController();
    post("/api/rows", { view: state.asked(), offset: row, count: 1, columns: laid.map((column) => column.name) }, control.signal).then(
      (found) => (setRead({ of: row, values: Object.fromEntries(found.columns.map((/** @type {any} */ column) => [column.name, column.values[0]])) }), setWrong("")),
      (error) => error.name !== "AbortError" && setWrong(error.message));
    return () => control.abort();
  }, [row, most, state.generation.value]);
  const whole = (/** @type {any} */ column) => post("/api/cell", { view: state.asked(), row, column: column.name }).then(
    (found) => setRead(/** @type {any} */ ((/** @type {any} */ now) => now?.of === row ? { of: row, values: { ...now.values, [column.name]: found.value } } : now)), (error) => setWrong(error.message));
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
    ${read === null ? html`<p class="note">Reading…</p>` : html`<dl class="detail" aria-busy=${read.of === row ? "false" : "true"}>${laid.map((column) => {
      const value = read.values[column.name];
      return html`<div key=${column.name}><dt><span dir="auto">${column.label ?? column.name}</span> <span class="ty">${column.info.type}</span></dt>
        <dd dir="auto" class=${isNumeric(column.info) ? "num" : ""}>${value && isMedia(column.info) && value.ref ? html`<${MediaView} media=${value} column=${column} row=${row} />`
          : isViewed(value, column) ? html`<${ValueView} value=${value} column=${column} row=${row} />`
          : html`<${Plain} value=${value} column=${column} row=${row} />`}
          ${value?.cut ? html`<div class="note">The beginning of ${count(value.size)} characters. <button class="btn" disabled=${read.of !== row} onClick=${() => whole(column)}>Show all</button></div>` : null}</dd></div>`;
    })}</dl>`}
    ${all.length > most ? html`<p class="note">The first ${count(most)} of ${count(all.length)} columns. <button class="btn" onClick=${() => setMost(most + MOST)}>Show ${count(Math.min(MOST, all.length - most))} more</button></p>` : null}</${Panel}>`;
}
