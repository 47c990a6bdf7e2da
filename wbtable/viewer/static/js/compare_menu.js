// What menus offer for columns that several sides have.
import { expand } from "./actions.js";
import { barsOfPair } from "./compare_cells.js";
import { onlyChanged } from "./compare_header.js";
import { MARKS, differenceText } from "./compare_model.js";
import { copied, copyRows } from "./copying.js";
import { isNumeric, valueText } from "./cells.js";
import { nameText } from "./expression.js";
import { valueCondition } from "./literals.js";
import { openMenu } from "./menu.js";
import { count } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";

/** @typedef {import("./menu.js").Item} Item */

const now = () => state.spec.value;

/** The first part of a column's menu: each side for itself, and what differs. @param {any} column @returns {Item[]} */
export function pairItems(column) {
  const { pair, role, base, change, isCompared } = column.info;
  if (!pair || role !== "row") return [];
  const numbers = pair.every(isNumeric);
  const sort = (/** @type {string} */ text, /** @type {"asc" | "desc"} */ order, /** @type {string} */ label) => {
    const on = spec.sortOf(now(), text)?.order === order;
    return { label, checked: on, run: () => state.apply(spec.sorted(now(), text, on ? null : order)) };
  };
  const changed = numbers ? pair.slice(1).map((/** @type {any} */ one) => `abs(${differenceText(column, one.side)})`).join(" + ") : "";
  const name = spec.freeName(`change of ${base}`, state.names.value);
  return [
    ...pair.flatMap((/** @type {any} */ one) => [
      sort(nameText(one.name), "asc", `Sort by ${MARKS[one.side]} ${one.side} ascending`),
      sort(nameText(one.name), "desc", `Sort by ${MARKS[one.side]} ${one.side} descending`),
    ]),
    ...(numbers ? [sort(changed, "desc", "Sort by largest change first")] : []),
    null,
    ...(isCompared && change?.changed ? [{ label: `Only rows where it changed`, keys: count(change.changed), run: () => onlyChanged(column) }] : []),
    ...(numbers && pair.length === 2 ? [{ label: "Insert the difference, 1 − 0", run: () => state.apply(spec.derived(now(), { name, expression: differenceText(column), side: /** @type {"right"} */ ("right"), beside: pair[1].name })) }] : []),
    null,
  ];
}

/** @param {number} row @param {any} column @param {any} at @param {any} value */
export function pairCellMenu(row, column, at, value) {
  const { pair, role, base } = column.info;
  const values = value?.pair ?? [];
  const here = value !== undefined;
  const isGroup = role === "group";
  /** @type {Item[]} */
  const items = [];
  if (isGroup) {
    items.push({ label: "Rows of this group", keys: "E", run: () => void expand(row) });
    for (const found of here ? barsOfPair(values, column).slice(0, 60) : [])
      items.push({ label: `Rows with ${base} ${found.text}`, keys: count(found.number), disabled: !found.condition, run: () => found.condition && void expand(row, found.condition) });
  } else {
    pair.forEach((/** @type {any} */ one, /** @type {number} */ i) => {
      const only = here ? valueCondition(one, values[i], false) : null;
      const not = here ? valueCondition(one, values[i], true) : null;
      const add = (/** @type {string | null} */ part) => part && state.apply(spec.filteredAlso(now(), part));
      items.push({ label: `Only this value on ${MARKS[one.side]} ${one.side}`, disabled: !only, run: () => add(only) }, { label: `Exclude this value on ${MARKS[one.side]} ${one.side}`, disabled: !not, run: () => add(not) });
    });
    items.push(null, { label: `Only rows where ${base} differs`, run: () => onlyChanged(column) });
  }
  const selected = state.selected.value;
  openMenu(at, `Cell of ${base}`, [
    ...items, null,
    { label: isGroup ? "Group in detail" : "Row in detail", keys: "Enter", run: () => (state.panel.value = { kind: "detail", row }) },
    { label: "Copy cell", keys: "Ctrl C", disabled: !here, run: () => copyPair(column, value) },
    { label: selected ? `Copy ${count(selected.to - selected.from + 1)} rows` : "Copy row", run: () => void copyRows(selected ?? { from: row, to: row }) },
  ]);
}

/** Copy what all sides have, with a tab between. @param {any} column @param {any} value */
export function copyPair(column, value) {
  const texts = (value?.pair ?? []).map((/** @type {any} */ one, /** @type {number} */ i) => valueText(one, column.info.pair[i].kind));
  void copied(texts.join("\t"), "Values of all sides copied");
}
