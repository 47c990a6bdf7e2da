// The curves of the chosen runs: a panel for each key, paged and searched, over one axis, smoothed and grouped together.
import { Plot, axisName, placeText } from "./curves_plot.js";
import { facts, grouped, smoothed } from "./curves_lines.js";
import { count, number } from "./numbers.js";
import * as runs from "./runs_state.js";
import { Empty, Pager, Problems, Search, Waiting, set, useAnswer } from "./workspace.js";
import { html, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";

/** @typedef {import("./curves_lines.js").Line} Line */

const PANELS = 12;
const HEIGHT = 196;
const BUDGET = 24_000;
const FEW = 8;
const AXES = [["_step", "Step"], ["_runtime", "Time since the start"], ["_timestamp", "Time of day"]];

/** How curves are drawn, from the address. @param {any} where */
export function howOf(where) {
  const smooth = Number(where.smooth) || 0;
  return { x: where.x || "_step", smooth: Math.max(0, Math.min(0.99, smooth)), log: where.log === "y", group: where.group ?? "" };
}

/**
 * The lines of a key.
 * @param {any[]} curves @param {any[]} rows @param {ReturnType<typeof howOf>} how
 * @returns {Line[]}
 */
function linesOf(curves, rows, how) {
  const byId = new Map(rows.map((row) => [row.run, row]));
  const few = curves.length <= FEW;
  const positive = (/** @type {(number | null)[]} */ values) => (how.log ? values.map((value) => (value !== null && value > 0 ? value : null)) : values);
  const lines = curves.map((curve) => {
    const y = positive(curve.y);
    /** @type {Line} */
    const line = { id: curve.run, label: byId.get(curve.run)?.name ?? curve.run, slot: runs.colours.value.get(curve.run) ?? 0, x: curve.x, y: smoothed(curve.x, y, how.smooth), rows: curve.rows };
    if (how.smooth && !how.group && few) line.raw = y;
    else if (curve.low && !how.smooth && few) [line.low, line.high] = [positive(curve.low), positive(curve.high)];
    return line;
  });
  if (!how.group) return lines;
  const groupOf = (/** @type {string} */ id) => {
    const row = byId.get(id);
    const value = how.group === "group" || how.group === "job_type" ? row?.[how.group] : row?.values[how.group];
    return value === undefined || value === null ? "none" : runs.cellText(value);
  };
  const names = [...new Set(rows.map((row) => groupOf(row.run)))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return grouped(lines, groupOf, (name) => Math.max(0, names.indexOf(name))).sort((a, b) => a.slot - b.slot);
}

/** @param {{project: string, where: any, ids: string[], rows: any[], columns: any[]}} props */
export function Curves({ project, where, ids, rows, columns }) {
  const metrics = useAnswer(ids.length ? "/api/metrics" : null, { project, runs: ids }, project);
  const [large, setLarge] = useState("");
  if (!ids.length) return html`<${Empty} title="No run is chosen"><p>Tick runs in the list: their curves are drawn here, each in its colour.</p><div class="actions"><button class="btn" onClick=${() => set({ runs: "" }, true)}>Choose the newest</button></div></${Empty}>`;
  if (!metrics.found) return html`<${Waiting} answer=${metrics} what="Curves" />`;
  const all = metrics.found.keys.map((/** @type {any} */ each) => each.key);
  return html`<${CurvesOf} project=${project} where=${where} ids=${ids} rows=${rows} columns=${columns} all=${all} large=${large} setLarge=${setLarge} />`;
}

/**
 * Panels of some keys of some runs; also of one run alone.
 * @param {{project: string, where: any, ids: string[], rows: any[], columns: any[], all: string[], large: string, setLarge: (key: string) => void, single?: boolean}} props
 */
export function CurvesOf({ project, where, ids, rows, columns, all, large, setLarge, single }) {
  const how = howOf(where);
  const text = (where.q ?? "").toLowerCase();
  const keys = all.filter((key) => key.toLowerCase().includes(text));
  const page = Math.min(Number(where.panel) || 0, Math.max(0, Math.ceil(keys.length / PANELS) - 1));
  const shown = keys.slice(page * PANELS, (page + 1) * PANELS);
  const points = Math.round(Math.max(60, Math.min(500, BUDGET / Math.max(1, ids.length))));
  const answer = useAnswer(shown.length ? "/api/curves" : null, { project, runs: ids, keys: shown, x: how.x, points }, `${project} ${how.x}`);
  const groups = columns.filter((column) => column.name.startsWith("config.") && ["number", "string", "boolean", "mixed"].includes(column.kind));
  const problems = (answer.found?.problems ?? []).map((/** @type {any} */ each) => `${rows.find((row) => row.run === each.run)?.name ?? each.run}: ${each.message}`);
  if (!all.length) return html`<${Empty} title="Nothing to draw"><p>${single ? "The run" : "The chosen runs"} logged no numbers: <code>run.log({"loss": 0.3})</code> makes a curve.</p></${Empty}>`;
  return html`<div class="curves-bar">
      <${Search} value=${where.q ?? ""} label="Find a curve" changed=${(/** @type {string} */ q) => set({ q, panel: "" }, true)} />
      <label>Over <select class="input" value=${how.x} onChange=${(/** @type {any} */ event) => set({ x: event.target.value === "_step" ? "" : event.target.value }, true)}>${AXES.map(([value, name]) => html`<option value=${value}>${name}</option>`)}
        <optgroup label="Logged">${all.slice(0, 200).map((key) => html`<option value=${key}>${key}</option>`)}${all.length > 200 ? html`<option disabled>${`${all.length - 200} more`}</option>` : null}</optgroup></select></label>
      <label title="Exponential moving average: how much counts of what lies a hundredth of the axis back">Smoothing <input type="range" min="0" max="0.99" step="0.01" value=${how.smooth} aria-valuetext=${how.smooth ? how.smooth.toFixed(2) : "off"} onInput=${(/** @type {any} */ event) => set({ smooth: Number(event.target.value) ? event.target.value : "" }, true)} /><output>${how.smooth ? how.smooth.toFixed(2) : "off"}</output></label>
      ${single ? null : html`<label>Group by <select class="input" value=${how.group} onChange=${(/** @type {any} */ event) => set({ group: event.target.value }, true)}><option value="">nothing</option><option value="group">group</option><option value="job_type">job type</option>
        ${groups.map((column) => html`<option value=${column.name}>${runs.labelOf(column.name)}</option>`)}</select></label>`}
      <button class="btn" aria-pressed=${how.log ? "true" : "false"} onClick=${() => set({ log: how.log ? "" : "y" }, true)}>Log scale</button></div>
    <div class="scroll curves" tabindex="0" role="group" aria-label="Curves">
    <${Problems} problems=${problems} what="the histories" />
    ${how.group && answer.found ? html`<${Groups} curves=${answer.found.curves} rows=${rows} how=${how} />` : null}
    ${!keys.length ? html`<${Empty} title="No curve has this in its name"><div class="actions"><button class="btn" onClick=${() => set({ q: "" }, true)}>Show all ${count(all.length)}</button></div></${Empty}>`
      : answer.error ? html`<${Waiting} answer=${answer} what="Curves" />`
        : html`<div class=${`panels${shown.length === 1 ? " is-one" : ""}`}>${shown.map((key) => html`<${Panel} key=${key} name=${key} answer=${answer} rows=${rows} how=${how} open=${() => setLarge(key)} height=${HEIGHT} />`)}</div>`}
    ${keys.length > PANELS ? html`<${Pager} offset=${page * PANELS} size=${PANELS} total=${keys.length} noun="curves" to=${(/** @type {number} */ offset) => set({ panel: String(offset / PANELS || "") }, true)} />` : null}</div>
    ${large ? html`<${Large} project=${project} name=${large} ids=${ids} rows=${rows} how=${how} close=${() => setLarge("")} />` : null}`;
}

/** Which colour is which group. @param {{curves: any[], rows: any[], how: any}} props */
function Groups({ curves, rows, how }) {
  const lines = linesOf(curves.filter((curve) => curve.key === curves[0]?.key), rows, { ...how, smooth: 0 });
  return html`<ul class="legend" aria-label="Groups">${lines.map((line) => html`<li key=${line.id}><span class=${`run-dot run-${line.slot % runs.COLOURS}`} aria-hidden="true"></span>${line.label}</li>`)}<li class="note">mean, with the least and the greatest of the runs of each group</li></ul>`;
}

/** @param {{name: string, answer: any, rows: any[], how: any, open?: () => void, height: number}} props */
function Panel({ name, answer, rows, how, open, height }) {
  const [table, setTable] = useState(false);
  const curves = useMemo(() => (answer.found?.curves ?? []).filter((/** @type {any} */ curve) => curve.key === name), [answer.found, name]);
  const lines = useMemo(() => linesOf(curves, rows, how), [curves, rows, how.smooth, how.log, how.group, runs.colours.value]);
  const notes = [];
  const odd = curves.reduce((/** @type {number} */ sum, /** @type {any} */ curve) => sum + curve.not_finite, 0);
  if (odd) notes.push(`${count(odd)} not finite, not drawn`);
  if (how.log) {
    const below = curves.reduce((/** @type {number} */ sum, /** @type {any} */ curve) => sum + curve.y.filter((/** @type {any} */ value) => value !== null && value <= 0).length, 0);
    if (below) notes.push(`${count(below)} not above 0, not drawn`);
  }
  const most = Math.max(0, ...curves.map((/** @type {any} */ curve) => curve.rows));
  if (curves.some((/** @type {any} */ curve) => curve.sampled)) notes.push(`means of up to ${count(most)} rows`);
  return html`<article class="curve" aria-busy=${answer.busy ? "true" : "false"}><header><h3 title=${name} dir="auto">${name}</h3>${notes.length ? html`<span class="note" title=${notes.join("; ")}>${notes.join(" · ")}</span>` : null}
      <button class="btn quiet" aria-pressed=${table ? "true" : "false"} onClick=${() => setTable(!table)} aria-label=${`Values of ${name} as a table`}>Table</button>
      ${open ? html`<button class="btn quiet icon" onClick=${open} aria-label=${`Enlarge ${name}`} title="Enlarge">⤢</button>` : null}</header>
    ${!answer.found ? html`<div class="plot is-waiting" style=${{ minHeight: `${height}px` }}></div>`
      : !lines.length ? html`<p class="note none" style=${{ minHeight: `${height}px` }}>${how.x.startsWith("_") ? "None of the chosen runs logged this." : `No run logged this at the same steps as ${how.x}.`}</p>`
        : table ? html`<${Values} lines=${lines} x=${how.x} name=${name} height=${height} />` : html`<${Plot} lines=${lines} name=${name} x=${how.x} log=${how.log} height=${height} sync=${`curves ${how.x}`} />`}</article>`;
}

/** The same as numbers. @param {{lines: Line[], x: string, name: string, height: number}} props */
function Values({ lines, x, name, height }) {
  return html`<div class="scroll values" tabindex="0" role="group" aria-label=${`Values of ${name}`} style=${{ height: `${height}px` }}><table class="plain"><thead><tr><th scope="col">Run</th><th scope="col" class="num">First</th><th scope="col" class="num">Last</th><th scope="col" class="num">Least</th><th scope="col">at</th><th scope="col" class="num">Greatest</th><th scope="col">at</th><th scope="col" class="num">Rows</th></tr></thead>
    <tbody>${lines.map((line) => { const found = facts(line); return html`<tr><th scope="row"><span class=${`run-dot run-${line.slot % runs.COLOURS}`} aria-hidden="true"></span> ${line.label}</th><td class="num">${found.first === null ? "—" : number(found.first)}</td><td class="num">${found.last === null ? "—" : number(found.last)}</td><td class="num">${number(found.least)}</td><td>${placeText(x, found.leastAt)}</td><td class="num">${number(found.greatest)}</td><td>${placeText(x, found.greatestAt)}</td><td class="num">${count(line.rows)}</td></tr>`; })}</tbody></table></div>`;
}

/** One curve over the whole page, with more points. @param {{project: string, name: string, ids: string[], rows: any[], how: any, close: () => void}} props */
function Large({ project, name, ids, rows, how, close }) {
  const root = useRef(/** @type {any} */ (null));
  const answer = useAnswer("/api/curves", { project, runs: ids, keys: [name], x: how.x, points: Math.round(Math.max(300, Math.min(2000, 60_000 / ids.length))) }, `${project} ${how.x} ${name}`);
  useLayoutEffect(() => {
    if (!root.current.open) root.current.showModal();
  }, []);
  return html`<dialog class="large-curve" ref=${root} aria-label=${name} onClose=${close}><div class="inside">
    <div class="actions end"><span class="note">${axisName(how.x)} · drag to zoom, double-click for all of it</span><button class="btn quiet icon" aria-label="Close" onClick=${() => root.current.close()}>×</button></div>
    <${Panel} name=${name} answer=${answer} rows=${rows} how=${how} height=${Math.max(240, Math.round(innerHeight * 0.66))} /></div></dialog>`;
}
