// Groups by two keys as a map: rows of it are the values of the first, columns those of the second; a cell leads to its
// rows. Guesses against truths make a confusion matrix of it.
import { expand, heatmap } from "./actions.js";
import { post } from "./api.js";
import { isNumeric, valueText } from "./cells.js";
import { numberText } from "./display.js";
import { count, share } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const MOST = 10_000;
const PAGE = 1000;
const ROOMY = 24;

/** @typedef {{keys: any[][], at: Map<string, {group: number, value: any}>, names: string[], rows: number}} Found */

/** @param {any} a @param {any} b */
function compared(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** @param {any} value */
const keyOf = (value) => JSON.stringify(value?.digest ?? value);

/** @param {string} measure @param {AbortSignal} signal @returns {Promise<Found>} */
async function read(measure, signal) {
  const { sort, ...view } = state.asked();
  const names = (state.info.value?.shown ?? []).slice(0, 2).map((/** @type {any} */ column) => column.name);
  const total = state.rows.value ?? 0;
  /** @type {Found} */
  const found = { keys: [[], []], at: new Map(), names, rows: total };
  const known = [new Set(), new Set()];
  for (let at = 0; at < total; at += PAGE) {
    const part = await post("/api/rows", { view, offset: at, count: Math.min(PAGE, total - at), columns: [...names, measure] }, signal);
    for (let i = 0; i < part.rows; i += 1) {
      const pair = [0, 1].map((side) => part.columns[side].values[i]);
      pair.forEach((value, side) => {
        if (!known[side].has(keyOf(value))) found.keys[side].push(value);
        known[side].add(keyOf(value));
      });
      found.at.set(pair.map(keyOf).join(" "), { group: at + i, value: part.columns[2].values[i] });
    }
  }
  found.keys.forEach((list) => list.sort(compared));
  return found;
}

/** Open a group that is known by its number in the order of keys. @param {number} group */
function openGroup(group) {
  // The map is read without the sort, so that its groups come by key.
  void expand(group, undefined, { sort: undefined });
}

export function HeatMap() {
  const [found, setFound] = useState(/** @type {Found | null} */ (null));
  const [wrong, setWrong] = useState("");
  const [active, setActive] = useState([0, 0]);
  const body = useRef(/** @type {any} */ (null));
  const settings = /** @type {any} */ (state.laid.value.find((column) => column.name === "count")?.settings ?? {});
  const measures = state.columns.value.filter((column) => column.role === "count" || (column.role === "cell" && isNumeric(column)));
  const measure = measures.find((column) => column.name === settings.measure)?.name ?? "count";
  const by = measure === "count" ? settings.by ?? "" : "";
  const rows = state.rows.value;
  useEffect(() => {
    if (rows === null || rows > MOST) return;
    const control = new AbortController();
    setWrong("");
    read(measure, control.signal).then(setFound, (error) => error.name !== "AbortError" && setWrong(error.message));
    return () => control.abort();
  }, [state.generation.value, rows, measure]);
  const set = (/** @type {string} */ key, /** @type {string} */ value) => {
    const { [key]: _, ...rest } = settings;
    state.apply(spec.columnSet(state.spec.value, state.names.value, "count", { settings: value ? { ...rest, [key]: value } : rest }));
  };
  if (rows !== null && rows > MOST) {
    return html`<div class="heat"><div class="state"><h2>Too many pairs for a map</h2><p>${count(rows)} pairs of values; a map shows at most ${count(MOST)}. Filter the rows, or group by something coarser.</p>
      <div class="actions"><button class="btn" onClick=${() => heatmap(false)}>Show as a list</button></div></div></div>`;
  }
  if (wrong) return html`<div class="heat"><div class="state" role="alert"><h2>The map cannot be shown</h2><p>${wrong}</p><div class="actions"><button class="btn" onClick=${() => heatmap(false)}>Show as a list</button></div></div></div>`;
  if (!found) return html`<div class="heat" aria-busy="true"><span class="skeleton heat-wait"></span></div>`;
  const [down, across] = found.keys;
  const value = (/** @type {number} */ r, /** @type {number} */ c) => found.at.get(`${keyOf(down[r])} ${keyOf(across[c])}`);
  const number = (/** @type {number} */ r, /** @type {number} */ c) => Number(value(r, c)?.value ?? NaN);
  const sums = [down.map((_, r) => across.reduce((sum, _c, c) => sum + (number(r, c) || 0), 0)), across.map((_, c) => down.reduce((sum, _r, r) => sum + (number(r, c) || 0), 0))];
  const shown = (/** @type {number} */ r, /** @type {number} */ c) => {
    const n = number(r, c);
    return by === "row" ? n / sums[0][r] : by === "column" ? n / sums[1][c] : n;
  };
  const all = down.flatMap((_, r) => across.map((_c, c) => shown(r, c))).filter(Number.isFinite);
  const [least, most] = [Math.min(0, ...all), Math.max(...all, 1e-9)];
  const text = (/** @type {number} */ r, /** @type {number} */ c) => (value(r, c) === undefined ? "" : by ? share(shown(r, c), 1) : measure === "count" ? count(number(r, c)) : numberText(value(r, c)?.value));
  const label = (/** @type {any} */ key, /** @type {number} */ side) => valueText(key, state.info.value?.shown?.[side]?.kind ?? "") || "(empty)";
  const roomy = across.length <= ROOMY;
  const go = (/** @type {number} */ r, /** @type {number} */ c) => {
    const to = [Math.max(0, Math.min(down.length - 1, r)), Math.max(0, Math.min(across.length - 1, c))];
    setActive(to);
    body.current.querySelector(`[data-at="${to[0]} ${to[1]}"]`)?.focus();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const step = /** @type {Record<string, [number, number]>} */ ({ ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[event.key];
    if (!step) return;
    event.preventDefault();
    go(active[0] + step[0], active[1] + step[1]);
  };
  return html`<div class="heat"><div class="heat-bar"><label>Show <select class="input" value=${measure} onChange=${(/** @type {any} */ event) => set("measure", event.target.value === "count" ? "" : event.target.value)}>
      ${measures.map((column) => html`<option value=${column.name} selected=${column.name === measure}>${column.name}</option>`)}</select></label>
    ${measure === "count" ? html`<label>as <select class="input" value=${by} onChange=${(/** @type {any} */ event) => set("by", event.target.value)}>
      ${[["", "number of rows"], ["row", `share of each ${found.names[0]}`], ["column", `share of each ${found.names[1]}`]].map(([id, name]) => html`<option value=${id} selected=${id === by}>${name}</option>`)}</select></label>` : null}
    <span class="note">Down: <b>${found.names[0]}</b> · across: <b>${found.names[1]}</b> · a cell leads to its rows</span></div>
    <div class="heat-scroll"><table class="heat-map" role="grid" aria-label=${`${measure} by ${found.names[0]} and ${found.names[1]}`} ref=${body} onKeyDown=${key}>
      <thead><tr><th class="corner" scope="col"><span>${found.names[0]} ↓ ${found.names[1]} →</span></th>${across.map((each) => html`<th scope="col" dir="auto">${label(each, 1)}</th>`)}${measure === "count" ? html`<th scope="col" class="sum">all</th>` : null}</tr></thead>
      <tbody>${down.map((each, r) => html`<tr><th scope="row" dir="auto">${label(each, 0)}</th>${across.map((other, c) => {
        const cell = value(r, c);
        const part = Number.isFinite(shown(r, c)) ? Math.round((100 * (shown(r, c) - least)) / (most - least)) : 0;
        return html`<td role="gridcell" class=${keyOf(each) === keyOf(other) ? "same" : ""}><button data-at=${`${r} ${c}`} tabindex=${active[0] === r && active[1] === c ? 0 : -1} disabled=${false} aria-disabled=${cell === undefined ? "true" : undefined}
          class=${roomy ? "" : "small"} style=${{ "--heat-part": `${cell === undefined ? 0 : Math.max(4, part)}%` }}
          aria-label=${`${found.names[0]} ${label(each, 0)}, ${found.names[1]} ${label(other, 1)}: ${cell === undefined ? "no rows" : text(r, c)}`} title=${`${found.names[0]} ${label(each, 0)}, ${found.names[1]} ${label(other, 1)}: ${text(r, c) || "no rows"}`}
          onFocus=${() => setActive([r, c])} onClick=${() => cell && openGroup(cell.group)}>${roomy ? text(r, c) : ""}</button></td>`;
      })}${measure === "count" ? html`<td role="gridcell" class="sum">${count(sums[0][r])}</td>` : null}</tr>`)}</tbody></table></div></div>`;
}
