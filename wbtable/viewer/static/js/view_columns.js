// The columns of a view: those that its rows or groups have, and how they are laid out. Nothing here draws or asks.
import { interleaved, paired } from "./compare_model.js";
import { columnsOf } from "./spec.js";

/**
 * @typedef {import("./spec.js").Spec} Spec
 * @typedef {import("./state.js").ColumnInfo} ColumnInfo
 */

/** All columns that can show, in the table's order. @param {any} found what the server says of the view @param {Spec} spec @returns {ColumnInfo[]} */
export function columnsFrom(found, spec) {
  if (!found) return [];
  const all = interleaved(found.columns, spec.derive);
  /** @type {ColumnInfo[]} */
  const out = [];
  if (!found.grouped) {
    for (const column of all) out.push({ .../** @type {any} */ (column), role: "row", expression: column.name });
    return out;
  }
  const keys = new Set(spec.group ?? []);
  const cells = new Set((spec.cells ?? []).map((cell) => cell.name));
  for (const column of found.shown) {
    const role = keys.has(column.name) ? "key" : cells.has(column.name) ? "cell" : column.name === "count" ? "count" : "key";
    out.push({ ...column, role, expression: column.name });
  }
  const known = new Set(out.map((column) => column.name));
  const plain = new Set([...keys].map((key) => key.replace(/^`|`$/g, "").replace(/``/g, "`")));
  for (const column of all) {
    if (!known.has(column.name) && !plain.has(column.name)) out.push({ .../** @type {any} */ (column), role: "group", expression: column.name });
  }
  return out;
}

/** The columns in the order and with the settings of a view; those of one name on several sides are one. @param {ColumnInfo[]} columns @param {Spec} spec @param {Map<string, any>} changes */
export function laidFrom(columns, spec, changes) {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const settings = columnsOf(spec, [...byName.keys()]);
  return paired(settings.map((setting) => ({ ...setting, info: /** @type {ColumnInfo} */ (byName.get(setting.name)) })), changes);
}

/** The height of rows where none was chosen: by what is in them. @param {any[]} laid @param {boolean} grouped */
export function usualSize(laid, grouped) {
  if (grouped) return "s";
  return laid.some((column) => column.info?.pair || ["image", "video"].includes(column.info?.kind)) ? "m" : "s";
}
