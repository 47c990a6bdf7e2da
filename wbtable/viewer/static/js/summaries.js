// Summaries of columns for the header: asked for as columns come into view, one question at a time, kept as long as
// the rows are the same. Those that must be counted are asked for one after the other, and show as they come.
import { ApiError, isCancelled, post } from "./api.js";
import { rowsOf } from "./spec.js";
import * as state from "./state.js";

const REST = 80;
/** Milliseconds that a question for several columns may take: if one takes longer, so does each. */
const QUICK = 150;

export class Summaries {
  /** @param {(found: Map<string, any>) => void} changed @param {any} [model] what is shown */
  constructor(changed, model = state) {
    this.changed = changed;
    this.model = model;
    /** @type {Map<string, any>} by the rows they are of and the column; without one: null for good, undefined until {@link again} */
    this.kept = new Map();
    /** @type {Map<string, any>} */
    this.found = new Map();
    /** @type {string[]} */
    this.wanted = [];
    this.timer = 0;
    this.isBusy = false;
    /** Columns of the next question, and of which rows it was learned. */
    this.most = 1;
    this.rows = "";
  }

  /** What the summary of a column depends on: a column of the table is not touched by columns that are derived. @param {string} name */
  #key(name) {
    const { derive, filter, source } = this.model.asked();
    const of = (derive ?? []).some((/** @type {any} */ column) => column.name === name) || filter ? derive : undefined;
    return JSON.stringify([source, this.model.info.value?.digest, of, filter, name]);
  }

  /** Those that rows of the view have; null while it is not known, for another is being asked for. @param {string[]} names */
  #known(names) {
    const info = this.model.info.value;
    if (!info || info.rowsOf !== rowsOf(this.model.asked()) || info.grouped !== this.model.grouped.value) return null;
    const known = new Set(info.columns.map((/** @type {any} */ column) => column.name));
    // What a group is counted or computed by is no column of rows, even if one is called so.
    for (const { name, role } of this.model.columns.value) if (role === "count" || role === "cell") known.delete(name);
    return names.filter((name) => known.has(name));
  }

  /** Say which columns show. @param {string[]} names */
  need(names) {
    const known = this.#known(names);
    if (!known) return;
    this.wanted = known;
    this.#show();
    this.#later(this.kept.size ? REST : 0);
  }

  /** Ask again for those that could not be had: what was in the way may be gone. */
  again() {
    for (const [key, found] of this.kept) if (found === undefined) this.kept.delete(key);
    this.#later(REST);
  }

  /** @param {number} wait milliseconds */
  #later(wait) {
    // Groups show what is known already: what their cells show says more.
    if (this.isBusy || this.timer || this.model.grouped.value || this.wanted.every((name) => this.kept.has(this.#key(name)))) return;
    this.timer = window.setTimeout(() => ((this.timer = 0), void this.#ask()), wait);
  }

  #show() {
    const found = new Map();
    for (const name of this.wanted) {
      const one = this.kept.get(this.#key(name));
      if (one) found.set(name, one);
    }
    if (found.size === this.found.size && [...found].every(([name, one]) => this.found.get(name) === one)) return;
    this.found = found;
    this.changed(found);
  }

  async #ask() {
    // While it waited, another view may have come, of other columns, or of groups.
    if (this.model.grouped.value) return;
    const all = (this.#known(this.wanted) ?? []).filter((name) => !this.kept.has(this.#key(name)));
    if (!all.length) return;
    this.isBusy = true;
    const { derive, filter, source } = this.model.asked();
    const rows = JSON.stringify([source, filter]);
    if (rows !== this.rows) this.most = 1;
    this.rows = rows;
    const missing = all.slice(0, this.most);
    const keys = missing.map((name) => this.#key(name));
    const start = performance.now();
    try {
      const found = await post("/api/summaries", { view: { source, derive, filter }, columns: missing });
      missing.forEach((name, i) => this.kept.set(keys[i], found.columns[name]));
      this.most = performance.now() - start < QUICK ? Infinity : 1;
    } catch (error) {
      // The rows are there without them. What takes too long is not asked for again, the others not before the next view.
      const tooLong = error instanceof ApiError && error.code === "limit";
      if (!isCancelled(error)) keys.forEach((key) => this.kept.set(key, tooLong ? null : undefined));
    }
    this.isBusy = false;
    while (this.kept.size > 4000) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
    this.#show();
    this.#later(0);
  }
}
