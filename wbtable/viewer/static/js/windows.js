// The rows that are near: fetched in blocks, at most two questions at once, kept until others need the room.
import { isCancelled } from "./api.js";

const KEPT = 80;
const IN_FLIGHT = 2;
const REST = 60;

/**
 * @typedef {{columns: Map<string, unknown[]>, used: number}} Block
 * @typedef {(offset: number, count: number, names: string[], signal: AbortSignal) => Promise<Record<string, unknown[]>>} Ask
 */

export class Windows {
  /** @param {{ask: Ask, size: number, changed: () => void, failed: (error: unknown) => void, busy?: (flying: number) => void}} options */
  constructor({ ask, size, changed, failed, busy }) {
    this.busy = busy;
    this.ask = ask;
    this.size = size;
    this.changed = changed;
    this.failed = failed;
    this.rows = 0;
    /** @type {Map<number, Block>} */
    this.blocks = new Map();
    /** @type {Map<number, AbortController>} */
    this.flying = new Map();
    /** What could not be read: asked for again when somebody says so, not at every frame. @type {Set<number>} */
    this.lost = new Set();
    this.clock = 0;
    /** @type {{first: number, end: number, names: string[]}} */
    this.wanted = { first: 0, end: 0, names: [] };
    this.closed = false;
    this.stopped = false;
    this.timer = 0;
    this.last = 0;
  }

  /** Take over what another has of the same rows. @param {Windows} other @param {(name: string) => boolean} isSame */
  carry(other, isSame) {
    if (other.size !== this.size) return;
    for (const [at, block] of other.blocks) {
      const kept = [...block.columns].filter(([name]) => isSame(name));
      if (kept.length) this.blocks.set(at, { columns: new Map(kept), used: ++this.clock });
    }
  }

  /** Forget a column: it is to be shown otherwise. @param {string} name */
  forget(name) {
    for (const block of this.blocks.values()) block.columns.delete(name);
    for (const control of this.flying.values()) control.abort();
  }

  /** A cell: undefined while it is not here. @param {number} row @param {string} name */
  get(row, name) {
    const block = this.blocks.get(Math.floor(row / this.size));
    const values = block?.columns.get(name);
    return values === undefined ? undefined : values[row % this.size];
  }

  /** Say which rows and columns show. @param {number} first @param {number} end @param {string[]} names */
  need(first, end, names) {
    this.wanted = { first, end, names };
    for (const [at, control] of this.flying) {
      const far = (at + 1) * this.size <= first - this.size || at * this.size >= end + this.size;
      if (far) control.abort();
    }
    // Who drags the scroll bar passes rows that nobody will see: what is far is asked for once the hand rests.
    const at = Math.floor(first / this.size);
    const isFar = Math.abs(at - this.last) > 1;
    this.last = at;
    if (!isFar && !this.timer) return this.#fetch();
    if (!isFar) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => ((this.timer = 0), this.#fetch()), REST);
  }

  /** Ask for nothing more until somebody says so. */
  stop() {
    this.stopped = true;
    for (const control of this.flying.values()) control.abort();
  }

  go() {
    this.stopped = false;
    this.lost.clear();
    this.#fetch();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.busy?.(0);
    for (const control of this.flying.values()) control.abort();
  }

  get isBusy() {
    return this.flying.size > 0;
  }

  #fetch() {
    if (this.closed || this.stopped) return;
    const { first, end, names } = this.wanted;
    if (end <= first || names.length === 0) return;
    const from = Math.floor(first / this.size);
    const to = Math.floor((end - 1) / this.size);
    const order = [];
    for (let at = from; at <= to; at += 1) order.push(at);
    if (to * this.size + this.size < this.rows) order.push(to + 1);
    if (from > 0) order.push(from - 1);
    for (const at of order) {
      if (this.flying.size >= IN_FLIGHT) return;
      if (this.flying.has(at) || this.lost.has(at)) continue;
      const block = this.blocks.get(at);
      if (block) block.used = ++this.clock;
      const missing = names.filter((name) => !block?.columns.has(name));
      if (missing.length) void this.#read(at, missing);
    }
  }

  /** @param {number} at @param {string[]} names */
  async #read(at, names) {
    const control = new AbortController();
    this.flying.set(at, control);
    this.busy?.(this.flying.size);
    let ok = false;
    try {
      const offset = at * this.size;
      const found = await this.ask(offset, Math.min(this.size, this.rows - offset), names, control.signal);
      if (this.closed) return;
      const block = this.blocks.get(at) ?? { columns: new Map(), used: 0 };
      for (const name of names) block.columns.set(name, found[name] ?? []);
      block.used = ++this.clock;
      this.blocks.set(at, block);
      this.#forget();
      ok = true;
    } catch (error) {
      ok = isCancelled(error);
      if (!ok) this.lost.add(at);
      if (!ok && !this.closed) this.failed(error);
    } finally {
      this.flying.delete(at);
      if (!this.closed) {
        this.busy?.(this.flying.size);
        this.changed();
        if (ok) this.#fetch();
      }
    }
  }

  #forget() {
    if (this.blocks.size <= KEPT) return;
    const old = [...this.blocks].sort(([, a], [, b]) => a.used - b.used).slice(0, this.blocks.size - KEPT);
    for (const [at] of old) this.blocks.delete(at);
  }
}
