// What a key does in the grid.

/** @param {any} grid @param {KeyboardEvent} event @param {HTMLElement} target @returns {(() => void) | undefined} */
export function keyActions(grid, event, target) {
  const { row, column } = grid.active;
  const page = Math.max(1, Math.floor(grid.scrolling.view / grid.scrolling.rowHeight) - 1);
  const last = grid.columns.length - 1;
  const jump = event.ctrlKey || event.metaKey;
  const found = grid.columns[column];
  const { hooks } = grid;
  if (!found) return undefined;
  const extends_ = event.shiftKey && row >= 0 && !grid.isGrouped;
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowDown: () => (event.altKey ? hooks.columnMenu(found, target) : extends_ ? grid.extend(1) : grid.moveTo(jump ? grid.rows - 1 : row + 1, column)),
    ArrowUp: () => (extends_ ? grid.extend(-1) : grid.moveTo(jump ? 0 : row - 1, column)),
    ArrowLeft: () => (event.altKey ? hooks.shift(found, -1) : grid.moveTo(row, jump ? 0 : column - 1)),
    ArrowRight: () => (event.altKey ? hooks.shift(found, 1) : grid.moveTo(row, jump ? last : column + 1)),
    PageDown: () => grid.moveTo(row + page, column),
    PageUp: () => grid.moveTo(Math.max(0, row - page), column),
    Home: () => grid.moveTo(jump ? 0 : row, 0),
    End: () => grid.moveTo(jump ? grid.rows - 1 : row, last),
    Enter: () => (row < 0 ? hooks.columnMenu(found, target) : hooks.detail(row, found)),
    " ": () => (row < 0 ? hooks.sort(found, event.shiftKey) : extends_ ? grid.selectRow(row, false) : hooks.play(row, found, target)),
    ContextMenu: () => (row < 0 ? hooks.columnMenu(found, target) : hooks.cellMenu(row, found, target)),
  };
  if (event.key === "Escape") return grid.selected ? () => hooks.select(null) : undefined;
  if (jump && !event.altKey) {
    const name = event.key.toLowerCase();
    // Text that is marked is what the browser copies.
    if (name === "c") return String(getSelection()) ? undefined : () => hooks.copy(row, found);
    if (name === "a" && !grid.isGrouped) return () => hooks.select({ from: 0, to: grid.rows - 1 });
    return keys[event.key];
  }
  /** @type {Record<string, () => void>} */
  const letters = {
    m: () => (row < 0 ? hooks.columnMenu(found, target) : hooks.cellMenu(row, found, target)),
    h: () => hooks.columnMenu(found, target),
    s: () => hooks.sort(found, event.shiftKey),
    d: () => hooks.descending(found, event.shiftKey),
    g: () => hooks.group(found),
    e: () => row >= 0 && hooks.expand(row),
    f: () => hooks.values(found),
    i: () => hooks.insert(found, event.shiftKey ? "left" : "right"),
    o: () => hooks.settings(found),
    x: () => hooks.hide(found),
    p: () => (row < 0 ? hooks.pinColumn(found) : hooks.pinRow(row)),
    "[": () => turn(target, -1),
    "]": () => turn(target, 1),
    "+": () => hooks.widen(found, 24),
    "-": () => hooks.widen(found, -24),
  };
  return keys[event.key] ?? (event.altKey ? undefined : letters[event.key.toLowerCase()]);
}

/** Turn the page of a cell that has pages. @param {HTMLElement} target @param {number} by */
function turn(target, by) {
  /** @type {HTMLElement | null} */ (target.querySelector(`.pager button[data-by="${by}"]`))?.click();
}
