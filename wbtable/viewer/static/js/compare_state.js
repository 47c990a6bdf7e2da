// What a comparison says, and how one changes it: sides, key, mode. Every change is a step of the view, which Back undoes.
import { ApiError, isCancelled, post } from "./api.js";
import { CHANGE, MOST, isMerged, translated } from "./compare_model.js";
import { conjuncts } from "./expression.js";
import { toast } from "./menu.js";
import { close } from "./panels.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { batch, computed, effect, signal } from "../vendor/preact.js";

/** @typedef {import("./compare_model.js").Place} Place */

export const source = computed(() => /** @type {any} */ (state.spec.value.source));
/** What the server says of the merged tables: counts, and how often each column changed. */
export const answer = signal(/** @type {any} */ (null));
/** Which columns may pair the rows. */
export const keys = signal(/** @type {{candidates: string[], suggested: string | null} | null} */ (null));
export const wrong = signal(/** @type {ApiError | null} */ (null));
/** Since when the server compares; 0: it does not. */
export const since = signal(0);
/** Whether a table is being added. */
export const busy = signal(false);

let asking = new AbortController();
let asked = "";

/** Ask how the tables differ and what may pair their rows, whenever others are compared. @returns {() => void} ends it */
export function watch() {
  return effect(() => {
    const now = source.value;
    const key = now?.kind === "compare" ? JSON.stringify(now) : "";
    void again.value;
    if (key === asked) return;
    asked = key;
    asking.abort();
    const control = (asking = new AbortController());
    batch(() => {
      answer.value = null;
      keys.value = null;
      wrong.value = null;
      since.value = 0;
      state.changes.value = new Map();
    });
    if (!key) return;
    const failed = (/** @type {any} */ error) => {
      if (!control.signal.aborted && !isCancelled(error)) wrong.value = error instanceof ApiError ? error : new ApiError({ code: "page", message: String(error) }, 0);
    };
    post("/api/keys", { tables: now.tables }, control.signal).then((found) => (keys.value = found), failed);
    if (!isMerged(now)) return;
    since.value = performance.now();
    post("/api/compare", { view: { source: now } }, control.signal).then((found) => batch(() => {
      answer.value = found;
      state.changes.value = new Map(found.columns.map((/** @type {any} */ column) => [column.name, column]));
    }), failed).finally(() => {
      if (!control.signal.aborted) since.value = 0;
    });
  });
}

const again = signal(0);

/** Compare once more, after an error. */
export function retry() {
  asked = "?";
  again.value += 1;
}

/** End the question of how the tables differ: the rows stay. */
export function stop() {
  asking.abort();
  since.value = 0;
  wrong.value = new ApiError({ code: "cancelled", message: "Counting what differs was cancelled." }, 499);
}

/**
 * Show other rows, in the same view as far as it means something there.
 * @param {any} to @param {string} [say]
 */
export async function show(to, say) {
  const from = source.value;
  const whole = translated(state.spec.value, from, to);
  const filtered = { source: to, filter: whole.filter };
  /** @type {import("./spec.js").Spec} */
  let view = whole;
  let left = conjuncts(state.spec.value.filter).length > conjuncts(whole.filter).length;
  for (const next of [whole, filtered, { source: to }]) {
    view = next;
    const { columns, ...rest } = spec.tidy(next);
    const one = to.mode === "side_by_side" ? { ...rest, source: { kind: "table", tables: to.tables.slice(0, 1) } } : rest;
    try {
      await post("/api/view", { view: one });
      break;
    } catch (error) {
      // What does not fit the other rows is left out and said; any other error shows where rows would.
      if (/** @type {ApiError} */ (error).code !== "expression") break;
      left = true;
    }
  }
  batch(() => {
    state.pins.value = [];
    if (to.mode !== "side_by_side") state.beside.value = { side: 0 };
    state.apply(view, { say });
  });
  if (left) toast("Parts of the view do not fit these rows and were left out. Back returns.");
}

/** @param {Place[]} tables @returns {Promise<any>} the source that compares them: merged on the likely key, else one after another */
export async function compared(tables) {
  const found = await post("/api/keys", { tables });
  const mode = found.suggested === null ? "concat" : "join";
  return { kind: "compare", tables, key: found.suggested === null ? [] : [found.suggested], mode, how: "outer" };
}

/** The tables that show. @returns {Place[]} */
export const tables = () => source.value?.tables ?? [];

/** Compare with one more table. @param {Place} place */
export async function add(place) {
  const now = source.value;
  const all = [...tables(), place];
  if (all.length > MOST) return toast(`At most ${MOST} tables are compared at once: take one away first.`);
  busy.value = true;
  try {
    const to = now.kind === "compare" && (now.mode !== "join" || (await fits(now.key, all))) ? { ...now, tables: all } : await compared(all);
    if (state.panel.value?.kind === "compare") close();
    await show(to, to.mode === "join" ? `Merged on ${to.key.join(", ")}` : "No column names the rows of all tables: they stand one after another.");
    if (to.mode === "concat" && now.kind !== "compare") toast("No column names the rows of both tables, each once: they stand one after another. A key can be chosen above.");
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  } finally {
    busy.value = false;
  }
}

/** Whether a key pairs the rows of other tables too. @param {string[]} key @param {Place[]} all */
async function fits(key, all) {
  const { candidates } = await post("/api/keys", { tables: all });
  return (key ?? []).every((name) => candidates.includes(name));
}

/** Put another table in a side's place. @param {number} side @param {Place} place */
export function put(side, place) {
  const now = source.value;
  void show({ ...now, tables: tables().map((other, i) => (i === side ? place : other)) });
}

/** @param {number} side */
export function remove(side) {
  const left = tables().filter((_, i) => i !== side);
  const now = source.value;
  if (left.length > 1) return void show({ ...now, tables: left });
  void show({ kind: "table", tables: left }, "One table");
}

/** The first side becomes the last: what was added is removed. */
export function swap() {
  const now = source.value;
  void show({ ...now, tables: [...tables()].reverse() }, "The sides changed places");
}

/** @param {"join" | "concat" | "side_by_side"} mode */
export async function setMode(mode) {
  const now = source.value;
  if (mode !== "join" || now.key?.length) return void show({ ...now, mode });
  const suggested = keys.value ? keys.value.suggested : (await post("/api/keys", { tables: tables() })).suggested;
  if (suggested === null) return toast("No column names the rows of all tables, each once: choose a key.");
  void show({ ...now, mode, key: [suggested], how: now.how ?? "outer" });
}

/** @param {string[]} key */
export function setKey(key) {
  void show({ ...source.value, mode: "join", key, how: source.value.how ?? "outer" }, `Merged on ${key.join(", ")}`);
}

/** @param {"outer" | "inner"} how */
export function setHow(how) {
  void show({ ...source.value, how });
}

/** The condition that shows what happened to rows. @param {string} kind */
export const happened = (kind) => `${CHANGE} == "${kind}"`;
export const ONLY_CHANGED = `${CHANGE} != "equal"`;

/** Switch a condition of the filter on or off; conditions on what happened exclude each other. @param {string} part */
export function toggle(part) {
  const parts = conjuncts(state.spec.value.filter);
  const others = parts.filter((other) => !other.startsWith(`${CHANGE} `));
  state.apply(spec.filteredBy(state.spec.value, parts.includes(part) ? others : [...others, part]));
}
