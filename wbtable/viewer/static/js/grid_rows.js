// How rows of the grid are made of cells; a row that leaves the view is used again for one that enters it.
import { fill } from "./cells.js";
import { valueIn } from "./compare_model.js";
import { el } from "./dom.js";

/** How wide a digit is: signs beside digits are no wider, letters of special numbers hardly. @param {HTMLElement} host */
export function digitWidth(host) {
  const probe = el("span", "digits", "0000000000");
  host.append(probe);
  const { width } = probe.getBoundingClientRect();
  probe.remove();
  return width / 10 + 0.5;
}

/** @param {HTMLElement} parent */
export function newRow(parent) {
  const node = el("div", "row");
  node.setAttribute("role", "row");
  parent.append(node);
  const none = /** @type {HTMLElement | null} */ (null);
  return { node, cells: new Map(), key: "", layout: "", number: none, count: none, peek: none };
}

/** What holds the cells that stay at the left. @param {any} grid @param {HTMLElement} row */
export function pinsNode(grid, row) {
  const pins = el("div", `pins${grid.columns.some((/** @type {any} */ column) => column.pinned) ? " has-edge" : ""}`);
  pins.setAttribute("role", "presentation");
  pins.style.width = `${grid.pinWidth}px`;
  row.append(pins);
  return pins;
}

/** @param {any} grid @param {HTMLElement} cell @param {any} column @param {number} row */
export function place(grid, cell, column, row) {
  cell.style.left = `${column.x}px`;
  cell.style.width = `${column.width}px`;
  cell.setAttribute("aria-colindex", String(column.index + 2));
  cell.dataset.column = String(column.index);
  reach(grid, cell, column, row);
}

/** Let the keyboard reach the active cell alone. @param {any} grid @param {HTMLElement} cell @param {any} column @param {number} row */
function reach(grid, cell, column, row) {
  const index = row === grid.active.row && column.index === grid.active.column ? 0 : -1;
  if (cell.tabIndex !== index || !cell.hasAttribute("tabindex")) cell.tabIndex = index;
}

/** What stands before a row: its number, and what opens it. @param {any} grid @param {any} found */
function buildNumber(grid, found) {
  found.count = el("span", "t", " ");
  found.number.append(found.count);
  found.peek = null;
  if (grid.isGrouped) {
    found.number.title = "Show the rows of this group";
    return;
  }
  found.peek = el("button", "peek", "⤢");
  found.peek.tabIndex = -1;
  found.peek.title = "Row in detail (Enter)";
  found.number.append(found.peek);
  found.number.title = "Click: select. Shift-click: select up to here.";
}

/** @param {any} grid @param {any} found */
function build(grid, found) {
  const { node } = found;
  found.cells.clear();
  node.textContent = "";
  node.style.height = `${grid.scrolling.rowHeight - 1}px`;
  node.style.width = `${grid.width}px`;
  const pins = pinsNode(grid, node);
  const number = el("div", "cell rownum");
  number.setAttribute("role", "rowheader");
  number.setAttribute("aria-colindex", "1");
  number.style.width = `${grid.numberWidth}px`;
  found.number = number;
  pins.append(number);
  for (const column of grid.drawn) {
    const cell = el("div", "cell");
    cell.setAttribute("role", "gridcell");
    (column.pinned ? pins : node).append(cell);
    found.cells.set(column.name, cell);
  }
}

/** Draw a row: its cells are made anew only if other columns show. @param {any} grid @param {number} row @param {any} found @param {string} key */
export function drawRow(grid, row, found, key) {
  const { node } = found;
  const had = node.contains(document.activeElement);
  found.key = key;
  if (found.layout !== key) {
    found.layout = key;
    build(grid, found);
    buildNumber(grid, found);
    for (const column of grid.drawn) place(grid, found.cells.get(column.name), column, row);
  } else for (const column of grid.drawn) reach(grid, found.cells.get(column.name), column, row);
  node.setAttribute("aria-rowindex", String(row + 2));
  node.dataset.row = String(row);
  node.classList.toggle("is-active", row === grid.active.row);
  found.count.firstChild.data = String(row + 1);
  found.peek?.setAttribute("aria-label", `Row ${row + 1} in detail`);
  select(grid, row, found);
  fillRow(grid, row, found, true);
  if (had && row === grid.active.row) grid.focusCell(false);
}

/** @param {any} grid @param {number} row @param {any} found */
export function select(grid, row, found) {
  const range = grid.selected;
  const is = Boolean(range && row >= range.from && row <= range.to);
  found.node.classList.toggle("is-selected", is);
  if (range) found.node.setAttribute("aria-selected", String(is));
  else found.node.removeAttribute("aria-selected");
}

/** @param {any} grid @param {number} row @param {any} found @param {boolean} [anew] */
export function fillRow(grid, row, found, anew) {
  const high = grid.scrolling.rowHeight;
  const how = {
    tall: high > 40,
    high,
    row,
    grid,
    media: (/** @type {any} */ node, /** @type {any} */ values, /** @type {any} */ of, its = high) => grid.hooks.media(node, values, of, row, its),
    page: (/** @type {any} */ node, /** @type {any} */ shown, /** @type {any} */ of, its = high) => grid.hooks.page(node, shown, of, row, its),
  };
  for (const column of grid.drawn) {
    const cell = found.cells.get(column.name);
    const value = valueIn((name) => grid.windows?.get(row, name), column);
    // What waits looks the same in each row.
    if (value === undefined ? cell.waits : !anew && cell.waits === false) continue;
    cell.waits = value === undefined;
    fill(cell, value, column, how);
  }
}

/**
 * The rows that stay at the top, below the header.
 * @param {any} grid @param {{position: number, values: Map<string, any>}[]} pinned
 */
export function pinnedRows(grid, pinned) {
  const box = el("div", "prows");
  box.setAttribute("role", "presentation");
  const high = grid.scrolling.rowHeight;
  pinned.forEach(({ position, values }, i) => {
    const found = newRow(box);
    const { node } = found;
    build(grid, found);
    node.classList.add("is-pinned");
    node.style.top = `${i * high}px`;
    const unpin = el("button", "unpin", "×");
    unpin.title = "Let this row scroll again";
    unpin.setAttribute("aria-label", `Unpin row of position ${position + 1}`);
    unpin.dataset.position = String(position);
    /** @type {any} */ (found.number).append(el("span", "pinmark", "▲"), unpin);
    for (const column of grid.drawn) {
      const cell = found.cells.get(column.name);
      place(grid, cell, column, -2);
      delete cell.dataset.column;
      fill(cell, valueIn((name) => values.get(name), column), column, {
        tall: high > 40,
        high,
        row: -2,
        grid,
        media: (/** @type {any} */ of, /** @type {any} */ media, /** @type {any} */ its, its_high = high) => grid.hooks.media(of, media, its, -2, its_high),
        page: () => undefined,
      });
    }
  });
  box.style.height = `${pinned.length * high}px`;
  return box;
}
