// What the grid asks of the server: rows, and what groups show of theirs.
import { post } from "./api.js";
import * as state from "./state.js";

/** Ask for rows, and for what groups show of theirs. */
export async function ask(/** @type {number} */ offset, /** @type {number} */ size, /** @type {string[]} */ names, /** @type {AbortSignal} */ signal_) {
  const view = state.asked();
  const roles = new Map(state.columns.value.map((column) => [column.name, column]));
  const own = names.filter((name) => roles.get(name)?.role !== "group");
  const inside = names.filter((name) => roles.get(name)?.role === "group");
  /** @type {Record<string, any[]>} */
  const out = {};
  if (own.length) {
    const found = await post("/api/rows", { view, offset, count: size, columns: own }, signal_);
    for (const column of found.columns) out[column.name] = column.values;
  }
  const bySize = new Map();
  for (const name of inside) {
    const settings = state.laid.value.find((column) => column.name === name)?.settings;
    const each = Number(settings?.size ?? 5);
    bySize.set(each, [...(bySize.get(each) ?? []), name]);
  }
  for (const [each, columns] of bySize) {
    const found = await post("/api/groups", { view, offset, count: size, columns, size: each }, signal_);
    Object.assign(out, found.cells);
  }
  return out;
}
