// What the page shows, as signals; every change of the view is a step in the browser's history, so Back undoes it.
import { ApiError, isCancelled, post } from "./api.js";
import { MOST, isBeside } from "./compare_model.js";
import { keptQuery, takeKept } from "./kept.js";
import { stopOrdering } from "./ordering.js";
import { fromQuery, rowsOf, tidy, toQuery } from "./spec.js";
import * as steps from "./steps.js";
import { columnsFrom, laidFrom, usualSize } from "./view_columns.js";
import { batch, computed, signal } from "../vendor/preact.js";

/**
 * @typedef {import("./spec.js").Spec} Spec
 * @typedef {{name: string, type: string, kind: string, bars?: string, params?: any, derived?: boolean, side?: number | null, key?: boolean, longest?: number | null, role: "row" | "key" | "count" | "cell" | "group", expression: string}} ColumnInfo
 */

export const opened = signal(/** @type {any} */ (null));
export const spec = signal(/** @type {Spec} */ ({}));
export const off = signal(/** @type {string[]} */ ([]));
export const height = signal("");
export const info = signal(/** @type {any} */ (null));
export const rows = signal(/** @type {number | null} */ (null));
export const total = signal(0);
export const problem = signal(/** @type {ApiError | null} */ (null));
export const online = signal(true);
export const asking = signal(0);
export const seconds = signal(/** @type {number | null} */ (null));
export const started = signal(0);
export const panel = signal(/** @type {any} */ (null));
export const said = signal("");
/** Positions of the rows that stay at the top, as the source counts them. */
export const pins = signal(/** @type {number[]} */ ([]));
/** Numbers of the rows that are selected: from one to another, both included. */
export const selected = signal(/** @type {{from: number, to: number} | null} */ (null));
/** The column that the grid goes to, and whether the keyboard goes with it. */
export const goColumn = signal(/** @type {{name: string, focus: boolean} | null} */ (null));
/** Whether the way to a row is open. */
export const jumping = signal(false);
/** How many questions for rows are in flight, and since when. */
export const reading = signal({ number: 0, since: 0 });
export const visibleRange = signal({ first: 0, end: 0 });
/** Changes whenever rows must be read anew. */
export const generation = signal(0);
export const title = signal("");

export const grouped = computed(() => (spec.value.group ?? []).length > 0);

/** How tables stand side by side: `side` has the keyboard; `views` where each is looked at in its own way. */
export const beside = signal(/** @type {{side: number, free?: boolean, stacked?: boolean, views?: Spec[]}} */ ({ side: 0 }));
/** Goes up when tables side by side must be asked anew. */
export const loads = signal(0);

/** The view as the server computes it: how columns look is the page's business. Of tables side by side that of the one with the keyboard. */
export function asked() {
  const { columns, ...rest } = spec.value;
  const source = /** @type {any} */ (rest.source);
  if (!isBeside(source)) return rest;
  return { ...rest, source: { kind: "table", tables: [source.tables[beside.value.side] ?? source.tables[0]] } };
}

/** What a comparison says of its columns, by their names without the side. */
export const changes = signal(/** @type {Map<string, any>} */ (new Map()));

/** All columns that can show, in the table's order. */
export const columns = computed(() => columnsFrom(info.value, spec.value));

/** The columns in the order and with the settings of the view. */
export const laid = computed(() => laidFrom(columns.value, spec.value, changes.value));

/** The height of rows where none was chosen: by what is in them. */
export const usualHeight = computed(() => usualSize(laid.value, grouped.value));

export const names = computed(() => columns.value.map((column) => column.name));

function address() {
  const parts = [toQuery(spec.value)];
  if (off.value.length) parts.push(`off=${encodeURIComponent(JSON.stringify(off.value))}`);
  if (pins.value.length) parts.push(`pins=${encodeURIComponent(JSON.stringify(pins.value))}`);
  if (height.value) parts.push(`height=${encodeURIComponent(JSON.stringify(height.value))}`);
  if (isBeside(spec.value.source) && JSON.stringify(beside.value) !== '{"side":0}') parts.push(`beside=${encodeURIComponent(JSON.stringify(beside.value))}`);
  parts.push(keptQuery());
  const query = parts.filter(Boolean).join("&");
  return location.pathname + (query ? `?${query}` : "");
}

/** Take the view from the address. @param {unknown} source of a view that names none @returns {string[]} what could not be read */
export function takeAddress(source) {
  const { spec: found, wrong } = fromQuery(location.search);
  const params = new URLSearchParams(location.search);
  let where = source;
  try {
    if (params.has("source")) where = JSON.parse(params.get("source") ?? "");
  } catch {
    wrong.push("source");
  }
  takeKept(params);
  const own = Object.fromEntries(["off", "height", "pins", "beside"].map((name) => [name, readJson(params.get(name))]));
  takeView({ ...found, source: where, ...own });
  return wrong;
}

/** Take a view as a document, with what the page keeps in it (spec 16, VIEW-10). @param {any} view */
export function takeView(view) {
  const { kind, format, features, refs, id, created_at, title: called, description, check, off: list, height: size, pins: at, beside: sides, ...rest } = view;
  batch(() => {
    spec.value = tidy(rest);
    off.value = Array.isArray(list) ? list.filter((part) => typeof part === "string") : [];
    pins.value = Array.isArray(at) ? at.filter((row) => Number.isSafeInteger(row) && row >= 0).slice(0, MAX_PINS) : [];
    height.value = typeof size === "string" && ["s", "m", "l", "xl"].includes(size) ? size : "";
    beside.value = besideFrom(sides);
  });
}

/** The view as a document, with what the page keeps in it. @returns {any} */
export function viewDocument() {
  const out = /** @type {any} */ ({ ...tidy(spec.value) });
  if (off.value.length) out.off = off.value;
  if (pins.value.length) out.pins = pins.value;
  if (height.value) out.height = height.value;
  if (isBeside(spec.value.source) && JSON.stringify(beside.value) !== '{"side":0}') out.beside = beside.value;
  return out;
}

/** Write the view into the address, as the step that is shown. */
export function readdress() {
  steps.replace(address());
}

/** @param {any} found @returns {{side: number, free?: boolean, stacked?: boolean, views?: Spec[]}} */
function besideFrom(found) {
  if (!found || typeof found !== "object") return { side: 0 };
  const views = Array.isArray(found.views) && found.views.every((/** @type {any} */ view) => view && typeof view === "object" && !Array.isArray(view)) ? found.views.slice(0, MOST).map(tidy) : undefined;
  return { side: Number.isSafeInteger(found.side) && found.side >= 0 && found.side < MOST ? found.side : 0, ...(found.free === true ? { free: true } : {}), ...(found.stacked === true ? { stacked: true } : {}), ...(views ? { views } : {}) };
}

/** Say how tables stand side by side. @param {Partial<{side: number, free: boolean, stacked: boolean, views: Spec[] | undefined}>} change @param {boolean} [step] whether Back undoes it */
export function setBeside(change, step = false) {
  const { side, free, stacked, views } = { ...beside.value, ...change };
  beside.value = { side, ...(free ? { free } : {}), ...(stacked ? { stacked } : {}), ...(views ? { views } : {}) };
  if (step) steps.push(address());
  else steps.replace(address());
}

/** The browser went back or forward. @param {unknown} source of a view that names none */
export function returned(source) {
  const whole = () => JSON.stringify([asked(), spec.value.source, beside.value.views]);
  const before = whole();
  steps.returned();
  takeAddress(source);
  selected.value = null;
  if (whole() !== before) {
    if (JSON.stringify(asked().source) !== info.value?.of) stops.value += 1;
    void load();
  }
}

/** @param {string | null} text */
function readJson(text) {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Change the view.
 * @param {Spec} next @param {{replace?: boolean, off?: string[], say?: string}} [how]
 */
export function apply(next, how = {}) {
  const before = JSON.stringify([asked(), spec.value.source]);
  batch(() => {
    spec.value = tidy(next);
    if (how.off) off.value = how.off;
    if (how.say) said.value = how.say;
  });
  if (how.replace) steps.replace(address());
  else steps.push(address());
  if (JSON.stringify([asked(), spec.value.source]) === before) return;
  // Rows of another table are not asked for by the names of this one's columns.
  if (JSON.stringify(asked().source) !== info.value?.of) stops.value += 1;
  selected.value = null;
  void load();
}

/** @param {string} size */
export function setHeight(size) {
  height.value = size;
  steps.replace(address());
}

/** Keep rows at the top. @param {number[]} positions */
export function setPins(positions) {
  pins.value = positions.slice(0, MAX_PINS);
  steps.push(address());
}

export const MAX_PINS = 8;
let loading = new AbortController();

/** Ask what the view is and how many rows it has. */
export async function load() {
  loading.abort();
  const control = (loading = new AbortController());
  // Tables side by side ask each for itself, and hand on what the one with the keyboard was told.
  if (isBeside(spec.value.source)) return void (loads.value += 1);
  const view = asked();
  batch(() => {
    asking.value += 1;
    problem.value = null;
    started.value = performance.now();
  });
  try {
    const found = await post("/api/view", { view }, control.signal);
    batch(() => {
      info.value = { ...found, of: JSON.stringify(view.source), rowsOf: rowsOf(view) };
      total.value = found.total;
      // Without a filter the count is known: nothing waits for it.
      rows.value = found.rows;
      generation.value += 1;
    });
    const counted = found.rows === null ? await post("/api/count", { view }, control.signal) : found;
    batch(() => {
      rows.value = counted.rows;
      total.value = counted.total;
      seconds.value = (performance.now() - started.value) / 1000;
    });
  } catch (error) {
    if (isCancelled(error)) {
      if (control === loading) problem.value = new ApiError({ code: "cancelled", message: "The question was cancelled." }, 499);
      return;
    }
    if (control === loading) failed(error);
  } finally {
    asking.value -= 1;
  }
}

/** Goes up whenever somebody wants no more of what is being asked. */
export const stops = signal(0);

/** Stop what is being computed. */
export function cancel() {
  stopOrdering();
  loading.abort();
  batch(() => {
    stops.value += 1;
    problem.value = new ApiError({ code: "cancelled", message: "The question was cancelled." }, 499);
  });
}

/** @param {unknown} error */
export function failed(error) {
  problem.value = error instanceof ApiError ? error : new ApiError({ code: "page", message: String(error) }, 0);
}

/** @param {string} text */
export function say(text) {
  said.value = text;
}
