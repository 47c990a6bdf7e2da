// A table of a report: pages of rows that readers sort and filter by pills. Where rows come from is the source's business.
import { drawCell, isNumber, picture, spokenMedia } from "./report_cells.js";
import { colour, isBackground, labelOf, labelsOf } from "./media_labels.js";
import { el } from "./dom.js";
import { described } from "./media_picture.js";
import { count } from "./numbers.js";
import { isOther } from "./report_media.js";

/**
 * @typedef {import("./report_cells.js").CellColumn} CellColumn
 * @typedef {{key: string, kind: "filter" | "group" | "sort", text: string, on: boolean, fixed?: string, own?: boolean}} Pill fixed: why it cannot be switched
 * @typedef {{column: string, order: "asc" | "desc"} | null} Order
 * @typedef {{columns: CellColumn[], pills: Pill[], order: Order, notes: string[], sortable: boolean}} Shape
 * @typedef {{rows: number, total: number, noun: string, columns: Record<string, any[]>}} Window
 * @typedef {{
 *   open: (signal: AbortSignal) => Promise<Shape>,
 *   read: (ask: {order: Order, pills: Pill[], offset: number, count: number}, signal: AbortSignal) => Promise<Window>,
 *   condition: (column: CellColumn, operator: string, value: any) => Pill | null,
 *   urls: import("./report_cells.js").MediaUrls,
 * }} TableSource
 */

const OPERATORS = [["==", "is"], ["!=", "is not"], ["<", "below"], ["<=", "at most"], [">", "above"], [">=", "at least"], ["contains", "contains"]];
const FILTERED = new Set(["number", "integer", "decimal", "string", "boolean", "date", "timestamp"]);
let made = 0;

export class ReportTable {
  /** @param {HTMLElement} host @param {TableSource} source @param {{title: string, rows?: number, changed?: (pills: Pill[], order: Order) => void}} how */
  constructor(host, source, how) {
    this.host = host;
    this.source = source;
    this.how = how;
    this.size = how.rows ?? 10;
    this.offset = 0;
    this.id = `table-${(made += 1)}`;
    /** @type {Shape | null} */
    this.shape = null;
    /** @type {Pill[]} */
    this.pills = [];
    /** @type {Order} */
    this.order = null;
    this.control = new AbortController();
    this.pillBar = el("div", "pills");
    this.pillBar.setAttribute("role", "group");
    this.pillBar.setAttribute("aria-label", `What is done to the rows of ${how.title}`);
    this.frame = el("div", "rows");
    this.frame.tabIndex = 0;
    this.frame.setAttribute("role", "region");
    this.frame.setAttribute("aria-label", `Rows of ${how.title}`);
    this.foot = el("div", "foot");
    host.replaceChildren(this.pillBar, this.frame, this.foot);
    this.message("Reading…");
    void this.begin();
  }

  close() {
    this.control.abort();
  }

  /** @param {string} text @param {boolean} [wrong] */
  message(text, wrong) {
    const node = el("p", wrong ? "wrong" : "note", text);
    node.setAttribute("role", wrong ? "alert" : "status");
    this.frame.replaceChildren(node);
    if (wrong) {
      const again = el("button", "btn", "Try again");
      again.addEventListener("click", () => void this.begin());
      this.frame.append(again);
    }
  }

  async begin() {
    this.control.abort();
    this.control = new AbortController();
    const { signal } = this.control;
    try {
      this.shape = await this.source.open(signal);
      this.pills = this.shape.pills.map((pill) => ({ ...pill }));
      this.order = this.shape.order;
      await this.show();
    } catch (error) {
      if (!signal.aborted) this.message(/** @type {Error} */ (error).message, true);
    }
  }

  changed() {
    this.offset = 0;
    this.how.changed?.(this.pills, this.order);
    return this.show();
  }

  async show() {
    if (!this.shape) return;
    this.control.abort();
    this.control = new AbortController();
    const { signal } = this.control;
    this.frame.setAttribute("aria-busy", "true");
    this.drawPills();
    try {
      const ask = { order: this.order, pills: this.pills.filter((pill) => pill.on), offset: this.offset, count: this.size };
      const found = await this.source.read(ask, signal);
      if (signal.aborted) return;
      this.drawRows(found);
      this.drawFoot(found);
    } catch (error) {
      if (signal.aborted) return;
      this.message(/** @type {Error} */ (error).message, true);
      this.foot.replaceChildren();
    }
    this.frame.setAttribute("aria-busy", "false");
  }

  drawPills() {
    const focus = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.pill;
    this.pillBar.replaceChildren(...this.pills.map((pill) => this.pill(pill)));
    if (this.shape?.sortable) {
      const add = el("button", "btn quiet add", "+ Filter");
      add.addEventListener("click", () => this.form(add));
      this.pillBar.append(add);
    }
    if (focus) /** @type {HTMLElement | null} */ ([...this.pillBar.querySelectorAll("[data-pill]")].find((node) => /** @type {HTMLElement} */ (node).dataset.pill === focus))?.focus();
  }

  /** @param {Pill} pill */
  pill(pill) {
    const node = el("span", `pill${pill.on ? "" : " is-off"}${pill.fixed ? " is-fixed" : ""}`);
    node.append(el("span", "kind", pill.kind));
    const text = el(pill.fixed ? "span" : "button", "pill-text", pill.text);
    text.dir = "auto";
    if (pill.fixed) text.title = pill.fixed;
    else {
      text.title = pill.on ? "Switch off" : "Switch on";
      text.setAttribute("aria-pressed", String(pill.on));
      text.dataset.pill = pill.key;
      text.addEventListener("click", () => {
        pill.on = !pill.on;
        void this.changed();
      });
    }
    node.append(text);
    if (pill.own) {
      const gone = el("button", "", "×");
      gone.setAttribute("aria-label", `Remove filter ${pill.text}`);
      gone.addEventListener("click", () => {
        this.pills = this.pills.filter((other) => other !== pill);
        void this.changed();
        /** @type {HTMLElement | null} */ (this.pillBar.querySelector(".add"))?.focus();
      });
      node.append(gone);
    }
    return node;
  }

  /** @param {CellColumn} column @param {string} operator @param {any} value */
  add(column, operator, value) {
    const found = this.source.condition(column, operator, value);
    if (!found) return false;
    if (!this.pills.some((pill) => pill.key === found.key)) this.pills.push({ ...found, own: true, on: true });
    else this.pills = this.pills.map((pill) => (pill.key === found.key && !pill.fixed ? { ...pill, on: true } : pill));
    void this.changed();
    return true;
  }

  /** A condition in three parts. @param {HTMLElement} after */
  form(after) {
    if (this.pillBar.querySelector("form")) return;
    const form = /** @type {HTMLFormElement} */ (el("form", "condition"));
    form.setAttribute("aria-label", "A new filter");
    const columns = (this.shape?.columns ?? []).filter((column) => column.role !== "group" && FILTERED.has(column.kind));
    const names = this.select("Column", columns.map((column) => [column.name, column.label ?? column.name]));
    const operator = this.select("Condition", OPERATORS);
    const value = /** @type {HTMLInputElement} */ (el("input", "input"));
    value.setAttribute("aria-label", "Value");
    value.placeholder = "value";
    const done = el("button", "btn", "Add");
    const wrong = el("span", "wrong");
    wrong.setAttribute("role", "alert");
    form.append(names, operator, value, done, wrong);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const column = columns.find((each) => each.name === names.value);
      const given = column && this.given(column, value.value);
      if (column && given !== undefined && this.add(column, operator.value, given)) return;
      wrong.textContent = column ? `${column.label ?? column.name} has no such value` : "choose a column";
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      form.remove();
      after.focus();
    });
    this.pillBar.append(form);
    names.focus();
  }

  /** What was typed as a value of the column; undefined if it is none. @param {CellColumn} column @param {string} text */
  given(column, text) {
    if (column.kind === "string") return text;
    if (column.kind === "boolean") return { true: true, false: false }[text.trim().toLowerCase()];
    if (column.kind === "date" || column.kind === "timestamp") return text.trim() || undefined;
    const clean = text.trim().replace(/[\s,_]/g, "");
    if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(clean)) return undefined;
    return /^[-+]?\d+$/.test(clean) && !Number.isSafeInteger(Number(clean)) ? clean : Number(clean);
  }

  /** @param {string} label @param {string[][]} options */
  select(label, options) {
    const node = /** @type {HTMLSelectElement} */ (el("select", "input"));
    node.setAttribute("aria-label", label);
    for (const [value, text] of options) {
      const option = /** @type {HTMLOptionElement} */ (el("option", "", text));
      option.value = value;
      node.append(option);
    }
    return node;
  }

  /** @param {Window} found */
  drawRows(found) {
    const shape = /** @type {Shape} */ (this.shape);
    const table = el("table");
    const head = el("thead");
    const line = el("tr");
    for (const column of shape.columns) line.append(this.header(column));
    head.append(line);
    const body = el("tbody");
    for (let row = 0; row < found.rows; row += 1) {
      const made = el("tr");
      for (const column of shape.columns) {
        const cell = el("td");
        const value = found.columns[column.name]?.[row];
        drawCell(cell, value === undefined ? null : value, column, { ...this.source.urls, open: (media, of) => this.large(media, of) });
        if (this.canFilter(column, value)) cell.append(this.only(column, value));
        made.append(cell);
      }
      body.append(made);
    }
    table.append(head, body);
    const nodes = [table];
    if (!found.rows) nodes.push(el("p", "note none", found.total ? "No row is left: switch a pill off." : "The table has no rows."));
    const focus = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.sort;
    this.frame.replaceChildren(...nodes);
    if (focus !== undefined) /** @type {HTMLElement | undefined} */ ([...this.frame.querySelectorAll("[data-sort]")].find((node) => /** @type {HTMLElement} */ (node).dataset.sort === focus))?.focus();
  }

  /** @param {CellColumn} column @param {any} value */
  canFilter(column, value) {
    return this.shape?.sortable && column.role !== "group" && FILTERED.has(column.kind) && (value === null || (["string", "number", "boolean"].includes(typeof value) && value !== "NaN"));
  }

  /** @param {CellColumn} column @param {any} value */
  only(column, value) {
    const box = el("span", "cell-actions");
    for (const [operator, sign, words] of [["==", "=", "Only this value"], ["!=", "≠", "Exclude this value"]]) {
      const button = el("button", "", sign);
      button.title = words;
      button.setAttribute("aria-label", `${words} in ${column.label ?? column.name}`);
      button.addEventListener("click", () => this.add(column, operator, value ?? null));
      box.append(button);
    }
    return box;
  }

  /** @param {CellColumn} column */
  header(column) {
    const cell = el("th", isNumber(column) ? "num" : "");
    cell.setAttribute("scope", "col");
    const name = column.label ?? (column.name || "(no name)");
    const now = this.order?.column === column.name ? this.order.order : null;
    if (!this.shape?.sortable || column.role === "group") {
      cell.append(el("span", "name", name));
      return cell;
    }
    cell.setAttribute("aria-sort", now === "asc" ? "ascending" : now === "desc" ? "descending" : "none");
    const button = el("button", "name", name);
    button.dir = "auto";
    button.dataset.sort = column.name;
    button.title = `${column.type}. Sort: ascending, descending, as it was`;
    if (now) button.append(el("span", "arrow", now === "asc" ? " ↑" : " ↓"));
    button.addEventListener("click", () => {
      this.order = now === null ? { column: column.name, order: "asc" } : now === "asc" ? { column: column.name, order: "desc" } : null;
      void this.changed();
    });
    cell.append(button);
    return cell;
  }

  /** @param {Window} found */
  drawFoot(found) {
    const end = Math.min(found.total, this.offset + this.size);
    const turn = (/** @type {string} */ sign, /** @type {string} */ words, /** @type {number} */ to) => {
      const button = /** @type {HTMLButtonElement} */ (el("button", "btn quiet icon", sign));
      button.setAttribute("aria-label", `${words} of ${this.how.title}`);
      button.disabled = to < 0 || to >= found.total;
      button.addEventListener("click", () => {
        this.offset = to;
        void this.show();
      });
      return button;
    };
    const text = el("span", "", found.total ? `${count(this.offset + 1)}–${count(end)} of ${count(found.total)} ${found.noun}` : `0 ${found.noun}`);
    text.setAttribute("role", "status");
    const nodes = [turn("‹", "Previous rows", this.offset === 0 ? -1 : Math.max(0, this.offset - this.size)), text, turn("›", "Next rows", this.offset + this.size)];
    for (const note of this.shape?.notes ?? []) nodes.push(el("span", "said", note));
    this.foot.replaceChildren(...nodes);
  }

  /** Media as large as the window. @param {any} media @param {CellColumn} column */
  large(media, column) {
    const dialog = /** @type {HTMLDialogElement} */ (el("dialog", "r-large"));
    const title = isOther(media) ? described(media) : spokenMedia(media);
    dialog.setAttribute("aria-label", title);
    const close = el("button", "btn", "Close");
    close.addEventListener("click", () => dialog.close());
    const head = el("header");
    head.append(el("h2", "", title), close);
    const view = el("div", "view");
    const { drawing } = this.source.urls;
    if (media.kind === "image" || !drawing) view.append(picture(media, column, this.source.urls, 1024));
    else {
      view.classList.add("is-filled");
      view.append(drawing.large(media, column));
    }
    dialog.append(head, view, legend(media, column));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}

/** The classes of what lies over a picture. @param {any} media @param {CellColumn} column */
function legend(media, column) {
  const box = el("div", "class-legend");
  /** @type {Map<string, number>} */
  const classes = new Map();
  for (const [layer, boxes] of Object.entries(media.boxes ?? {})) {
    for (const one of boxes) classes.set(labelOf(labelsOf(column.params, "boxes", layer), one.class_id ?? 0), Number(one.class_id ?? 0));
  }
  for (const layer of Object.keys(media.masks ?? {})) {
    const labels = labelsOf(column.params, "masks", layer);
    for (const id of Object.keys(labels)) if (!isBackground(labels, Number(id))) classes.set(labelOf(labels, Number(id)), Number(id));
  }
  for (const [name, id] of classes) {
    const one = el("span", "class");
    const dot = el("i");
    dot.style.background = colour(id);
    one.append(dot, el("span", "", name));
    box.append(one);
  }
  return box;
}
