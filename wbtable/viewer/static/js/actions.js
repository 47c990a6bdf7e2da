// What menus, keys and clicks do to the view.
import { download, post } from "./api.js";
import { copyPair, pairCellMenu, pairItems } from "./compare_menu.js";
import { copied, copyCell, copyPython, copyRows } from "./copying.js";
import { conjuncts, nameText } from "./expression.js";
import { barsOf } from "./group_bars.js";
import { binsCondition, valueCondition } from "./literals.js";
import { openMenu, toast } from "./menu.js";
import { count } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import * as steps from "./steps.js";

const now = () => state.spec.value;

/** @param {any} column */
export const textOf = (column) => (column.info.role === "key" ? column.name : nameText(column.name));

/** @param {any} column @param {boolean} add */
export function sort(column, add) {
  if (column.info.role === "group") return toast("Groups are sorted by keys, counts and computed columns: insert a column first.");
  state.apply(spec.sortCycled(now(), textOf(column), add), { say: said(column) });
}

/** The greatest first; once more: no order. @param {any} column @param {boolean} add */
export function descending(column, add) {
  if (column.info.role === "group") return sort(column, add);
  const text = textOf(column);
  state.apply(spec.sorted(now(), text, spec.sortOf(now(), text)?.order === "desc" ? null : "desc", add), { say: `${column.name} sorted descending` });
}

/** @param {any} column */
function said(column) {
  const found = spec.sortOf(now(), textOf(column));
  return `${column.name} sorted ${found?.order === "asc" ? "descending" : found ? "no more" : "ascending"}`;
}

/** @param {any} column */
export function group(column) {
  if (state.grouped.value && column.info.role !== "group") return state.apply(spec.ungrouped(now(), column.name));
  state.apply(spec.groupedBy(now(), nameText(column.name)), { say: `Grouped by ${column.name}` });
}

/** @param {any} column @param {Partial<import("./spec.js").Column>} change */
export function set(column, change) {
  // One that several sides have is set on all of them.
  const names = column.info?.pair ? column.info.pair.map((/** @type {any} */ one) => one.name) : [column.name];
  state.apply(names.reduce((/** @type {import("./spec.js").Spec} */ view, /** @type {string} */ name) => spec.columnSet(view, state.names.value, name, change), now()));
}

/** Make all columns as wide. @param {number} width */
export function setWidths(width) {
  const all = spec.columnsOf(now(), state.names.value).map((column) => ({ ...column, width }));
  state.apply(spec.columnsListed(now(), state.names.value, all));
}

/** @param {any} column @param {number} by places among those that show */
export function shift(column, by) {
  const visible = state.laid.value.filter((other) => other.visible !== false);
  const to = visible[visible.findIndex((other) => other.name === column.name) + by];
  if (to) move(column.name, to.name);
}

/** @param {string} name @param {string} to */
export function move(name, to) {
  const at = spec.columnsOf(now(), state.names.value).findIndex((other) => other.name === to);
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

/** Filter by the values of a column. @param {any} column */
export function values(column) {
  if (["count", "cell"].includes(column.info.role)) return toast("Groups are filtered by a condition on them: ⋯ → Filter groups.");
  if (!state.info.value?.columns.some((/** @type {any} */ other) => other.name === column.name)) return toast("The key is an expression: filter by writing a condition.");
  state.panel.value = { kind: "values", name: column.name };
}

/** Take columns out of the view: computed ones go, those of the table are hidden. @param {(at: number, here: number) => boolean} which @param {any} column */
function removeThose(which, column) {
  const visible = state.laid.value.filter((other) => other.visible !== false);
  const here = visible.findIndex((other) => other.name === column.name);
  const gone = visible.filter((_, i) => which(i, here));
  let next = now();
  for (const other of gone) if (isOwn(other)) next = spec.underived(next, other.name);
  const hidden = new Set(gone.filter((other) => !isOwn(other)).map((other) => other.name));
  const names = state.names.value.filter((name) => !gone.some((other) => other.name === name && isOwn(other)));
  const all = spec.columnsOf(next, names).map((other) => (hidden.has(other.name) ? { ...other, visible: false } : other));
  state.apply(spec.columnsListed(next, names, all), { say: `${count(gone.length)} columns are gone. Columns brings hidden ones back.` });
}

/** Whether a column was made in this view. @param {any} column */
export function isOwn(column) {
  return column.info.role === "cell" || (now().derive ?? []).some((other) => other.name === column.name);
}

/** @param {any} column */
export function hide(column) {
  if (state.laid.value.filter((other) => other.visible !== false).length < 2) return toast("One column stays.");
  set(column, { visible: false });
}

/** @param {any} column */
export function pinColumn(column) {
  set(column, { pin: column.pin === "left" ? undefined : "left" });
}

/** Keep a row below the header, whatever is filtered and sorted; or let it go. @param {number} row */
export async function pinRow(row) {
  if (state.grouped.value) return toast("Groups cannot be pinned; rows can.");
  try {
    const found = await post("/api/positions", { view: state.asked(), offset: row, count: 1 });
    const [position] = found.positions;
    if (position === undefined) return;
    if (state.pins.value.includes(position)) return unpin(position);
    if (state.pins.value.length >= state.MAX_PINS) return toast(`At most ${state.MAX_PINS} rows stay at the top: unpin one first.`);
    state.setPins([...state.pins.value, position]);
    state.say("Row pinned below the header");
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

/** @param {number} position */
export function unpin(position) {
  state.setPins(state.pins.value.filter((other) => other !== position));
}

/** @param {any} column @param {any} at */
export function columnMenu(column, at) {
  const text = textOf(column);
  const { role } = column.info;
  const sorted = spec.sortOf(now(), text);
  const isGroup = role === "group";
  const several = (now().sort ?? []).length > 0 && !sorted;
  const isGrouped = state.grouped.value;
  openMenu(at, `Column ${column.label ?? column.name}`, [
    ...pairItems(column),
    ...(isGroup || column.info.pair ? [] : [
      { label: "Sort ascending", keys: "S", checked: sorted?.order === "asc", run: () => state.apply(spec.sorted(now(), text, sorted?.order === "asc" ? null : "asc")) },
      { label: "Sort descending", keys: "D", checked: sorted?.order === "desc", run: () => state.apply(spec.sorted(now(), text, sorted?.order === "desc" ? null : "desc")) },
      ...(several ? [
        { label: "Then ascending", checked: false, run: () => state.apply(spec.sorted(now(), text, "asc", true)) },
        { label: "Then descending", checked: false, run: () => state.apply(spec.sorted(now(), text, "desc", true)) },
      ] : []),
      ...(sorted ? [{ label: `Nulls ${sorted.nulls === "first" ? "last" : "first"}`, run: () => state.apply(spec.nullsTurned(now(), text)) }] : []),
      null,
    ]),
    ...(role === "count" || role === "cell" ? [] : [{ label: "Filter by values…", keys: "F", run: () => values(column) }]),
    ...(!isGrouped || isGroup ? [{ label: isGrouped ? "Group by this too" : "Group by this", keys: "G", run: () => group(column) }] : []),
    ...(role === "key" ? [{ label: "Ungroup", keys: "G", run: () => group(column) }] : []),
    ...(role === "count" && (now().group ?? []).length === 2 ? [{ label: "Show as heat map", run: () => heatmap(true) }] : []),
    null,
    { label: "Insert column left", keys: "⇧I", run: () => insert(column, "left") },
    { label: "Insert column right", keys: "I", run: () => insert(column, "right") },
    { label: "Column settings", keys: "O", run: () => settings(column) },
    null,
    { label: column.pin === "left" ? "Unpin" : "Pin left", keys: "P", run: () => pinColumn(column) },
    { label: "Move left", keys: "Alt ←", run: () => shift(column, -1) },
    { label: "Move right", keys: "Alt →", run: () => shift(column, 1) },
    null,
    { label: "Hide", keys: "X", run: () => hide(column) },
    ...(isOwn(column) ? [{ label: "Remove", run: () => state.apply(spec.underived(now(), column.name)) }] : []),
    { label: "Remove all to the right", run: () => removeThose((i, here) => i > here, column) },
    { label: "Remove all to the left", run: () => removeThose((i, here) => i < here, column) },
  ].filter((item, i, all) => !(item === null && (i === 0 || all[i - 1] === null || i === all.length - 1))));
}

/** Show two keys as a map, or as a list. @param {boolean} on */
export function heatmap(on) {
  state.apply(spec.columnSet(now(), state.names.value, "count", { display: on ? "heatmap" : undefined }));
}

/** @param {number} row @param {any} column @param {any} at @param {any} value */
export function cellMenu(row, column, at, value) {
  if (column.info.pair) return pairCellMenu(row, column, at, value);
  const isGrouped = state.grouped.value;
  const here = value !== undefined;
  const only = column.info.role === "row" && here ? valueCondition(column.info, value, false) : null;
  const not = column.info.role === "row" && here ? valueCondition(column.info, value, true) : null;
  const filter = (/** @type {string | null} */ part) => part && state.apply(spec.filteredAlso(now(), part));
  const bars = column.info.role === "group" && here ? barsOf(value, column) : [];
  const selected = state.selected.value;
  openMenu(at, `Cell of ${column.name}`, [
    ...(isGrouped
      ? [
          { label: "Rows of this group", keys: "E", run: () => void expand(row) },
          ...bars.slice(0, 60).map((bar) => ({ label: `Rows with ${column.name} ${bar.text}`, keys: count(bar.number), disabled: !bar.condition, run: () => bar.condition && void expand(row, bar.condition) })),
          null,
        ]
      : [
          { label: "Only this value", disabled: !only, run: () => filter(only) },
          { label: "Exclude this value", disabled: !not, run: () => filter(not) },
          null,
          { label: "Pin row", keys: "P", run: () => void pinRow(row) },
        ]),
    { label: isGrouped ? "Group in detail" : "Row in detail", keys: "Enter", run: () => (state.panel.value = { kind: "detail", row }) },
    null,
    { label: "Copy cell", keys: "Ctrl C", disabled: !here, run: () => void copyCell(row, column, value) },
    { label: selected ? `Copy ${count(selected.to - selected.from + 1)} rows` : "Copy row", run: () => void copyRows(selected ?? { from: row, to: row }) },
  ]);
}

/** Show the rows of a group, or those of one of its bars. @param {number} row a group's number @param {string} [also] @param {Partial<import("./spec.js").Spec>} [as] in a view that differs so */
export async function expand(row, also, as = {}) {
  try {
    const found = await post("/api/expand", { view: { ...state.asked(), ...as }, group: row });
    const { kind, format, features, refs, ...view } = found.view;
    const rows = { ...view, columns: now().columns?.filter((column) => !state.columns.value.some((other) => other.name === column.name && ["count", "cell"].includes(other.role))), source: now().source };
    const plain = spec.filteredBy(rows, conjuncts(rows.filter));
    state.apply(also ? spec.filteredAlso(plain, also) : plain, { say: "Rows of one group. Back returns to the groups." });
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

/** A bar was clicked: show its rows. @param {number} row @param {any} column @param {number} index @param {any} found */
export function bar(row, column, index, found) {
  const condition = found.bars === "histogram" ? binsCondition(column.info, found.edges, index, index) : valueCondition(column.info, found.values[index][0], false);
  if (!condition) return toast("This value has no literal: show the rows of the group instead (E).");
  void expand(row, condition);
}

/** @param {number} row @param {any} column @param {any} value */
export function copy(row, column, value) {
  if (row < 0) return void copied(column.name, "Name copied");
  const range = state.selected.value;
  if (range) return void copyRows(range);
  if (column.info.pair) return void copyPair(column, value);
  void copyCell(row, column, value);
}

export function reset() {
  if (state.pins.value.length) state.pins.value = [];
  state.apply({ source: now().source }, { off: [], say: "The view is as it was. Back returns." });
}

/** @param {any} at */
export function moreMenu(at) {
  openMenu(at, "More", [
    { label: "Undo", keys: "Ctrl Z", disabled: !steps.canUndo.value, run: steps.undo },
    { label: "Redo", keys: "Ctrl ⇧ Z", disabled: !steps.canRedo.value, run: steps.redo },
    { label: "Reset the view", disabled: Object.keys(now()).length < 2 && !state.off.value.length && !state.pins.value.length, run: reset },
    null,
    ...(state.grouped.value ? [{ label: "Filter groups…", run: () => (state.panel.value = { kind: "having" }) }] : []),
    ...(state.pins.value.length ? [{ label: "Unpin all rows", run: () => state.setPins([]) }] : []),
    ...(state.grouped.value ? [] : [{ label: "Go to row…", keys: "Ctrl J", disabled: !state.rows.value, run: () => (state.jumping.value = true) }]),
    null,
    ...["csv", "parquet", "jsonl", "zip"].map((format) => ({
      label: { csv: "Export as CSV", parquet: "Export as Parquet", jsonl: "Export as JSON Lines", zip: "Export with media, as a zip" }[format] ?? format,
      run: () => void exported(format),
    })),
    null,
    { label: "Share panel…", run: () => void import("./report_add.js").then((found) => found.addShown(true)) },
    { label: "Add to report…", run: () => void import("./report_add.js").then((found) => found.addShown()) },
    null,
    { label: "Copy as Python", run: () => void copyPython() },
    { label: "Copy link", run: () => void copied(location.href, "Link copied") },
    null,
    { label: "Light or dark", keys: "T", run: () => theme() },
    { label: "Keyboard", keys: "?", run: () => /** @type {any} */ (document.querySelector("#keys"))?.showModal() },
  ].filter((item, i, all) => !(item === null && (i === 0 || all[i - 1] === null))));
}

/** @param {string} format */
export async function exported(format) {
  toast("Writing the file…");
  const extension = { parquet: "parquet", jsonl: "jsonl", zip: "zip" }[format] ?? "csv";
  try {
    // Of tables side by side the one with the keyboard is written.
    await download({ view: { ...now(), source: state.asked().source }, format }, `${(state.title.value || "table").replace(/[^\w.-]+/g, "_").slice(0, 60)}.${extension}`);
    toast("The file is written");
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
