// The rows that lie in a file: sorted and filtered here, as the engine would (spec 16: VIEW-5; spec 18: REPORT-7).

/**
 * @typedef {import("./report_table.js").Pill} Pill
 * @typedef {import("./report_table.js").Order} Order
 * @typedef {import("./report_cells.js").CellColumn} CellColumn
 * @typedef {{
 *   columns: CellColumn[], data: Record<string, any[]>, rows: number, noun: string, notes: string[],
 *   pills: (Pill & {bits?: string})[], order?: Order,
 * }} Embedded
 */

const EXACT = new Set(["integer", "link", "duration"]);

/** Whether a value stands behind all numbers: NaN. @param {any} value */
const isNaNText = (value) => value === "NaN";

/** Numbers as text, too long for a double, compare exactly. @param {string | number} a @param {string | number} b */
function byNumber(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [String(a), String(b)];
  if (/^-?\d+$/.test(x) && /^-?\d+$/.test(y)) {
    const [left, right] = [BigInt(x), BigInt(y)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
  const [left, right] = [Number(x), Number(y)];
  return left < right ? -1 : left > right ? 1 : byDigits(x, y);
}

/** Decimals whose doubles are equal may differ further behind. @param {string} x @param {string} y */
function byDigits(x, y) {
  const shape = /^(-?)(\d+)(?:\.(\d*))?$/;
  const [a, b] = [shape.exec(x), shape.exec(y)];
  if (!a || !b) return 0;
  const places = Math.max(a[3]?.length ?? 0, b[3]?.length ?? 0);
  const whole = (/** @type {RegExpExecArray} */ found) => BigInt(`${found[1]}${found[2]}${(found[3] ?? "").padEnd(places, "0")}`);
  const [left, right] = [whole(a), whole(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Text by code point: what UTF-16 sorts otherwise are the pairs. @param {string} a @param {string} b */
export function byCodePoint(a, b) {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    const isPair = (/** @type {number} */ code) => code >= 0xd800 && code < 0xe000;
    return isPair(x) === isPair(y) ? x - y : isPair(x) ? 1 : -1;
  }
  return a.length - b.length;
}

/** @param {string} kind @returns {(a: any, b: any) => number} */
export function comparer(kind) {
  if (kind === "number" || kind === "decimal" || EXACT.has(kind)) {
    return (a, b) => {
      const [x, y] = [isNaNText(a), isNaNText(b)];
      return x || y ? Number(x) - Number(y) : byNumber(a, b);
    };
  }
  if (kind === "boolean") return (a, b) => Number(a) - Number(b);
  return (a, b) => byCodePoint(flat(a), flat(b));
}

/** @param {any} value */
function flat(value) {
  if (typeof value === "string") return value;
  return typeof value?.cut === "string" ? value.cut : typeof value?.digest === "string" ? value.digest : JSON.stringify(value);
}

const OPERATIONS = /** @type {Record<string, (order: number) => boolean>} */ ({
  "==": (order) => order === 0, "!=": (order) => order !== 0, "<": (order) => order < 0, "<=": (order) => order <= 0, ">": (order) => order > 0, ">=": (order) => order >= 0,
});

/** Whether a value passes; null passes nothing but its own question. @param {string} kind @param {string} operator @param {any} wanted */
export function tester(kind, operator, wanted) {
  if (wanted === null) return (/** @type {any} */ value) => (value === null) === (operator === "==");
  if (operator === "contains") return (/** @type {any} */ value) => value !== null && flat(value).includes(String(wanted));
  const compare = comparer(kind);
  const passes = OPERATIONS[operator];
  const isOrder = operator.startsWith("<") || operator.startsWith(">");
  return (/** @type {any} */ value) => value !== null && !(isOrder && (isNaNText(value) || isNaNText(wanted))) && passes(compare(value, wanted));
}

const SIGNS = /** @type {Record<string, string>} */ ({ "==": "=", "!=": "≠", "<=": "≤", ">=": "≥" });

export class EmbeddedSource {
  /** @param {Embedded} table @param {import("./report_cells.js").MediaUrls} urls */
  constructor(table, urls) {
    this.table = table;
    this.urls = urls;
    /** @type {Map<string, (row: number) => boolean>} */
    this.tests = new Map();
    for (const pill of table.pills) {
      const { bits } = pill;
      if (bits) this.tests.set(pill.key, (row) => bits[row] === "1");
    }
  }

  async open() {
    const { columns, pills, notes } = this.table;
    return { columns, pills: pills.map(({ bits, ...pill }) => pill), order: this.table.order ?? null, notes, sortable: true };
  }

  /** @param {CellColumn} column @param {string} operator @param {any} value @returns {Pill | null} */
  condition(column, operator, value) {
    if (operator === "contains" && column.kind !== "string") return null;
    const shown = value === null ? "null" : column.kind === "string" ? `“${value}”` : String(value);
    const key = JSON.stringify([column.name, operator, value]);
    const test = tester(column.kind, operator, value);
    const values = this.table.data[column.name];
    this.tests.set(key, (row) => test(values[row]));
    return { key, kind: "filter", text: `${column.label ?? column.name} ${SIGNS[operator] ?? operator} ${shown}`, on: true };
  }

  /** @param {{order: Order, pills: Pill[], offset: number, count: number}} ask */
  async read({ order, pills, offset, count }) {
    const tests = pills.map((pill) => this.tests.get(pill.key)).filter((test) => test !== undefined);
    /** @type {number[]} */
    const found = [];
    for (let row = 0; row < this.table.rows; row += 1) if (tests.every((test) => test(row))) found.push(row);
    if (order) {
      const values = this.table.data[order.column];
      const column = this.table.columns.find((each) => each.name === order.column);
      const compare = comparer(column?.kind ?? "string");
      const sign = order.order === "desc" ? -1 : 1;
      // Nulls stand last whatever the order is; equal values stay as they stood.
      found.sort((a, b) => {
        const [x, y] = [values[a], values[b]];
        if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b;
        return sign * compare(x, y) || a - b;
      });
    }
    const shown = found.slice(offset, offset + count);
    const columns = Object.fromEntries(this.table.columns.map((column) => [column.name, shown.map((row) => this.table.data[column.name][row])]));
    return { rows: shown.length, total: found.length, noun: this.table.noun, columns };
  }
}
