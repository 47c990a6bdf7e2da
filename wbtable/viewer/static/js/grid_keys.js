// What a key does in the grid.

/** @param {any} grid @param {KeyboardEvent} event @param {HTMLElement} target @returns {(() => void) | undefined} */
export function keyActions(grid, event, target) {
  const { row, column } = grid.active;
  const page = Math.max(1, Math.floor(grid.scrolling.view / grid.scrolling.rowHeight) - 1);
  const last = grid.columns.length - 1;
  const jump = event.ctrlKey || event.metaKey;
  const found = grid.columns[column];
  if (!found) return undefined;
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowDown: () => (event.altKey ? grid.hooks.columnMenu(found, target) : grid.moveTo(jump ? grid.rows - 1 : row + 1, column)),
    ArrowUp: () => grid.moveTo(jump ? 0 : row - 1, column),
    ArrowLeft: () => (event.altKey ? grid.hooks.shift(found, -1) : grid.moveTo(row, jump ? 0 : column - 1)),
    ArrowRight: () => (event.altKey ? grid.hooks.shift(found, 1) : grid.moveTo(row, jump ? last : column + 1)),
    PageDown: () => grid.moveTo(row + page, column),
    PageUp: () => grid.moveTo(Math.max(0, row - page), column),
    Home: () => grid.moveTo(jump ? 0 : row, 0),
    End: () => grid.moveTo(jump ? grid.rows - 1 : row, last),
    Enter: () => (row < 0 ? grid.hooks.columnMenu(found, target) : grid.hooks.detail(row, found)),
    " ": () => (row < 0 ? grid.hooks.sort(found, event.shiftKey) : grid.hooks.play(row, found, target)),
  };
  /** @type {Record<string, () => void>} */
  const letters = {
    m: () => (row < 0 ? grid.hooks.columnMenu(found, target) : grid.hooks.cellMenu(row, found, target)),
    h: () => grid.hooks.columnMenu(found, target),
    s: () => grid.hooks.sort(found, event.shiftKey),
    g: () => grid.hooks.group(found),
    e: () => row >= 0 && grid.hooks.expand(row),
    "+": () => grid.hooks.widen(found, 24),
    "-": () => grid.hooks.widen(found, -24),
  };
  const run = keys[event.key] ?? (jump || event.altKey ? (event.key.toLowerCase() === "c" && jump ? () => grid.hooks.copy(row, found) : undefined) : letters[event.key.toLowerCase()]);
  return jump && event.key === "c" && String(getSelection()) ? undefined : run;
}
