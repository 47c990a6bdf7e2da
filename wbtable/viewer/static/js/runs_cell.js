// The run of a row in the union of runs' tables: its colour and its name before its id.
import { post } from "./api.js";
import { el } from "./dom.js";
import * as state from "./state.js";

const COLOURS = 10;
let of = "";
/** @type {Map<string, any>} */
let slots = new Map();
/** @type {Map<string, string> | null} */
let names = null;
/** @type {{node: HTMLElement, id: string}[]} */
let waiting = [];

/** Know the runs of a union: their colours from the page of runs, their names from the server. @param {any} source */
function know(source) {
  const key = `${source.project}\n${(source.runs ?? []).join("\n")}`;
  if (key === of) return;
  of = key;
  names = null;
  waiting = [];
  try {
    slots = new Map(Object.entries(JSON.parse(localStorage.getItem(`wbtable-colours:${source.project}`) ?? "{}")));
  } catch {
    slots = new Map();
  }
  const ids = source.runs ?? [];
  const taken = new Set();
  for (const [i, id] of ids.entries()) {
    // Two runs of one table never share a colour while there are others.
    if (typeof slots.get(id) !== "number" || taken.has(slots.get(id))) slots.set(id, i);
    taken.add(slots.get(id));
  }
  post("/api/runs", { project: source.project, count: 500, columns: [], ...(ids.length ? { runs: ids.slice(0, 500) } : {}) }).then((found) => {
    if (key !== of) return;
    names = new Map(found.runs.map((/** @type {any} */ run) => [run.run, run.name]));
    for (const { node, id } of waiting) name(node, id);
    waiting = [];
  }, () => undefined);
}

/** @param {HTMLElement} node @param {string} id */
function name(node, id) {
  const found = names?.get(id);
  if (found && found !== id) node.textContent = found;
}

/**
 * What stands before a run's id, or nothing where a column is none of runs.
 * @param {{name: string, kind: string, derived?: boolean}} info @param {any} value
 */
export function runMark(info, value) {
  const source = /** @type {any} */ (state.spec.peek().source);
  if (source?.kind !== "union" || info.name !== "run" || info.derived || typeof value !== "string" || !source.project) return null;
  know(source);
  if (!slots.has(value)) slots.set(value, slots.size);
  const slot = slots.get(value);
  const mark = el("span", "run-mark");
  const dot = el("span", `run-dot run-${slot % COLOURS}${slot >= COLOURS ? " is-dashed" : ""}`);
  dot.setAttribute("aria-hidden", "true");
  const text = el("span", "n");
  text.dir = "auto";
  mark.append(dot, text);
  if (names) name(text, value);
  else waiting.push({ node: text, id: value });
  return mark;
}
