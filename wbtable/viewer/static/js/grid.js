// The grid: rows that are reused, columns that are drawn where they show, one cell that has the keyboard.
import { summaryOf } from "./compare_header.js";
import { namesOf } from "./compare_model.js";
import { el } from "./dom.js";
import { keyActions } from "./grid_keys.js";
import { listen } from "./grid_mouse.js";
import { digitWidth, drawRow, fillRow, newRow, pinnedRows, pinsNode, place, select } from "./grid_rows.js";
import { widthsOf } from "./grid_widths.js";
import { headCell } from "./header.js";
import { Scrolling } from "./scrolling.js";
import { sortOf } from "./spec.js";
import { nameText } from "./expression.js";

const NUMBER_WIDTH = 56;
/** Frames of scrolling up or down after which it is taken to go on, and milliseconds after which it has ended. */
const ROLLS = 4;
const REST = 200;

/** @typedef {{name: string, info: any, x: number, width: number, index: number, pinned: boolean, [key: string]: any}} Laid */

export class Grid {
  /** @param {HTMLElement} host @param {any} hooks what the page does on the grid's behalf */
  constructor(host, hooks) {
    this.host = host;
    this.hooks = hooks;
    this.scrolling = new Scrolling(28);
    /** @type {Laid[]} */
    this.columns = [];
    this.rows = 0;
    /** @type {any} */
    this.windows = null;
    /** @type {any} */
    this.spec = {};
    /** @type {Map<string, any>} */
    this.summaries = new Map();
    /** @type {Map<number, {node: HTMLElement, cells: Map<string, HTMLElement>, key: string}>} */
    this.shown = new Map();
    this.active = { row: -1, column: 0 };
    /** @type {Laid[]} the columns that are drawn */
    this.drawn = [];
    this.isPressed = false;
    /** @type {{from: number, to: number} | null} */
    this.selected = null;
    /** @type {{position: number, values: Map<string, any>}[]} */
    this.pinned = [];
    this.isGrouped = false;
    this.headHeight = 0;
    this.layout = 0;
    this.frame = 0;
    this.idle = 0;
    this.left = 0;
    this.rolled = 0;
    this.rest = 0;
    this.isStill = false;
    this.digitWidth = Infinity;
    /** Places behind the point that numbers of a column have at most, of those that were shown. @type {Map<string, number>} */
    this.most = new Map();
    this.window = 0;
    this.room = 0;
    this.head = el("div", "grid-head");
    this.head.setAttribute("role", "rowgroup");
    this.body = el("div", "grid-body");
    this.body.setAttribute("role", "rowgroup");
    host.append(this.head, this.body);
    host.setAttribute("role", "grid");
    host.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    host.addEventListener("keydown", (event) => this.key(event));
    listen(this);
    new ResizeObserver(() => this.draw()).observe(host);
  }

  /** @param {{laid: any[], rows: number, rowHeight: number, headHeight: number, windows: any, spec: any, top: number | null}} to top: where to go; null: stay */
  update({ laid, rows, rowHeight, headHeight, windows, spec, top }) {
    this.isGrouped = (spec.group ?? []).length > 0;
    this.windows = windows;
    this.rows = rows;
    this.spec = spec;
    const visible = laid.filter((column) => column.visible !== false && column.info);
    // Keys of groups stay in sight as pinned columns do: what else is a row about?
    const isPinned = (/** @type {any} */ column) => column.pin === "left" || column.info.role === "key";
    const ordered = [...visible.filter(isPinned), ...visible.filter((column) => !isPinned(column))];
    let x = Math.max(NUMBER_WIDTH, 22 + 8 * String(rows).length);
    this.numberWidth = x;
    const widths = widthsOf(ordered, rowHeight, this.#room() - x);
    this.columns = ordered.map((column, index) => {
      const width = widths[index];
      const made = { ...column, x, width, index, pinned: isPinned(column) };
      x += width;
      return made;
    });
    this.width = x;
    this.pinWidth = this.columns.filter((column) => column.pinned).reduce((end, column) => column.x + column.width, this.numberWidth);
    this.scrolling.rowHeight = rowHeight;
    this.scrolling.rows = rows;
    this.headHeight = headHeight;
    this.#measureHead();
    this.head.style.width = `${x}px`;
    this.body.style.width = `${x}px`;
    this.body.style.height = `${this.scrolling.canvas}px`;
    this.host.setAttribute("aria-rowcount", String(rows + 1));
    this.host.setAttribute("aria-colcount", String(this.columns.length + 1));
    this.active.column = Math.max(0, Math.min(this.active.column, this.columns.length - 1));
    if (this.active.row >= rows) this.active.row = rows - 1;
    this.layout += 1;
    this.goTo(top ?? this.scrolling.top);
    this.headKey = "";
    for (const found of this.shown.values()) found.key = "";
    this.draw();
  }

  /** How wide the grid is while no panel is open beside it: columns stay as they are when one opens. */
  #room() {
    if (innerWidth !== this.window) this.room = 0;
    this.window = innerWidth;
    this.room = Math.max(this.room, this.host.clientWidth);
    return this.room;
  }

  #measureHead() {
    const high = this.headHeight + this.pinned.length * this.scrolling.rowHeight;
    this.scrolling.head = high;
    this.head.style.height = `${high}px`;
    this.head.hidden = this.columns.length === 0;
  }

  /** Keep rows below the header. @param {{position: number, values: Map<string, any>}[]} pinned */
  setPinned(pinned) {
    this.pinned = pinned;
    this.#measureHead();
    this.headKey = "";
    this.draw();
  }

  /** @param {Map<string, any>} summaries */
  setSummaries(summaries) {
    this.summaries = summaries;
    this.headKey = "";
    // Bars beside numbers of several sides stand between the extremes of all.
    if (this.columns.some((column) => column.info.pair)) for (const found of this.shown.values()) found.key = "";
    this.draw();
  }

  /** @param {number} top */
  goTo(top) {
    this.scrolling.client = this.host.clientHeight;
    const bar = this.scrolling.goTo(top);
    if (Math.round(this.host.scrollTop) !== bar) this.host.scrollTop = bar;
  }

  #scrolled() {
    const bar = this.host.scrollTop;
    this.#roll(bar !== this.scrolling.bar);
    if (Math.abs(bar - this.scrolling.bar) >= 1) this.scrolling.moved(bar);
    this.draw();
    clearTimeout(this.idle);
    // Once it rests, the scroll bar goes where the rows are; nothing is seen to move.
    if (this.scrolling.isScaled) this.idle = setTimeout(() => (this.goTo(this.scrolling.top), this.draw()), 160);
  }

  /**
   * What stays at the left of each row is a layer of its own, so that it stays when one scrolls sideways. Dozens of
   * layers cost more than all else in a frame: while rows go up and down only, it stands still within its row.
   * @param {boolean} isUpright
   */
  #roll(isUpright) {
    const left = this.host.scrollLeft;
    this.rolled = isUpright && left === this.left ? this.rolled + 1 : 0;
    this.left = left;
    this.#still(this.rolled >= ROLLS);
    clearTimeout(this.rest);
    if (this.rolled) this.rest = setTimeout(() => ((this.rolled = 0), this.#still(false)), REST);
  }

  /** @param {boolean} isStill */
  #still(isStill) {
    if (isStill === this.isStill) return;
    this.isStill = isStill;
    if (isStill) this.body.style.setProperty("--left", this.left ? `${this.left}px` : "");
    this.body.classList.toggle("is-still", isStill);
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw();
    });
  }

  /** The columns that show: the pinned ones and those under the view. */
  visibleColumns() {
    const left = this.host.scrollLeft + (this.pinWidth ?? 0);
    const right = this.host.scrollLeft + this.host.clientWidth;
    return this.columns.filter((column) => column.pinned || (column.x + column.width > left - 100 && column.x < right + 100) || column.index === this.active.column);
  }

  #draw() {
    const { scrolling } = this;
    scrolling.client = this.host.clientHeight;
    // What is pressed stays until it is let go: drawn anew meanwhile, it would never be clicked.
    if (!this.host.clientWidth || this.isPressed) return;
    if (this.digitWidth === Infinity) this.digitWidth = digitWidth(this.host);
    const columns = (this.drawn = this.visibleColumns());
    const key = `${this.layout}:${columns.map((column) => column.index).join(",")}`;
    this.#drawHead(columns, key);
    const { first, end } = scrolling.drawn(4);
    if (this.windows && end > first) this.windows.need(first, end, namesOf(columns));
    const wanted = new Set();
    for (let row = first; row < end; row += 1) wanted.add(row);
    const hasFocus = this.body.contains(document.activeElement);
    if (this.active.row >= 0 && this.active.row < this.rows && hasFocus) wanted.add(this.active.row);
    const free = [];
    for (const [row, found] of this.shown) {
      if (!wanted.has(row)) {
        this.shown.delete(row);
        free.push(found);
      }
    }
    for (const row of wanted) {
      const had = this.shown.get(row);
      const found = had ?? free.pop() ?? newRow(this.body);
      if (!had) {
        found.key = "";
        this.shown.set(row, found);
      }
      const y = Math.max(-4 * scrolling.rowHeight, Math.min(scrolling.y(row), scrolling.canvas + 4 * scrolling.rowHeight));
      found.node.style.transform = `translateY(${y}px)`;
      if (found.key !== key) drawRow(this, row, found, key);
      else fillRow(this, row, found);
    }
    for (const { node } of free) node.remove();
    this.host.classList.toggle("has-rows", this.shown.size > 0);
    this.hooks.showed({ first: scrolling.range().first, end: scrolling.range().end, columns: namesOf(columns) });
  }

  /** The most places behind the point in a column, once a number of it has so many. @param {Laid} column @param {number} places */
  places(column, places) {
    const key = `${column.name} ${column.settings?.digits} ${column.settings?.notation}`;
    const most = this.most.get(key) ?? 0;
    if (places <= most) return most;
    this.most.set(key, places);
    for (const found of this.shown.values()) found.key = "";
    this.draw();
    return places;
  }

  /** @param {Laid[]} columns @param {string} key */
  #drawHead(columns, key) {
    if (this.headKey === key) return;
    const had = this.head.contains(document.activeElement);
    this.headKey = key;
    this.head.textContent = "";
    const row = el("div", "hrow");
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", "1");
    row.style.width = `${this.width}px`;
    const pins = pinsNode(this, row);
    const corner = el("div", "cell rownum");
    corner.setAttribute("role", "columnheader");
    corner.setAttribute("aria-colindex", "1");
    corner.append(el("span", "sr", "Row"));
    corner.style.width = `${this.numberWidth}px`;
    pins.append(corner);
    const sorts = (this.spec.sort ?? []).length;
    for (const column of columns) {
      const cell = headCell(column, summaryOf(this.summaries, column), sortOf(this.spec, nameText(column.name)), sorts > 1);
      place(this, cell, column, -1);
      (column.pinned ? pins : row).append(cell);
    }
    row.style.height = `${this.headHeight}px`;
    this.head.append(row);
    if (this.pinned.length) this.head.append(pinnedRows(this, this.pinned));
    if (had && this.active.row < 0) this.focusCell(false);
  }

  // The keyboard.

  /** @param {boolean} [scroll] whether the cell is brought into view */
  focusCell(scroll = true) {
    if (scroll) this.reveal();
    const column = this.columns[this.active.column];
    if (!column) return;
    const find = () => this.active.row < 0
      ? /** @type {HTMLElement | null} */ (this.head.querySelector(`[data-column="${column.index}"]`))
      : this.shown.get(this.active.row)?.cells.get(column.name) ?? null;
    let cell = find();
    if (!cell && scroll) {
      this.#draw();
      cell = find();
    }
    for (const old of this.host.querySelectorAll('[tabindex="0"]')) if (old !== cell && old.hasAttribute("data-column")) /** @type {HTMLElement} */ (old).tabIndex = -1;
    if (!cell) return;
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
    for (const [row, found] of this.shown) found.node.classList.toggle("is-active", row === this.active.row);
  }

  /** @param {boolean} [columnAlone] */
  reveal(columnAlone) {
    if (this.active.row >= 0 && !columnAlone) {
      const to = this.scrolling.placeFor(this.active.row);
      if (to !== this.scrolling.top) this.goTo(to);
    }
    const column = this.columns[this.active.column];
    if (!column || column.pinned) return;
    const pins = this.pinWidth ?? 0;
    if (column.x < this.host.scrollLeft + pins) this.host.scrollLeft = column.x - pins;
    else if (column.x + column.width > this.host.scrollLeft + this.host.clientWidth)
      this.host.scrollLeft = Math.min(column.x - pins, column.x + column.width - this.host.clientWidth);
  }

  /** @param {number} row @param {number} column */
  moveTo(row, column) {
    this.active = {
      row: Math.max(-1, Math.min(row, this.rows - 1)),
      column: Math.max(0, Math.min(column, this.columns.length - 1)),
    };
    this.focusCell();
    this.#draw();
    this.focusCell(false);
    this.hooks.moved(this.active.row, this.columns[this.active.column]);
  }

  /** Do what a key means in the grid. @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, .cm-host")) return;
    const run = keyActions(this, event, target);
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    this.host.classList.remove("mouse");
    run();
  }

  // Rows that are selected.

  /** @param {number} row @param {boolean} extend */
  selectRow(row, extend) {
    const from = extend ? this.anchor ?? Math.max(0, this.active.row) : row;
    if (!extend) this.anchor = row;
    this.active.row = row;
    this.hooks.select({ from: Math.min(from, row), to: Math.max(from, row) });
    this.focusCell(false);
  }

  /** Select on from the row that has the keyboard. @param {number} by */
  extend(by) {
    if (!this.selected) this.anchor = this.active.row;
    const row = Math.max(0, Math.min(this.rows - 1, this.active.row + (by)));
    this.moveTo(row, this.active.column);
    const from = this.anchor ?? row;
    this.hooks.select({ from: Math.min(from, row), to: Math.max(from, row) });
  }

  /** @param {{from: number, to: number} | null} range */
  setSelected(range) {
    this.selected = range;
    this.host.setAttribute("aria-multiselectable", "true");
    for (const [row, found] of this.shown) select(this, row, found);
  }

  /** The width that shows what is on the screen. @param {Laid} column */
  fit(column) {
    const head = this.head.querySelector(`[data-column="${column.index}"] .name > span:last-of-type`);
    let widest = (head?.scrollWidth ?? 60) + 60;
    for (const { cells } of this.shown.values()) {
      const text = cells.get(column.name)?.querySelector(".t");
      if (text) widest = Math.max(widest, text.scrollWidth + 24);
    }
    return Math.max(48, Math.min(720, Math.ceil(widest)));
  }
}
