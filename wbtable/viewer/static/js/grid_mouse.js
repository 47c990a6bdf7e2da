// What the mouse does in the grid: clicks, and in the head drags of edges to resize and of names to reorder.
import { barAt } from "./group_bars.js";

/** @param {any} grid */
export function listen(grid) {
  const { host } = grid;
  host.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => pressed(grid, event));
  host.addEventListener("click", (/** @type {MouseEvent} */ event) => clicked(grid, event));
  host.addEventListener("dblclick", (/** @type {MouseEvent} */ event) => doubled(grid, event));
  host.addEventListener("contextmenu", (/** @type {MouseEvent} */ event) => context(grid, event));
  // The grid is one stop of the Tab key: itself while the keyboard is elsewhere, a cell while it is here.
  host.addEventListener("focusout", (/** @type {FocusEvent} */ event) => {
    if (!host.contains(/** @type {Node | null} */ (event.relatedTarget))) host.tabIndex = 0;
  });
  host.addEventListener("focusin", (/** @type {FocusEvent} */ event) => {
    if (event.target !== host) host.tabIndex = -1;
    const found = at(grid, event);
    if (found && found.cell === found.target) grid.active = { row: found.row, column: found.column.index };
  });
}

/** Draw nothing anew until what is pressed was let go, and clicked. @param {any} grid */
function hold(grid) {
  grid.isPressed = true;
  const release = () => {
    removeEventListener("pointerup", release, true);
    removeEventListener("pointercancel", release, true);
    setTimeout(() => {
      grid.isPressed = false;
      grid.draw();
    });
  };
  addEventListener("pointerup", release, true);
  addEventListener("pointercancel", release, true);
}

/** @param {any} grid @param {Event} event */
function at(grid, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const cell = /** @type {HTMLElement | null} */ (target.closest("[data-column]"));
  if (!cell) return null;
  const row = /** @type {HTMLElement | null} */ (cell.closest("[data-row]"));
  const index = Number(cell.dataset.column);
  // Another view may have come that is not drawn yet: the cell is of the column that it was drawn for.
  const column = grid.drawn.find((/** @type {any} */ other) => other.index === index) ?? grid.columns[index];
  return { target, cell, row: row ? Number(row.dataset.row) : -1, column };
}

/** @param {any} grid @param {PointerEvent} event */
function pressed(grid, event) {
  grid.host.classList.add("mouse");
  if (event.button !== 0) return;
  const found = at(grid, event);
  if (!found) return;
  hold(grid);
  if (found.target.classList.contains("resize")) return resizeColumn(grid, event, found);
  if (found.row < 0 && found.target.closest(".name")) return dragColumn(grid, event, found);
}

/** @param {any} grid @param {MouseEvent} event */
function clicked(grid, event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const unpin = /** @type {HTMLElement | null} */ (target.closest(".unpin"));
  if (unpin) return grid.hooks.unpin(Number(unpin.dataset.position));
  const number = /** @type {HTMLElement | null} */ (target.closest(".row .rownum")?.closest("[data-row]") ?? null);
  if (number) {
    const row = Number(number.dataset.row);
    if (grid.isGrouped) return grid.hooks.expand(row);
    if (target.closest(".peek")) return grid.hooks.detail(row);
    return grid.selectRow(row, event.shiftKey);
  }
  const found = at(grid, event);
  if (!found) return;
  const { row, column } = found;
  const dragged = grid.dragged;
  grid.dragged = false;
  if (target.closest(".more")) return grid.hooks.columnMenu(column, target.closest(".more"));
  if (row < 0) {
    if (target.closest(".sorter")) grid.hooks.sort(column, event.shiftKey);
    else if (target.closest(".name") && !dragged) event.shiftKey ? grid.hooks.sort(column, true) : grid.hooks.settings(column);
    return;
  }
  grid.active = { row, column: column.index };
  const bar = barAt(event);
  if (bar !== null) return grid.hooks.bar(row, column, bar);
  if (target.closest(".go")) return grid.hooks.expand(row);
  if (!target.closest("button, a, input, audio, video")) grid.focusCell(false);
  grid.hooks.moved(row, column);
}

/** @param {any} grid @param {MouseEvent} event */
function doubled(grid, event) {
  const found = at(grid, event);
  if (!found) return;
  if (found.target.classList.contains("resize")) grid.hooks.setWidth(found.column, grid.fit(found.column));
  else if (found.row >= 0 && !found.target.closest("button, a")) grid.hooks.detail(found.row, found.column);
}

/** @param {any} grid @param {MouseEvent} event */
function context(grid, event) {
  const found = at(grid, event);
  if (!found || found.target.closest("video, audio, a")) return;
  event.preventDefault();
  grid.active = { row: found.row, column: found.column.index };
  grid.focusCell(false);
  const point = { x: event.clientX, y: event.clientY };
  if (found.row < 0) grid.hooks.columnMenu(found.column, point);
  else grid.hooks.cellMenu(found.row, found.column, point);
}

/** @param {any} grid @param {PointerEvent} event @param {any} found */
function resizeColumn(grid, event, found) {
  event.preventDefault();
  const handle = found.target;
  const { column } = found;
  const start = event.clientX;
  handle.setPointerCapture(event.pointerId);
  handle.classList.add("is-dragging");
  let width = column.width;
  handle.onpointermove = (/** @type {PointerEvent} */ move) => {
    width = Math.max(48, column.width + move.clientX - start);
    found.cell.style.width = `${width}px`;
  };
  handle.onpointerup = (/** @type {PointerEvent} */ up) => {
    handle.onpointermove = handle.onpointerup = null;
    if (width !== column.width) grid.hooks.setWidth(column, Math.round(width), up.shiftKey);
  };
}

/** @param {any} grid @param {PointerEvent} event @param {any} found */
function dragColumn(grid, event, found) {
  const start = event.clientX;
  grid.dragged = false;
  /** @type {HTMLElement | null} */
  let over = null;
  const move = (/** @type {PointerEvent} */ now) => {
    if (!grid.dragged && Math.abs(now.clientX - start) < 6) return;
    grid.dragged = true;
    over?.classList.remove("is-over");
    over = /** @type {HTMLElement | null} */ (document.elementFromPoint(now.clientX, now.clientY)?.closest(".hcell") ?? null);
    over?.classList.add("is-over");
    // At the edges the columns come along.
    const box = grid.host.getBoundingClientRect();
    if (now.clientX > box.right - 40) grid.host.scrollLeft += 24;
    else if (now.clientX < box.left + (grid.pinWidth ?? 0) + 40) grid.host.scrollLeft -= 24;
  };
  const up = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", up);
    over?.classList.remove("is-over");
    const to = over ? grid.columns[Number(over.dataset.column)] : null;
    if (grid.dragged && to && to.name !== found.column.name) grid.hooks.dropped(found.column, to);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
}
