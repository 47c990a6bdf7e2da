// One plot of curves, by uPlot, which is loaded with the first of them: cursor shared, zoom, words for who cannot see it.
import { aligned, alone, nearest } from "./curves_lines.js";
import { el } from "./dom.js";
import { number } from "./numbers.js";
import { lengthText } from "./workspace.js";
import * as runs from "./runs_state.js";
import { effect, html, signal, useEffect, useRef } from "../vendor/preact.js";

/** @typedef {import("./curves_lines.js").Line} Line */

const DASHES = [[], [7, 4], [2, 3], [8, 3, 2, 3], [12, 4]];
const LISTED = 12;
/** Between marks of a scale that has whole numbers alone: there is no half step. */
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((first) => first * 10 ** power)).flat();
/** Changes with the theme: what is drawn on a canvas does not follow by itself. */
const theme = signal(0);
let watched = false;
/** @type {Promise<any> | null} */
let loading = null;

function watchTheme() {
  if (watched) return;
  watched = true;
  new MutationObserver(() => (theme.value += 1)).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (theme.value += 1));
}

/** Load uPlot with its style. */
function load() {
  loading ??= new Promise((done, failed) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = "/static/vendor/uplot.css";
    link.onload = done;
    link.onerror = () => failed(new Error("the style of plots cannot be loaded"));
    document.head.append(link);
  }).then(() => import("../vendor/uplot.js")).then((found) => found.default);
  return loading;
}

/** @param {string} x @param {number} value */
export function placeText(x, value) {
  if (x === "_runtime") return lengthText(value);
  if (x === "_timestamp") return new Date(value * 1000).toLocaleString();
  return `${x === "_step" ? "step" : x} ${number(value)}`;
}

/** @param {string} x */
export function axisName(x) {
  return x === "_step" ? "step" : x === "_runtime" ? "time since the start" : x === "_timestamp" ? "time" : x;
}

/** @param {Element} host @param {string} name */
const token = (host, name) => getComputedStyle(host).getPropertyValue(name).trim();

/**
 * @param {HTMLElement} host @param {Line[]} lines @param {{x: string, log: boolean, height: number, sync: string}} how
 * @param {{data: any[], at: any[]}} together
 */
function options(host, lines, how, together, /** @type {any} */ uPlot) {
  const ink = token(host, "--ink-2");
  const line = token(host, "--line");
  const colours = lines.map((each) => token(host, `--run-${each.slot % runs.COLOURS}`));
  /** @type {any[]} */
  const series = [{}];
  for (let i = 1; i < together.data.length; i += 1) series.push({ show: true, points: { show: false } });
  /** @type {any[]} */
  const bands = [];
  together.at.forEach((at, i) => {
    const soft = `${colours[i]}26`;
    if (at.low > 0 && at.high > 0) {
      for (const edge of [at.low, at.high]) series[edge] = { stroke: "transparent", width: 0, points: { show: false } };
      bands.push({ series: [at.high, at.low], fill: soft });
    }
    const marks = (/** @type {number} */ index, /** @type {number} */ size) => ({ show: false, filter: () => alone(together.data[index]), size });
    if (at.raw > 0) series[at.raw] = { stroke: `${colours[i]}55`, width: 1, points: marks(at.raw, 3) };
    series[at.y] = { stroke: colours[i], width: 1.75, dash: DASHES[Math.floor(lines[i].slot / runs.COLOURS) % DASHES.length], points: marks(at.y, 5), label: lines[i].label };
  });
  const axis = { stroke: ink, font: `11px ${token(host, "--font")}`, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  return {
    width: Math.max(120, host.clientWidth), height: how.height, series, bands,
    legend: { show: false }, padding: [8, 10, 0, 0],
    scales: { x: { time: how.x === "_timestamp" }, y: how.log ? { distr: 3 } : {} },
    axes: [
      { ...axis, size: 26, gap: 3, ...(how.x !== "_timestamp" && together.data[0].every(Number.isInteger) ? { incrs: WHOLE } : {}), ...(how.x === "_runtime" ? { values: (/** @type {any} */ _u, /** @type {number[]} */ found) => found.map((value) => (value < 1 && value > 0 ? `${value}s` : lengthText(value).replace(/\.0 /, " "))) } : {}) },
      { ...axis, gap: 4, size: (/** @type {any} */ _u, /** @type {string[] | null} */ found) => Math.max(34, 12 + 6.4 * Math.max(0, ...(found ?? []).map((text) => text?.length ?? 0))),
        values: (/** @type {any} */ _u, /** @type {(number | null)[]} */ found) => found.map((value) => (value === null ? "" : number(value))) },
    ],
    cursor: {
      y: false, drag: { x: true, y: false, uni: 8 }, sync: { key: how.sync, setSeries: false }, focus: { prox: 24 }, points: { size: 6 },
      dataIdx: (/** @type {any} */ u, /** @type {number} */ at, /** @type {number} */ index) => {
        const values = u.data[at];
        if (at === 0 || values[index] !== undefined) return index;
        for (let by = 1; by < values.length; by += 1) {
          if (values[index - by] !== undefined) return index - by;
          if (values[index + by] !== undefined) return index + by;
          if (index - by < 0 && index + by >= values.length) break;
        }
        return index;
      },
    },
    focus: { alpha: 0.25 },
    hooks: {},
    tzDate: (/** @type {number} */ at) => uPlot.tzDate(new Date(at * 1e3)),
  };
}

/**
 * The values of all lines at a place, the greatest first.
 * @param {Line[]} lines @param {number} at
 */
export function valuesAt(lines, at) {
  const found = lines.map((line) => {
    const i = nearest(line.x, at);
    return { line, x: line.x[i], y: i < 0 ? null : line.y[i], low: line.low?.[i], high: line.high?.[i] };
  });
  return found.filter((each) => each.y !== null && each.y !== undefined).sort((a, b) => /** @type {number} */ (b.y) - /** @type {number} */ (a.y));
}

/** A number with few digits: beside others one reads the first. @param {any} value */
const few = (value) => number(Math.abs(value) < 1e15 && Number.isFinite(value) ? Number(value.toPrecision(4)) : value);

/** @param {HTMLElement} tip @param {Line[]} lines @param {string} x @param {number} at @param {number | null} near the line under the pointer */
function fillTip(tip, lines, x, at, near) {
  tip.textContent = "";
  tip.append(el("b", "", placeText(x, at)));
  const found = valuesAt(lines, at);
  const pick = near === null ? null : lines[near];
  const shown = found.slice(0, LISTED);
  if (pick && !shown.some((each) => each.line === pick)) shown.push(...found.filter((each) => each.line === pick));
  for (const each of shown) {
    const row = el("div", each.line === pick ? "is-near" : "");
    row.append(el("i", `run-dot run-${each.line.slot % runs.COLOURS}`), el("span", "n", each.line.label), el("span", "v", few(each.y)));
    if (each.low !== undefined && each.low !== null && each.line.runs) row.append(el("span", "r", `${few(each.low)} to ${few(each.high)}`));
    tip.append(row);
  }
  if (found.length > shown.length) tip.append(el("div", "r", `and ${found.length - shown.length} more`));
}

/** @param {{lines: Line[], name: string, x: string, log: boolean, height: number, sync: string}} props */
export function Plot({ lines, name, x, log, height, sync }) {
  const host = useRef(/** @type {any} */ (null));
  const said = useRef(/** @type {any} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const turn = theme.value;
  useEffect(() => {
    watchTheme();
    let gone = false;
    /** @type {(() => void)[]} */
    const ends = [];
    void load().then((uPlot) => {
      if (gone || !host.current) return;
      const kept = plot.current?.kept;
      const together = aligned(lines);
      const made = options(host.current, lines, { x, log, height, sync }, together, uPlot);
      const tip = el("div", "curve-tip");
      tip.setAttribute("aria-hidden", "true");
      /** @type {number | null} */
      let near = null;
      let mine = false;
      const place = (/** @type {any} */ u) => {
        const { left, idx } = u.cursor;
        tip.hidden = !mine || idx === null || idx === undefined || left < 0;
        if (tip.hidden) return;
        fillTip(tip, lines, x, u.data[0][idx], near);
        const room = u.over.clientWidth;
        tip.classList.toggle("is-left", left > room / 2);
        tip.style.left = left > room / 2 ? "" : `${left + 14}px`;
        tip.style.right = left > room / 2 ? `${room - left + 14}px` : "";
      };
      made.hooks = {
        setCursor: [place],
        setSeries: [(/** @type {any} */ u, /** @type {number | null} */ at) => {
          const found = together.at.findIndex((each) => each.y === at);
          near = found < 0 ? null : found;
          place(u);
        }],
        setScale: [(/** @type {any} */ u, /** @type {string} */ key) => key === "x" && plot.current && (plot.current.kept = u.isWhole ? null : { min: u.scales.x.min, max: u.scales.x.max })],
      };
      const u = new uPlot(made, together.data, host.current);
      u.over.append(tip);
      tip.hidden = true;
      u.over.addEventListener("pointerenter", () => (mine = true));
      u.over.addEventListener("pointerleave", () => ((mine = false), (tip.hidden = true)));
      u.over.addEventListener("dblclick", () => plot.current && (plot.current.kept = null));
      plot.current = { u, kept, mine: (/** @type {boolean} */ on) => (mine = on), tip };
      if (kept) u.setScale("x", kept);
      const size = new ResizeObserver(() => host.current?.clientWidth && u.setSize({ width: Math.max(120, host.current.clientWidth), height }));
      size.observe(host.current);
      ends.push(() => size.disconnect(), () => u.destroy(), effect(() => {
        const id = runs.pointed.value;
        const at = together.at.find((each) => lines[each.line].id === id);
        u.setSeries(at ? at.y : null, { focus: true }, false);
      }));
    }, (error) => host.current && (host.current.textContent = String(error)));
    return () => ((gone = true), ends.forEach((end) => end()));
  }, [lines, x, log, height, turn]);
  const key = (/** @type {KeyboardEvent} */ event) => {
    const found = plot.current;
    if (!found || event.ctrlKey || event.metaKey || event.altKey) return;
    const { u, tip } = found;
    const places = u.data[0];
    const { min, max } = u.scales.x;
    const now = u.cursor.idx ?? -1;
    if (event.key === "0" || event.key === "Escape") u.setScale("x", { min: places[0], max: places[places.length - 1] });
    else if (event.key === "+" || event.key === "-") {
      const at = now >= 0 ? places[now] : (min + max) / 2;
      const by = event.key === "+" ? 0.5 : 2;
      u.setScale("x", { min: Math.max(places[0], at - (at - min) * by), max: Math.min(places[places.length - 1], at + (max - at) * by) });
    } else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      const step = event.shiftKey ? Math.max(1, Math.round(places.length / 20)) : 1;
      const next = event.key === "Home" ? 0 : event.key === "End" ? places.length - 1 : Math.max(0, Math.min(places.length - 1, now < 0 ? (event.key === "ArrowRight" ? 0 : places.length - 1) : now + (event.key === "ArrowRight" ? step : -step)));
      found.mine(true);
      u.setCursor({ left: u.valToPos(places[next], "x"), top: u.over.clientHeight / 2 });
      tip.hidden = false;
      if (said.current) said.current.textContent = `${placeText(x, places[next])}: ${valuesAt(lines, places[next]).slice(0, 5).map((each) => `${each.line.label} ${number(/** @type {number} */ (each.y))}`).join(", ")}`;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const blur = () => {
    plot.current?.mine(false);
    plot.current?.u.setCursor({ left: -10, top: -10 });
  };
  return html`<div class="plot" ref=${host} tabindex="0" role="group" aria-roledescription="plot" aria-label=${`${name} over ${axisName(x)}, ${lines.length} ${lines.length === 1 ? "curve" : "curves"}. Arrow keys read it; the table button shows its values.`} onKeyDown=${key} onBlur=${blur}
    style=${{ minHeight: `${height}px` }}></div><span class="sr" role="status" ref=${said}></span>`;
}
