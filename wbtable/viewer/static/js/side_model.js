// One of several tables side by side: what it shows, asked for itself. The one with the keyboard is what the page's bar,
// pills and panels speak of.
import { ApiError, isCancelled, post } from "./api.js";
import { rowsOf } from "./spec.js";
import * as state from "./state.js";
import { columnsFrom, laidFrom, usualSize } from "./view_columns.js";
import { batch, computed, effect, signal } from "../vendor/preact.js";

const NONE = new Map();

export class SideModel {
  /** @param {number} side */
  constructor(side) {
    this.side = side;
    this.info = signal(/** @type {any} */ (null));
    this.rows = signal(/** @type {number | null} */ (null));
    this.total = signal(0);
    this.problem = signal(/** @type {ApiError | null} */ (null));
    this.generation = signal(0);
    this.asking = signal(0);
    this.reading = signal({ number: 0, since: 0 });
    this.visibleRange = signal({ first: 0, end: 0 });
    this.seconds = signal(/** @type {number | null} */ (null));
    this.stops = state.stops;
    this.loading = new AbortController();
    this.isActive = computed(() => state.beside.value.side === side);
    /** The view of this table: that of all, or its own. */
    this.spec = computed(() => {
      const { source, ...view } = state.spec.value;
      const { views } = state.beside.value;
      const own = views && !this.isActive.value ? views[side] ?? {} : view;
      const place = /** @type {any} */ (source)?.tables?.[side];
      return /** @type {import("./spec.js").Spec} */ ({ ...own, source: place ? { kind: "table", tables: [place] } : null });
    });
    this.grouped = computed(() => (this.spec.value.group ?? []).length > 0);
    this.columns = computed(() => columnsFrom(this.info.value, this.spec.value));
    this.laid = computed(() => laidFrom(this.columns.value, this.spec.value, NONE));
    this.names = computed(() => this.columns.value.map((column) => column.name));
    this.usualHeight = computed(() => usualSize(this.laid.value, this.grouped.value));
  }

  asked() {
    const { columns, ...rest } = this.spec.value;
    return rest;
  }

  /** @param {unknown} error */
  failed = (error) => {
    this.problem.value = error instanceof ApiError ? error : new ApiError({ code: "page", message: String(error) }, 0);
  };

  /** Ask whenever the view changes, and tell the page while the keyboard is here. @returns {() => void} ends it */
  watch() {
    let seen = -1;
    const stops = [
      effect(() => {
        // Who changes the view says when it is to be asked anew.
        const turn = state.loads.value;
        if (turn === seen || !this.spec.value.source) return;
        seen = turn;
        void this.load();
      }),
      effect(() => {
        if (!this.isActive.value) return;
        state.info.value = this.info.value;
        state.rows.value = this.rows.value;
        state.total.value = this.total.value;
        state.problem.value = this.problem.value;
        state.seconds.value = this.seconds.value;
        state.reading.value = this.reading.value;
        state.visibleRange.value = this.visibleRange.value;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      this.loading.abort();
    };
  }

  async load() {
    this.loading.abort();
    const control = (this.loading = new AbortController());
    const view = this.asked();
    const start = performance.now();
    batch(() => {
      this.asking.value += 1;
      state.asking.value += 1;
      state.started.value = start;
      this.problem.value = null;
    });
    try {
      const found = await post("/api/view", { view }, control.signal);
      batch(() => {
        this.info.value = { ...found, of: JSON.stringify(view.source), rowsOf: rowsOf(view) };
        this.total.value = found.total;
        this.rows.value = found.rows;
        this.generation.value += 1;
      });
      const counted = found.rows === null ? await post("/api/count", { view }, control.signal) : found;
      batch(() => {
        this.rows.value = counted.rows;
        this.total.value = counted.total;
        this.seconds.value = (performance.now() - start) / 1000;
      });
    } catch (error) {
      if (control === this.loading) this.failed(isCancelled(error) ? new ApiError({ code: "cancelled", message: "The question was cancelled." }, 499) : error);
    } finally {
      batch(() => {
        this.asking.value -= 1;
        state.asking.value -= 1;
      });
    }
  }

  /** Give the keyboard to this table: what follows is done to it. */
  activate() {
    const { side, views } = state.beside.value;
    if (side === this.side) return;
    batch(() => {
      if (views) {
        const { source, ...view } = state.spec.value;
        state.beside.value = { ...state.beside.value, views: views.map((old, at) => (at === side ? view : old)) };
        state.spec.value = { source, ...(views[this.side] ?? {}) };
      }
      state.selected.value = null;
      state.setBeside({ side: this.side });
    });
  }
}
