// Views that are kept: by name for everybody, and of a workspace's panels as somebody left them (spec 16, VIEW-8, VIEW-11).
import { ApiError, get, post } from "./api.js";
import { named, panelName } from "./kept.js";
import * as state from "./state.js";
import { computed, effect, signal } from "../vendor/preact.js";

/** @typedef {{name: string, title: string, number: number, newest?: number, created_at: string, description: string, view: any, error?: string}} SavedView newest: the highest number when it was read */

/** What was saved under the name that is open. */
export const opened = signal(/** @type {SavedView | null} */ (null));
/** What could not be kept, in words. */
export const unkept = signal("");

/** The project in which a view of these rows is saved; null: they are outside of the store. */
export const project = computed(() => {
  const source = /** @type {any} */ (state.spec.value.source);
  if (source?.kind === "union") return String(source.project);
  const tables = source?.tables ?? [];
  return tables.length && tables.every((/** @type {any} */ place) => place.project) ? String(tables[0].project) : null;
});

/** A view as it compares: without what keeps its rows. @param {any} view */
function plain(view) {
  const { kind, format, features, refs, id, created_at, title, description, check, ...rest } = view;
  const sorted = (/** @type {any} */ value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== "table").sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]))
      : Array.isArray(value) ? value.map(sorted) : value;
  return JSON.stringify(sorted(rest));
}

/** Whether two views are the same. @param {any} a @param {any} b */
export const isSame = (a, b) => plain(a) === plain(b);

/** Whether the view is another one than what was saved under its name. */
export const changed = computed(() => opened.value !== null && !isSame(opened.value.view, state.viewDocument()));

/** Whether what is open is not the newest of its name. @param {SavedView | null} found */
export const isOld = (found) => (found?.newest ?? -1) > (found?.number ?? -1);

/** @param {string} of @param {string} name @param {number} [number] @returns {Promise<SavedView>} */
export function read(of, name, number) {
  return get(`/api/views/one?${new URLSearchParams({ project: of, name, ...(number === undefined ? {} : { number: String(number) }) })}`);
}

/** @param {string} of @returns {Promise<SavedView[]>} */
export const list = (of) => get(`/api/views?${new URLSearchParams({ project: of })}`).then((found) => found.views);

/** The address of a named view: always the newest of it. @param {string} of @param {string} name */
export function viewLink(of, name) {
  return `/?named=${encodeURIComponent(JSON.stringify({ project: of, name }))}`;
}

/**
 * Save the view under a name.
 * @param {string} of @param {string} name @param {number} seen the newest number that was seen, -1 for a new name
 * @param {{title?: string, description?: string, view?: any}} how
 */
export async function save(of, name, seen, how) {
  const view = how.view ?? state.viewDocument();
  const { number } = await post("/api/views", { project: of, name, view, number: seen, title: how.title ?? "", description: how.description ?? "" });
  opened.value = { name, number, title: how.title || name, description: how.description ?? "", created_at: new Date().toISOString(), view };
  named.value = { project: of, name, number };
  state.readdress();
  return number;
}

/** Show a saved view in place of this one; Back returns. @param {string} of @param {SavedView} found */
export function show(of, found) {
  state.takeView(found.view);
  opened.value = found;
  named.value = { project: of, name: found.name, number: found.number };
  state.apply(state.spec.value, { say: `View ${found.title}` });
  void state.load();
}

/** No name belongs to the view any more. */
export function forget() {
  opened.value = null;
  named.value = null;
  state.readdress();
}

/** Begin with what is kept: the named view of the address, or what the panel looked like. @param {URLSearchParams} params */
export async function beginKept(params) {
  if (named.value) await beginNamed(params);
  const source = /** @type {any} */ (state.spec.value.source);
  if (source?.kind === "union" && !panelName.value) panelName.value = `union ${source.run_key}`;
  if (panelName.value && project.value) await beginPanel(project.value);
  effect(follow);
}

/** Back and Forward lead to what was seen under a name then. */
function follow() {
  const now = named.value;
  const last = opened.peek();
  if (!now) opened.value = null;
  else if (now.name !== last?.name || now.number !== last.number) {
    read(now.project, now.name, now.number < 0 ? undefined : now.number).then(
      (found) => named.peek() === now && (opened.value = found), () => named.peek() === now && (opened.value = null));
  }
}

/** @param {URLSearchParams} params */
async function beginNamed(params) {
  const found = /** @type {import("./kept.js").Named} */ (named.value);
  if (!params.has("source")) {
    const newest = await read(found.project, found.name);
    state.takeView(newest.view);
    opened.value = newest;
    named.value = { ...found, number: newest.number };
    state.readdress();
    return;
  }
  // The address holds the view as it was changed; the name says what it was changed from.
  opened.value = await read(found.project, found.name, found.number < 0 ? undefined : found.number).catch(() => null);
}

const WAIT = 500;

/** @param {string} of */
const localKey = (of) => `wbtable-panel:${state.opened.value?.store?.url}:${of}:${panelName.value}`;

/** @param {string} key */
function readLocal(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** Show what the panel looked like, and keep what it looks like from now on. @param {string} of */
async function beginPanel(of) {
  const { source, ...rest } = state.viewDocument();
  const found = await get(`/api/state?${new URLSearchParams({ project: of, panel: panelName.value })}`).catch(() => ({ view: null, read_only: true }));
  let isLocal = found.read_only;
  const kept = isLocal ? readLocal(localKey(of)) ?? found.view : found.view ?? readLocal(localKey(of));
  if (kept && Object.keys(rest).length === 0) {
    state.takeView({ ...kept, source });
    state.readdress();
  }
  let last = JSON.stringify(state.viewDocument());
  /** @type {number | undefined} */
  let timer;
  const keep = async (/** @type {boolean} */ leaving) => {
    const { source: where, ...view } = state.viewDocument();
    const body = { project: of, panel: panelName.value, view };
    if (!isLocal && leaving) {
      // Nobody waits for the answer any more: the browser sends it all the same.
      void fetch("/api/state", { method: "POST", keepalive: true, credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).catch(() => undefined);
      return;
    }
    if (!isLocal) {
      try {
        await post("/api/state", body);
        unkept.value = "";
        return;
      } catch (error) {
        // A store that takes nothing is no reason to forget: this browser remembers.
        isLocal = error instanceof ApiError && (error.code === "read_only" || error.status === 500 || error.status === 403);
        if (!isLocal) return;
      }
    }
    try {
      localStorage.setItem(localKey(of), JSON.stringify(view));
    } catch {
      unkept.value = "Neither the store nor this browser keeps what this panel looks like: the address does.";
    }
  };
  effect(() => {
    const now = JSON.stringify(state.viewDocument());
    if (now === last) return;
    last = now;
    clearTimeout(timer);
    timer = setTimeout(() => ((timer = undefined), void keep(false)), WAIT);
  });
  addEventListener("pagehide", () => timer !== undefined && (clearTimeout(timer), void keep(true)));
}
