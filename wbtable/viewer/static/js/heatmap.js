// Groups by two keys as a map: rows of it are the values of the first, columns those of the second; a cell leads to its
// rows. Guesses against truths make a confusion matrix of it.
import { expand, heatmap } from "./actions.js";
import { post } from "./api.js";
import { isNumeric, valueText } from "./cells.js";
import { numberText } from "./display.js";
import { count, share } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, signal, useEffect, useRef, useState } from "../vendor/preact.js";

const MOST = 10_000;
const PAGE = 1000;
const ROOMY = 24;

/** @typedef {{keys: any[][], at: Map<string, {group: number, value: any}>, names: string[], measure: string}} Found */
/** @typedef {{of: string, keys: any[][], least: number, most: number}} Scale what a map shows: of which keys and numbers, and from where to where */

/** The maps of tables side by side: those of the same have the same keys and shades, so that they can be told apart. */
const scales = signal(/** @type {Map<number, Scale>} */ (new Map()));

/** @param {number} side @param {Scale | null} scale */
function publish(side, scale) {
  const next = new Map(scales.peek());
  if (scale) next.set(side, scale);
  else next.delete(side);
  scales.value = next;
}

/** All values of several lists, each once, in order. @param {any[][]} lists */
function union(lists) {
  const known = new Map(lists.flat().map((value) => [keyOf(value), value]));
  return [...known.values()].sort(compared);
}

/** One scale for all maps that show the same. @param {Scale} own @param {Iterable<Scale>} others @returns {Scale} */
export function together(own, others) {
  const same = [own, ...[...others].filter((other) => other.of === own.of)];
  return {
    of: own.of,
    keys: own.keys.map((_, side) => union(same.map((one) => one.keys[side]))),
    least: Math.min(...same.map((one) => one.least)),
    most: Math.max(...same.map((one) => one.most)),
  };
}

/** @param {any} a @param {any} b */
function compared(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** @param {any} value */
const keyOf = (value) => JSON.stringify(value?.digest ?? value);

/** @param {any} model @param {string} measure @param {AbortSignal} stop @returns {Promise<Found>} */
async function read(model, measure, stop) {
  const { sort, ...view } = model.asked();
  const names = (model.info.value?.shown ?? []).slice(0, 2).map((/** @type {any} */ column) => column.name);
  const total = model.rows.value ?? 0;
  /** @type {Found} */
  const found = { keys: [[], []], at: new Map(), names, measure };
  const known = [new Set(), new Set()];
  for (let at = 0; at < total; at += PAGE) {
    const part = await post("/api/rows", { view, offset: at, count: Math.min(PAGE, total - at), columns: [...names, measure] }, stop);
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

/**
 * The numbers of a map by its keys, and from where to where they go.
 * @param {Found} found @param {string} by
 */
function ownScale(found, by) {
  const [down, across] = found.keys;
  const number = (/** @type {any} */ r, /** @type {any} */ c) => Number(found.at.get(`${keyOf(r)} ${keyOf(c)}`)?.value ?? NaN);
  const sum = (/** @type {any[]} */ list, /** @type {(other: any) => number} */ of) => list.reduce((total, other) => total + (of(other) || 0), 0);
  const sums = [new Map(down.map((r) => [keyOf(r), sum(across, (c) => number(r, c))])), new Map(across.map((c) => [keyOf(c), sum(down, (r) => number(r, c))]))];
  const shown = (/** @type {any} */ r, /** @type {any} */ c) => {
    const n = number(r, c);
    return by === "row" ? n / (sums[0].get(keyOf(r)) ?? NaN) : by === "column" ? n / (sums[1].get(keyOf(c)) ?? NaN) : n;
  };
  const all = down.flatMap((r) => across.map((c) => shown(r, c))).filter(Number.isFinite);
  /** @type {Scale} */
  const scale = { of: JSON.stringify([found.names, found.measure, by]), keys: found.keys, least: Math.min(0, ...all), most: Math.max(...all, 1e-9) };
  return { scale, number, shown, sums };
}

/** Open a group that is known by its number in the order of keys. @param {number} group */
function openGroup(group) {
  // The map is read without the sort, so that its groups come by key.
  void expand(group, undefined, { sort: undefined });
}

/** Whether the groups of a view are shown as a map. @param {any} view */
export function isMapped(view) {
  return (view.group ?? []).length === 2 && Boolean(view.columns?.some((/** @type {any} */ column) => column.name === "count" && column.display === "heatmap"));
}

/** @param {{model?: any, side?: number}} props model: whose groups, if not all that the page shows; side: of tables side by side */
export function HeatMap({ model = state, side }) {
  const [found, setFound] = useState(/** @type {Found | null} */ (null));
  const [wrong, setWrong] = useState("");
  const [active, setActive] = useState([0, 0]);
  const body = useRef(/** @type {any} */ (null));
  const settings = /** @type {any} */ (model.laid.value.find((/** @type {any} */ column) => column.name === "count")?.settings ?? {});
  const measures = model.columns.value.filter((/** @type {any} */ column) => column.role === "count" || (column.role === "cell" && isNumeric(column)));
  const measure = measures.find((/** @type {any} */ column) => column.name === settings.measure)?.name ?? "count";
  const by = measure === "count" ? settings.by ?? "" : "";
  const rows = model.rows.value;
  useEffect(() => {
    if (rows === null || rows > MOST) return;
    const control = new AbortController();
    setWrong("");
    read(model, measure, control.signal).then(setFound, (error) => error.name !== "AbortError" && setWrong(error.message));
    return () => control.abort();
  }, [model.generation.value, rows, measure]);
  const own = found && ownScale(found, by);
  useEffect(() => {
    if (side === undefined) return;
    publish(side, own && own.scale);
    return () => publish(side, null);
  }, [found, by, side]);
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
  if (!own) return null;
  const scale = side === undefined ? own.scale : together(own.scale, scales.value.values());
  const { least, most } = scale;
  const [down, across] = scale.keys;
  const { shown, number, sums } = own;
  const value = (/** @type {number} */ r, /** @type {number} */ c) => found.at.get(`${keyOf(down[r])} ${keyOf(across[c])}`);
  const part = (/** @type {number} */ r, /** @type {number} */ c) => shown(down[r], across[c]);
  const written = (/** @type {number} */ of) => (by ? share(of, 1) : numberText(of));
  const text = (/** @type {number} */ r, /** @type {number} */ c) => (value(r, c) === undefined ? "" : by ? share(part(r, c), 1) : measure === "count" ? count(number(down[r], across[c])) : numberText(value(r, c)?.value));
  const label = (/** @type {any} */ key, /** @type {number} */ at) => valueText(key, model.info.value?.shown?.[at]?.kind ?? "") || "(empty)";
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
      ${measures.map((/** @type {any} */ column) => html`<option value=${column.name} selected=${column.name === measure}>${column.name}</option>`)}</select></label>
    ${measure === "count" ? html`<label>as <select class="input" value=${by} onChange=${(/** @type {any} */ event) => set("by", event.target.value)}>
      ${[["", "number of rows"], ["row", `share of each ${found.names[0]}`], ["column", `share of each ${found.names[1]}`]].map(([id, name]) => html`<option value=${id} selected=${id === by}>${name}</option>`)}</select></label>` : null}
    <span class="note">Down: <b>${found.names[0]}</b> · across: <b>${found.names[1]}</b> · a cell leads to its rows</span>
    <span class="gap"></span><span class="heat-scale" title=${side === undefined ? "From the least to the greatest number" : "From the least to the greatest number of all sides: equal shades are equal numbers"}><span>${written(least)}</span><i></i><span>${written(most)}</span></span></div>
    <div class="heat-scroll"><table class="heat-map" role="grid" aria-label=${`${measure} by ${found.names[0]} and ${found.names[1]}`} ref=${body} onKeyDown=${key}>
      <thead><tr><th class="corner" scope="col"><span>${found.names[0]} ↓ ${found.names[1]} →</span></th>${across.map((each) => html`<th scope="col" dir="auto">${label(each, 1)}</th>`)}${measure === "count" ? html`<th scope="col" class="sum">all</th>` : null}</tr></thead>
      <tbody>${down.map((each, r) => html`<tr><th scope="row" dir="auto">${label(each, 0)}</th>${across.map((other, c) => {
        const cell = value(r, c);
        const shade = Number.isFinite(part(r, c)) ? Math.round((100 * (part(r, c) - least)) / (most - least)) : 0;
        return html`<td role="gridcell" class=${keyOf(each) === keyOf(other) ? "same" : ""}><button data-at=${`${r} ${c}`} tabindex=${active[0] === r && active[1] === c ? 0 : -1} disabled=${false} aria-disabled=${cell === undefined ? "true" : undefined}
          class=${roomy ? "" : "small"} style=${{ "--heat-part": `${cell === undefined ? 0 : Math.max(4, shade)}%` }}
          aria-label=${`${found.names[0]} ${label(each, 0)}, ${found.names[1]} ${label(other, 1)}: ${cell === undefined ? "no rows" : text(r, c)}`} title=${`${found.names[0]} ${label(each, 0)}, ${found.names[1]} ${label(other, 1)}: ${text(r, c) || "no rows"}`}
          onFocus=${() => setActive([r, c])} onClick=${() => cell && openGroup(cell.group)}>${roomy ? text(r, c) : ""}</button></td>`;
      })}${measure === "count" ? html`<td role="gridcell" class="sum">${count(sums[0].get(keyOf(each)) ?? 0)}</td>` : null}</tr>`)}</tbody></table></div></div>`;
}
