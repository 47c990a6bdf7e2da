// Summaries of columns for the header: asked for as columns come into view, one question at a time, kept as long as
// the rows are the same. Those that must be counted are asked for one after the other, and show as they come.
import { isCancelled, post } from "./api.js";
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
    /** @type {Map<string, any>} by the rows they are of and the column */
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
    this.shown = "";
  }

  /** What the summary of a column depends on: a column of the table is not touched by columns that are derived. @param {string} name */
  #key(name) {
    const { derive, filter, source } = this.model.asked();
    const of = (derive ?? []).some((/** @type {any} */ column) => column.name === name) || filter ? derive : undefined;
    return JSON.stringify([source, of, filter, name]);
  }

  /** Those that the view has; null while it is not known, for another is being asked for. @param {string[]} names */
  #known(names) {
    const info = this.model.info.value;
    if (!info || info.rowsOf !== rowsOf(this.model.asked()) || info.grouped || this.model.grouped.value) return null;
    const known = new Set(info.columns.map((/** @type {any} */ column) => column.name));
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

  /** @param {number} wait milliseconds */
  #later(wait) {
    if (this.isBusy || this.timer || this.wanted.every((name) => this.kept.has(this.#key(name)))) return;
    this.timer = window.setTimeout(() => ((this.timer = 0), void this.#ask()), wait);
  }

  #show() {
    const keys = this.wanted.map((name) => this.#key(name));
    const shown = JSON.stringify([this.wanted, keys.map((key) => this.kept.get(key) !== undefined), keys.length ? keys[0] : ""]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.found = new Map(this.wanted.flatMap((name, i) => (this.kept.get(keys[i]) ? [[name, this.kept.get(keys[i])]] : [])));
    this.changed(this.found);
  }

  async #ask() {
    // While it waited, another view may have come, of other columns.
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
      // The rows are there without them; these columns are not asked for again before the view changes.
      if (!isCancelled(error)) keys.forEach((key) => this.kept.set(key, undefined));
    }
    this.isBusy = false;
    while (this.kept.size > 4000) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
    this.#show();
    this.#later(0);
  }
}
