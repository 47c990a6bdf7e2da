// What menus, keys and clicks do to the view.
import { download, post } from "./api.js";
import { isPlainValue, valueText } from "./cells.js";
import { nameText, stringText } from "./expression.js";
import { openMenu, toast } from "./menu.js";
import * as spec from "./spec.js";
import * as state from "./state.js";

const now = () => state.spec.value;

/** @param {any} column */
export const textOf = (column) => (column.info.role === "key" ? column.name : nameText(column.name));

/** @param {any} column @param {boolean} add */
export function sort(column, add) {
  if (column.info.role === "group") return toast("Groups are sorted by keys, counts and computed columns: insert a column first.");
  state.apply(spec.sortCycled(now(), textOf(column), add));
}

/** @param {any} column */
export function group(column) {
  if (state.grouped.value && column.info.role !== "group") return state.apply(spec.ungrouped(now(), column.name));
  state.apply(spec.groupedBy(now(), nameText(column.name)));
}

/** @param {any} column @param {Partial<import("./spec.js").Column>} change */
export function set(column, change) {
  state.apply(spec.columnSet(now(), state.names.value, column.name, change));
}

/** @param {any} column @param {number} by places among those that show */
export function shift(column, by) {
  const visible = state.laid.value.filter((other) => other.visible !== false);
  const to = visible[visible.findIndex((other) => other.name === column.name) + by];
  if (to) move(column.name, to.name);
}

/** @param {string} name @param {string} to */
export function move(name, to) {
  const at = state.laid.value.findIndex((other) => other.name === to);
  state.apply(spec.columnMoved(now(), state.names.value, name, at), { say: `${name} moved to place ${at + 1}` });
}

/** @param {any} column @param {"left" | "right"} side */
export function insert(column, side) {
  state.panel.value = { kind: "column", side, beside: column.name, before: null };
}

/** @param {any} column */
export function settings(column) {
  state.panel.value = { kind: "column", before: column.name };
}

/** @param {any} column @param {any} at */
export function columnMenu(column, at) {
  const text = textOf(column);
  const sorted = spec.sortOf(now(), text);
  const isGroup = column.info.role === "group";
  const several = (now().sort ?? []).length > 0 && !sorted;
  const isGrouped = state.grouped.value;
  const own = column.info.derived || column.info.role === "cell";
  const hide = (/** @type {(at: number, here: number) => boolean} */ which) => {
    const visible = state.laid.value.filter((other) => other.visible !== false);
    const here = visible.findIndex((other) => other.name === column.name);
    const gone = new Set(visible.filter((_, i) => which(i, here)).map((other) => other.name));
    const all = spec.columnsOf(now(), state.names.value).map((other) => (gone.has(other.name) ? { ...other, visible: false } : other));
    state.apply(spec.columnsListed(now(), state.names.value, all));
  };
  openMenu(at, `Column ${column.name}`, [
    ...(isGroup ? [] : [
      { label: "Sort ascending", checked: sorted?.order === "asc", run: () => state.apply(spec.sorted(now(), text, sorted?.order === "asc" ? null : "asc")) },
      { label: "Sort descending", checked: sorted?.order === "desc", run: () => state.apply(spec.sorted(now(), text, sorted?.order === "desc" ? null : "desc")) },
      ...(several ? [{ label: "Then sort by this", checked: false, run: () => state.apply(spec.sorted(now(), text, "asc", true)) }] : []),
      null,
    ]),
    !isGrouped || isGroup
      ? { label: isGrouped ? "Group by this too" : "Group by this", keys: "G", run: () => group(column) }
      : column.info.role === "key" ? { label: "Ungroup", keys: "G", run: () => group(column) } : null,
    ...(isGrouped && !isGroup && column.info.role !== "key" ? [] : [null]),
    { label: "Insert column left", run: () => insert(column, "left") },
    { label: "Insert column right", run: () => insert(column, "right") },
    { label: "Column settings", run: () => settings(column) },
    null,
    { label: column.pin === "left" ? "Unpin" : "Pin left", run: () => set(column, { pin: column.pin === "left" ? undefined : "left" }) },
    { label: "Move left", keys: "Alt ←", run: () => shift(column, -1) },
    { label: "Move right", keys: "Alt →", run: () => shift(column, 1) },
    null,
    { label: "Hide", run: () => set(column, { visible: false }) },
    { label: "Hide all to the right", run: () => hide((i, here) => i > here) },
    { label: "Hide all to the left", run: () => hide((i, here) => i < here) },
    ...(own ? [{ label: "Remove", run: () => state.apply(spec.underived(now(), column.name)) }] : []),
  ].filter((item, i, all) => !(item === null && (i === 0 || all[i - 1] === null || i === all.length - 1))));
}

/** The condition that a cell's value makes. @param {any} column @param {any} value @param {boolean} not */
function condition(column, value, not) {
  const name = nameText(column.name);
  if (value === null) return `${name} is ${not ? "not " : ""}null`;
  const is = not ? "!=" : "==";
  if (value?.digest) return `${name} ${is} digest("${value.digest}")`;
  const { kind } = column.info;
  if (kind === "number" && value === "NaN") return not ? `not is_nan(${name})` : `is_nan(${name})`;
  if (kind === "number" && typeof value === "string" && /Infinity/.test(value)) return null;
  if (["number", "integer", "decimal", "boolean"].includes(kind)) return `${name} ${is} ${value}`;
  if (kind === "string") return `${name} ${is} ${stringText(value)}`;
  if (kind === "date") return `${name} ${is} date("${value}")`;
  if (kind === "timestamp") return `${name} ${is} timestamp("${value}")`;
  return null;
}

/** @param {number} row @param {any} column @param {any} at @param {any} value */
export function cellMenu(row, column, at, value) {
  const isRow = column.info.role === "row" && value !== undefined && isPlainValue(value, column.info);
  const only = isRow ? condition(column, value, false) : null;
  const not = isRow ? condition(column, value, true) : null;
  openMenu(at, `Cell of ${column.name}`, [
    ...(state.grouped.value
      ? [{ label: "Show the rows of this group", run: () => void expand(row) }, null]
      : [
          { label: "Only this value", disabled: !only, run: () => only && state.apply(spec.filteredAlso(now(), only)) },
          { label: "Exclude this value", disabled: !not, run: () => not && state.apply(spec.filteredAlso(now(), not)) },
          null,
        ]),
    { label: "Row in detail", keys: "Enter", run: () => (state.panel.value = { kind: "detail", row }) },
    { label: "Copy cell", keys: "Ctrl C", disabled: value === undefined, run: () => copy(value, column) },
  ]);
}

/** @param {number} row a group's number */
export async function expand(row) {
  try {
    const found = await post("/api/expand", { view: state.asked(), group: row });
    const { kind, format, features, refs, ...view } = found.view;
    state.apply({ ...view, columns: undefined, source: now().source }, { say: "Rows of one group. Back returns to the groups." });
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

/** @param {any} value @param {any} column */
export function copy(value, column) {
  if (value === undefined) return;
  const text = value !== null && typeof value === "object" && !value.cut ? JSON.stringify(value) : value === null ? "" : valueText(value, column.info.kind);
  navigator.clipboard.writeText(text).then(() => toast(value?.cut ? "Copied the beginning: the cell is longer" : "Copied"), () => toast("The browser did not let the page copy"));
}

/** @param {any} at */
export function moreMenu(at) {
  openMenu(at, "More", [
    ...["csv", "parquet", "jsonl", "zip"].map((format) => ({
      label: { csv: "Export as CSV", parquet: "Export as Parquet", jsonl: "Export as JSON Lines", zip: "Export with media, as a zip" }[format] ?? format,
      run: () => void exported(format),
    })),
    null,
    { label: "Copy as Python", run: () => void python() },
    { label: "Copy link", run: () => void navigator.clipboard.writeText(location.href).then(() => toast("Link copied")) },
    null,
    { label: "Reset the view", disabled: Object.keys(now()).length < 2, run: () => state.apply({ source: now().source }, { off: [], say: "The view is as it was. Back returns." }) },
    { label: "Light or dark", run: () => theme() },
    { label: "Keyboard", keys: "?", run: () => /** @type {any} */ (document.querySelector("#keys"))?.showModal() },
  ]);
}

/** @param {string} format */
async function exported(format) {
  toast("Writing the file…");
  const extension = { parquet: "parquet", jsonl: "jsonl", zip: "zip" }[format] ?? "csv";
  try {
    await download({ view: now(), format }, `${(state.title.value || "table").replace(/[^\w.-]+/g, "_").slice(0, 60)}.${extension}`);
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

async function python() {
  try {
    const { text } = await post("/api/python", { view: now() });
    await navigator.clipboard.writeText(text);
    toast("Python copied");
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

/** Light becomes dark and dark light, and stays so. */
export function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("wbtable-theme", root.dataset.theme);
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
}
