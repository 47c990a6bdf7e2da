// A view in a report as the server answers it: the same table as in a file, over rows of any number.
import { post } from "./api.js";
import { conjuncts, joined, nameText, stringText } from "./expression.js";
import { edgeLiteral, valueCondition } from "./literals.js";
import { pageDrawing } from "./report_page_media.js";

/**
 * @typedef {import("./report_table.js").Pill} Pill
 * @typedef {import("./report_table.js").Order} Order
 * @typedef {import("./report_cells.js").CellColumn} CellColumn
 */

const SIDES = [64, 128, 256, 512, 1024];

/** Media as the server gives them, by digest. */
export const serverUrls = {
  picture: (/** @type {any} */ media, /** @type {number} */ pixels) => `/thumb/${media.ref}&side=${SIDES.find((side) => side >= pixels * Math.min(2, devicePixelRatio || 1)) ?? 1024}`,
  bytes: (/** @type {any} */ media) => `/blob/${media.ref}`,
  mask: (/** @type {any} */ mask) => `/mask/${mask.ref}`,
  drawing: pageDrawing,
};

/** What of a view is the page's business, not the server's. @param {any} view */
export function computedPart(view) {
  const { columns, off, height, pins, beside, ...rest } = view;
  return rest;
}

/** The columns that show, in order; as the file has them. @param {any} view @param {any} info */
export function shownColumns(view, info) {
  const keys = new Set(view.group ?? []);
  const cells = new Set((view.cells ?? []).map((/** @type {any} */ cell) => cell.name));
  const own = new Set((view.derive ?? []).map((/** @type {any} */ column) => column.name));
  const plain = new Set([...keys].map((key) => key.replace(/^`|`$/g, "").replace(/``/g, "`")));
  /** @type {any[]} */
  const all = info.grouped
    ? [
        ...info.shown.map((/** @type {any} */ column) => ({ ...column, role: cells.has(column.name) ? "cell" : column.name === "count" ? "count" : "key" })),
        ...info.columns.filter((/** @type {any} */ column) => !info.shown.some((/** @type {any} */ out) => out.name === column.name) && !plain.has(column.name)).map((/** @type {any} */ column) => ({ ...column, role: "group" })),
      ]
    : info.columns.map((/** @type {any} */ column) => ({ ...column, role: "row" }));
  if (!view.columns) return all.slice(0, 200);
  const byName = new Map(all.map((column) => [column.name, column]));
  const out = view.columns.filter((/** @type {any} */ setting) => byName.has(setting.name)).map((/** @type {any} */ setting) => ({ ...byName.get(setting.name), setting }));
  const known = new Set(out.map((/** @type {any} */ column) => column.name));
  all.forEach((column, i) => {
    if (known.has(column.name) || !(own.has(column.name) || ["key", "count", "cell"].includes(column.role))) return;
    const before = all.slice(0, i).reverse().find((other) => known.has(other.name));
    out.splice(before ? out.findIndex((/** @type {any} */ other) => other.name === before.name) + 1 : 0, 0, column);
    known.add(column.name);
  });
  return out.filter((/** @type {any} */ column) => column.setting?.visible !== false).slice(0, 200)
    .map((/** @type {any} */ column) => ({ ...column, label: column.setting?.label, digits: column.setting?.settings?.digits, display: column.setting?.display, overlays: column.setting?.settings?.overlays !== false }));
}

export class LiveSource {
  /** @param {any} view @param {number} [side] */
  constructor(view, side = 0) {
    this.view = view;
    this.side = side;
    this.urls = serverUrls;
    this.sides = 1;
    /** @type {any[]} */
    this.columns = [];
    /** @type {Order} */
    this.first = null;
    this.counted = { of: "", total: 0 };
  }

  /** @param {AbortSignal} signal */
  async open(signal) {
    const info = await post("/api/view", { view: computedPart(this.view), side: this.side }, signal);
    this.info = info;
    this.sides = info.sides;
    this.columns = shownColumns(this.view, info);
    const [key] = this.view.sort ?? [];
    const sorted = key && !key.nulls && this.columns.find((column) => column.role !== "group" && (nameText(column.name) === key.expression || column.name === key.expression));
    this.first = sorted ? { column: sorted.name, order: key.order ?? "asc" } : null;
    const grouped = "Groups are changed in the table's own page.";
    return {
      columns: this.columns,
      pills: [
        ...conjuncts(this.view.filter).map((text) => this.pill(text, true)),
        ...(this.view.off ?? []).map((/** @type {string} */ text) => this.pill(text, false)),
        ...(this.view.group ?? []).map((/** @type {string} */ text) => ({ key: `group ${text}`, kind: /** @type {const} */ ("group"), text, on: true, fixed: grouped })),
      ],
      order: this.first,
      notes: this.columns.length >= 200 ? ["The first 200 columns are shown."] : [],
      sortable: true,
    };
  }

  /** @param {string} text @param {boolean} on @returns {Pill} */
  pill(text, on) {
    return { key: `filter ${text}`, kind: "filter", text, on };
  }

  /** The view with what readers did to it. @param {Pill[]} pills those that are on @param {Order} order */
  seen(pills, order) {
    const filters = pills.filter((pill) => pill.kind === "filter").map((pill) => pill.text);
    const isFirst = JSON.stringify(order) === JSON.stringify(this.first);
    const isKey = order && this.columns.find((column) => column.name === order.column)?.role === "key";
    const sort = isFirst ? this.view.sort : order ? [{ expression: isKey ? order.column : nameText(order.column), ...(order.order === "desc" ? { order: "desc" } : {}) }] : undefined;
    return { ...this.view, filter: joined(filters) ?? undefined, sort };
  }

  /** @param {{order: Order, pills: Pill[], offset: number, count: number}} ask @param {AbortSignal} signal */
  async read({ order, pills, offset, count }, signal) {
    const view = computedPart(this.seen(pills, order));
    const own = this.columns.filter((column) => column.role !== "group").map((column) => column.name);
    const inside = this.columns.filter((column) => column.role === "group").map((column) => column.name);
    const key = JSON.stringify([view.filter, view.group]);
    const [rows, groups, counted] = await Promise.all([
      post("/api/rows", { view, side: this.side, offset, count, columns: own }, signal),
      inside.length ? post("/api/groups", { view, side: this.side, offset, count, columns: inside, size: 5 }, signal) : { cells: {} },
      this.counted.of === key ? { rows: this.counted.total } : post("/api/count", { view, side: this.side }, signal),
    ]);
    this.counted = { of: key, total: counted.rows };
    const columns = { ...Object.fromEntries(rows.columns.map((/** @type {any} */ column) => [column.name, column.values])), ...groups.cells };
    return { rows: rows.rows, total: counted.rows, noun: this.info.grouped ? "groups" : "rows", columns };
  }

  /** @param {CellColumn} column @param {string} operator @param {any} value @returns {Pill | null} */
  condition(column, operator, value) {
    const text = this.text(/** @type {any} */ (column), operator, value);
    return text === null ? null : this.pill(text, true);
  }

  /** @param {any} column @param {string} operator @param {any} value */
  text(column, operator, value) {
    const name = nameText(column.name);
    if (operator === "==" || operator === "!=") return valueCondition(column, value, operator === "!=");
    if (operator === "contains") return column.kind === "string" ? `${name} contains ${stringText(String(value))}` : null;
    if (column.kind === "string") return `${name} ${operator} ${stringText(String(value))}`;
    if (column.kind === "date" || column.kind === "timestamp") return `${name} ${operator} ${column.kind}("${value}")`;
    if (column.kind === "decimal") return `${name} ${operator} decimal("${value}")`;
    return ["number", "integer"].includes(column.kind) ? `${name} ${operator} ${edgeLiteral(String(value), column)}` : null;
  }
}
