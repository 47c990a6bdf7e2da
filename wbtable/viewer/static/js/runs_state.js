// What the page of runs shows: which runs are listed, which are chosen and in which colour, and how curves are drawn.
// All of it stands in the address; what was chosen last in a project is kept by the browser, too.
import { number } from "./numbers.js";
import { place, set } from "./workspace.js";
import { computed, signal } from "../vendor/preact.js";

export const COLOURS = 10;
export const PAGE = 100;
export const MOST_CHOSEN = 100;
const FIRST_CHOSEN = 10;
const KEPT = ["show", "filter", "sort", "runs", "columns", "x", "smooth", "log", "group", "q", "all"];

/** @typedef {{run: string, name: string, state: string, values: Record<string, any>, [key: string]: any}} Row */

/** The last answer about the window of runs. */
export const listed = signal(/** @type {any} */ (null));
/** The chosen runs as rows with all their values; those that are not there any more are left out. */
export const chosenRows = signal(/** @type {Row[]} */ ([]));
/** The run under the pointer, or with the keyboard: its curves stand out. */
export const pointed = signal("");

/** The ids of the chosen runs; null until somebody chooses, or the first answer says which are the newest. */
export const chosen = computed(() => {
  const { runs } = place.value;
  if (runs === undefined) return (listed.value?.newest ?? []).slice(0, FIRST_CHOSEN);
  return readList(runs).slice(0, MOST_CHOSEN);
});

/** @param {string | undefined} text @returns {string[]} */
export function readList(text) {
  try {
    const found = JSON.parse(text || "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/** @type {Map<string, number>} */
const slots = new Map();

/** Give each chosen run a colour that it keeps while it is chosen. @param {string[]} ids */
function arrange(ids) {
  for (const id of [...slots.keys()]) if (!ids.includes(id)) slots.delete(id);
  const taken = new Set(slots.values());
  let next = 0;
  for (const id of ids) {
    if (slots.has(id)) continue;
    while (taken.has(next)) next += 1;
    slots.set(id, next);
    taken.add(next);
  }
}

/** The colours of the chosen runs, by id: a number, whose rest by ten is the colour and whose tens are the dashes. */
export const colours = computed(() => {
  arrange(chosen.value);
  return new Map(slots);
});

/** Colours as the page of a table finds them, so that a run looks the same there. @param {string} project */
export function keepColours(project) {
  try {
    localStorage.setItem(`wbtable-colours:${project}`, JSON.stringify(Object.fromEntries(colours.peek())));
  } catch {
    // A browser that keeps nothing: the table page counts the runs.
  }
}

/** @param {string[]} ids */
export function choose(ids) {
  set({ runs: JSON.stringify([...new Set(ids)].slice(0, MOST_CHOSEN)) }, true);
}

/** @param {string} id @param {boolean} on */
export function toggle(id, on) {
  const now = chosen.peek();
  choose(on ? [...now, id] : now.filter((/** @type {string} */ other) => other !== id));
}

/** The sort keys of the address: `expression`, or `-expression` for descending. */
export const sort = computed(() => {
  const text = place.value.sort;
  if (!text) return null;
  return text.startsWith("-") ? { expression: text.slice(1), order: "desc" } : { expression: text, order: "asc" };
});

/** The next state of a header's click: ascending, descending, the newest first. @param {string} expression */
export function sortBy(expression) {
  const now = sort.peek();
  const isThis = now?.expression === expression;
  set({ sort: !isThis ? expression : now?.order === "asc" ? `-${expression}` : "", page: "" }, true);
}

/** @param {string} project */
const keyOf = (project) => `wbtable-runs:${project}`;

/** Keep how a project's runs are shown. @param {string} project */
export function keep(project) {
  try {
    const found = Object.fromEntries(Object.entries(place.peek()).filter(([name]) => KEPT.includes(name)));
    if (Object.keys(found).length) localStorage.setItem(keyOf(project), JSON.stringify(found));
    else localStorage.removeItem(keyOf(project));
  } catch {
    // The address has it.
  }
}

/** Show a project's runs as they were shown last, unless the address says how. @param {string} project */
export function restore(project) {
  if (KEPT.some((name) => place.peek()[name] !== undefined)) return;
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(project)) ?? "{}");
    const known = Object.entries(found).filter(([name, value]) => KEPT.includes(name) && typeof value === "string");
    if (known.length) set(Object.fromEntries(known), true);
  } catch {
    // Nothing was kept.
  }
}

/** Back to how the page begins. */
export function reset() {
  set(Object.fromEntries([...KEPT, "page", "panel"].map((name) => [name, ""])), true);
}

/** Whether anything differs from how the page begins. */
export const changed = computed(() => KEPT.some((name) => name !== "show" && place.value[name] !== undefined));

/** What a column is called: the end of the expression that names it. @param {string} name */
export function labelOf(name) {
  return name.replace(/^(config|summary)\./, "").replace(/`((?:[^`]|``)*)`/g, (_, inner) => inner.replace(/``/g, "`"));
}

/** The columns that show where nobody chose: what differs, and what came out. @param {any[]} columns @param {number} most */
export function firstColumns(columns, most) {
  const plain = columns.filter((column) => ["number", "string", "boolean", "mixed"].includes(column.kind));
  const config = plain.filter((column) => column.name.startsWith("config.") && column.differs);
  const summary = plain.filter((column) => column.name.startsWith("summary.") && column.kind === "number");
  const half = Math.max(Math.ceil(most / 2), most - summary.length);
  const picked = config.slice(0, half);
  return [...picked, ...summary.slice(0, most - picked.length)].map((column) => column.name);
}

/** A value as text in a cell. @param {any} value */
export function cellText(value) {
  if (value === null || value === undefined) return "—";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential(3) : number(Number.isInteger(value) ? value : Number(value.toPrecision(5)));
  if (typeof value === "string") return value === "Infinity" ? "∞" : value === "-Infinity" ? "−∞" : value;
  if (value.table) return "table";
  if (typeof value.cut === "string") return `${value.cut}…`;
  return JSON.stringify(value);
}
