// The grid: rows that are reused, columns that are drawn where they show, one cell that has the keyboard.
import { fill, widthOf } from "./cells.js";
import { el } from "./dom.js";
import { keyActions } from "./grid_keys.js";
import { dragColumn, resizeColumn } from "./grid_mouse.js";
import { headCell } from "./header.js";
import { Scrolling } from "./scrolling.js";
import { sortOf } from "./spec.js";
import { nameText } from "./expression.js";

const NUMBER_WIDTH = 56;

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
    this.layout = 0;
    this.frame = 0;
    this.idle = 0;
    this.head = el("div", "grid-head");
    this.head.setAttribute("role", "rowgroup");
    this.body = el("div", "grid-body");
    this.body.setAttribute("role", "rowgroup");
    host.append(this.head, this.body);
    host.setAttribute("role", "grid");
    host.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    host.addEventListener("keydown", (event) => this.#key(event));
    host.addEventListener("pointerdown", (event) => this.#pressed(event));
    host.addEventListener("click", (event) => this.#clicked(event));
    host.addEventListener("dblclick", (event) => this.#doubled(event));
    host.addEventListener("contextmenu", (event) => this.#context(event));
    host.addEventListener("focusin", (event) => this.#focused(event));
    new ResizeObserver(() => this.draw()).observe(host);
  }

  /** @param {{laid: any[], rows: number, rowHeight: number, headHeight: number, windows: any, spec: any, fresh: boolean}} to */
  update({ laid, rows, rowHeight, headHeight, windows, spec, fresh }) {
    const isNew = this.windows !== windows;
    this.windows = windows;
    this.rows = rows;
    this.spec = spec;
    const visible = laid.filter((column) => column.visible !== false && column.info);
    const ordered = [...visible.filter((column) => column.pin === "left"), ...visible.filter((column) => column.pin !== "left")];
    let x = NUMBER_WIDTH + Math.max(0, String(rows).length - 5) * 7;
    this.numberWidth = x;
    this.columns = ordered.map((column, index) => {
      const width = column.width ?? widthOf(column.info, rowHeight);
      const made = { ...column, x, width, index, pinned: column.pin === "left" };
      x += width;
      return made;
    });
    this.width = x;
    this.pinWidth = this.columns.filter((column) => column.pinned).reduce((end, column) => column.x + column.width, this.numberWidth);
    this.scrolling.rowHeight = rowHeight;
    this.scrolling.head = headHeight;
    this.scrolling.rows = rows;
    this.head.style.height = `${headHeight}px`;
    this.head.style.width = `${x}px`;
    this.body.style.width = `${x}px`;
    this.body.style.height = `${this.scrolling.canvas}px`;
    this.host.setAttribute("aria-rowcount", String(rows + 1));
    this.host.setAttribute("aria-colcount", String(this.columns.length + 1));
    this.active.column = Math.max(0, Math.min(this.active.column, this.columns.length - 1));
    if (this.active.row >= rows) this.active.row = rows - 1;
    this.layout += 1;
    if (isNew && fresh) this.goTo(0);
    else this.goTo(this.scrolling.top);
    this.headKey = "";
    for (const found of this.shown.values()) found.key = "";
    this.draw();
  }

  /** @param {Map<string, any>} summaries */
  setSummaries(summaries) {
    this.summaries = summaries;
    this.headKey = "";
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
    if (Math.abs(bar - this.scrolling.bar) >= 1) this.scrolling.moved(bar);
    this.draw();
    clearTimeout(this.idle);
    // Once it rests, the scroll bar goes where the rows are; nothing is seen to move.
    if (this.scrolling.isScaled) this.idle = setTimeout(() => (this.goTo(this.scrolling.top), this.draw()), 160);
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
    if (!this.host.clientWidth) return;
    const columns = this.visibleColumns();
    const key = `${this.layout}:${columns.map((column) => column.index).join(",")}`;
    this.#drawHead(columns, key);
    const { first, end } = scrolling.range(4);
    if (this.windows && end > first) this.windows.need(first, end, columns.map((column) => column.name));
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
      const found = had ?? free.pop() ?? this.#newRow();
      if (!had) {
        found.key = "";
        this.shown.set(row, found);
      }
      const y = Math.max(-4 * scrolling.rowHeight, Math.min(scrolling.y(row), scrolling.canvas + 4 * scrolling.rowHeight));
      found.node.style.transform = `translateY(${y}px)`;
      if (found.key !== key) this.#drawRow(row, found, columns, key);
      else this.#fillRow(row, found, columns);
    }
    for (const { node } of free) node.remove();
    this.hooks.showed({ first: scrolling.range().first, end: scrolling.range().end, columns: columns.map((column) => column.name) });
  }

  #newRow() {
    const node = el("div", "row");
    node.setAttribute("role", "row");
    this.body.append(node);
    return { node, cells: new Map(), key: "" };
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
    const pins = this.#pins(row);
    const corner = el("div", "cell rownum");
    corner.setAttribute("role", "columnheader");
    corner.setAttribute("aria-colindex", "1");
    corner.append(el("span", "sr", "Row"));
    corner.style.width = `${this.numberWidth}px`;
    pins.append(corner);
    const sorts = (this.spec.sort ?? []).length;
    for (const column of columns) {
      const cell = headCell(column, this.summaries.get(column.name), sortOf(this.spec, nameText(column.name)), sorts > 1);
      this.#place(cell, column, -1);
      (column.pinned ? pins : row).append(cell);
    }
    this.head.append(row);
    if (had && this.active.row < 0) this.focusCell(false);
  }

  /** @param {HTMLElement} row */
  #pins(row) {
    const pins = el("div", `pins${this.columns.some((column) => column.pinned) ? " has-edge" : ""}`);
    pins.setAttribute("role", "presentation");
    pins.style.width = `${this.pinWidth}px`;
    row.append(pins);
    return pins;
  }

  /** @param {HTMLElement} cell @param {Laid} column @param {number} row */
  #place(cell, column, row) {
    cell.style.left = `${column.x}px`;
    cell.style.width = `${column.width}px`;
    cell.setAttribute("aria-colindex", String(column.index + 2));
    cell.dataset.column = String(column.index);
    const isActive = row === this.active.row && column.index === this.active.column;
    cell.tabIndex = isActive ? 0 : -1;
  }

  /** @param {number} row @param {any} found @param {Laid[]} columns @param {string} key */
  #drawRow(row, found, columns, key) {
    const { node } = found;
    const had = node.contains(document.activeElement);
    found.key = key;
    found.cells.clear();
    node.textContent = "";
    node.style.height = `${this.scrolling.rowHeight - 1}px`;
    node.style.width = `${this.width}px`;
    node.setAttribute("aria-rowindex", String(row + 2));
    node.dataset.row = String(row);
    node.classList.toggle("is-active", row === this.active.row);
    const pins = this.#pins(node);
    const number = el("div", "cell rownum");
    number.setAttribute("role", "rowheader");
    number.setAttribute("aria-colindex", "1");
    number.style.width = `${this.numberWidth}px`;
    number.append(el("span", "t", String(row + 1)));
    pins.append(number);
    for (const column of columns) {
      const cell = el("div", "cell");
      cell.setAttribute("role", "gridcell");
      this.#place(cell, column, row);
      (column.pinned ? pins : node).append(cell);
      found.cells.set(column.name, cell);
    }
    this.#fillRow(row, found, columns);
    if (had && row === this.active.row) this.focusCell(false);
  }

  /** @param {number} row @param {any} found @param {Laid[]} columns */
  #fillRow(row, found, columns) {
    for (const column of columns) {
      const cell = /** @type {any} */ (found.cells.get(column.name));
      const value = this.windows?.get(row, column.name);
      if (cell.filled === found.key && (value === undefined) === cell.waits) continue;
      cell.filled = found.key;
      cell.waits = value === undefined;
      const tall = this.scrolling.rowHeight > 40;
      fill(cell, value, column, {
        tall,
        media: (node, values, of) => this.hooks.media(node, values, of, row, this.scrolling.rowHeight),
        page: (node, found2, of) => this.hooks.page(node, found2, of, row, this.scrolling.rowHeight),
      });
    }
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

  reveal() {
    if (this.active.row >= 0) {
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

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, .cm-host")) return;
    const run = keyActions(this, event, target);
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    this.host.classList.remove("mouse");
    run();
  }

  // The mouse.

  /** @param {Event} event */
  #at(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const cell = /** @type {HTMLElement | null} */ (target.closest("[data-column]"));
    if (!cell) return null;
    const row = /** @type {HTMLElement | null} */ (cell.closest("[data-row]"));
    return { target, cell, row: row ? Number(row.dataset.row) : -1, column: this.columns[Number(cell.dataset.column)] };
  }

  /** @param {FocusEvent} event */
  #focused(event) {
    const found = this.#at(event);
    if (found && found.cell === found.target) this.active = { row: found.row, column: found.column.index };
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    this.host.classList.add("mouse");
    const found = this.#at(event);
    if (!found || event.button !== 0) return;
    if (found.target.classList.contains("resize")) return resizeColumn(event, found, this.hooks);
    if (found.row < 0 && found.target.closest(".name")) return dragColumn(this, event, found);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const found = this.#at(event);
    const number = /** @type {HTMLElement} */ (event.target).closest(".row .rownum")?.closest("[data-row]");
    if (number) return this.hooks.expand(Number(/** @type {HTMLElement} */ (number).dataset.row));
    if (!found) return;
    const { target, row, column } = found;
    if (target.closest(".more")) this.hooks.columnMenu(column, target.closest(".more"));
    else if (row < 0 && target.closest(".name") && !this.dragged) this.hooks.sort(column, event.shiftKey);
    else if (row >= 0) {
      this.active = { row, column: column.index };
      if (!target.closest("button")) this.focusCell(false);
      this.hooks.moved(row, column);
    }
    this.dragged = false;
  }

  /** @param {MouseEvent} event */
  #doubled(event) {
    const found = this.#at(event);
    if (!found) return;
    if (found.target.classList.contains("resize")) this.hooks.setWidth(found.column, this.fit(found.column));
    else if (found.row >= 0 && !found.target.closest("button")) this.hooks.detail(found.row, found.column);
  }

  /** @param {MouseEvent} event */
  #context(event) {
    const found = this.#at(event);
    if (!found || found.target.closest("video, audio")) return;
    event.preventDefault();
    this.active = { row: found.row, column: found.column.index };
    this.focusCell(false);
    const at = { x: event.clientX, y: event.clientY };
    if (found.row < 0) this.hooks.columnMenu(found.column, at);
    else this.hooks.cellMenu(found.row, found.column, at);
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
