// What the grid asks of the server: rows, and what groups show of theirs.
import { post } from "./api.js";
import * as state from "./state.js";

/** Ask for rows, and for what groups show of theirs. @param {number} offset @param {number} size @param {string[]} names @param {AbortSignal} signal @param {any} [model] what is shown @param {any} [view] what the names are of: while another one is opened the grid still shows the one before */
export async function ask(offset, size, names, signal, model = state, view = model.asked()) {
  const roles = new Map(model.columns.value.map((/** @type {any} */ column) => [column.name, column]));
  const own = names.filter((name) => roles.get(name)?.role !== "group");
  const inside = names.filter((name) => roles.get(name)?.role === "group");
  /** @type {Record<string, any[]>} */
  const out = Object.create(null);
  if (own.length) {
    const found = await post("/api/rows", { view, offset, count: size, columns: own }, signal);
    for (const column of found.columns) out[column.name] = column.values;
  }
  const settings = new Map(model.laid.value.flatMap((/** @type {any} */ column) => column.info?.members ?? [column]).map((/** @type {any} */ column) => [column.name, column]));
  /** @type {Map<number, string[]>} */
  const bySize = new Map();
  for (const name of inside) {
    const each = Number(settings.get(name)?.settings?.size ?? 5);
    bySize.set(each, [...(bySize.get(each) ?? []), name]);
  }
  for (const [each, columns] of bySize) {
    const kinds = Object.fromEntries(columns.flatMap((name) => {
      const display = settings.get(name)?.display;
      const isOther = display && ["page", "top", "histogram"].includes(display) && display !== roles.get(name)?.bars;
      return isOther ? [[name, display]] : [];
    }));
    const found = await post("/api/groups", { view, offset, count: size, columns, size: each, kinds }, signal);
    Object.assign(out, found.cells);
  }
  return out;
}
