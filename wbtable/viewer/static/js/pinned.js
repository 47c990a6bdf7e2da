// The rows that stay below the header: read by their positions, which no filter and no order changes.
import { ApiError, post } from "./api.js";
import * as state from "./state.js";

export class Pinned {
  /** @param {(rows: {position: number, values: Map<string, any>}[]) => void} changed @param {any} [model] what is shown */
  constructor(changed, model = state) {
    this.changed = changed;
    this.model = model;
    /** @type {Map<number, Map<string, any>>} */
    this.values = new Map();
    this.key = "";
    this.shown = "";
    this.isBusy = false;
  }

  /** Say which columns show. @param {string[]} names */
  need(names) {
    const positions = this.model.grouped.value ? [] : state.pins.value;
    const { source, derive } = this.model.asked();
    const key = JSON.stringify([source, derive, this.model.info.value?.digest]);
    if (key !== this.key) {
      this.key = key;
      this.values = new Map();
      this.shown = "";
    }
    this.#show(positions);
    if (!positions.length || this.isBusy || this.model.info.value?.of !== JSON.stringify(source)) return;
    const known = new Set(this.model.info.value.columns.map((/** @type {any} */ column) => column.name));
    const missing = names.filter((name) => known.has(name) && positions.some((at) => !this.values.get(at)?.has(name)));
    if (missing.length) void this.#ask(key, positions, missing, names);
  }

  /** @param {number[]} positions */
  #show(positions) {
    const shown = JSON.stringify(positions.map((at) => [at, ...(this.values.get(at)?.keys() ?? [])]));
    if (shown === this.shown) return;
    this.shown = shown;
    this.changed(positions.map((position) => ({ position, values: this.values.get(position) ?? new Map() })));
  }

  /** @param {string} key @param {number[]} positions @param {string[]} missing @param {string[]} names */
  async #ask(key, positions, missing, names) {
    this.isBusy = true;
    const { source, derive } = this.model.asked();
    let failed = false;
    try {
      const found = await post("/api/rows", { view: { source, derive }, positions, columns: missing });
      if (key === this.key) {
        positions.forEach((at, i) => {
          const values = this.values.get(at) ?? new Map();
          for (const column of found.columns) values.set(column.name, column.values[i]);
          this.values.set(at, values);
        });
      }
    } catch (error) {
      failed = true;
      // A row that is no more cannot stay: say so by letting all go.
      if (error instanceof ApiError && error.code === "not_found") state.pins.value = [];
    }
    this.isBusy = false;
    if (!failed) this.need(names);
  }
}
