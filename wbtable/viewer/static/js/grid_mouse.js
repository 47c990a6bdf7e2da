// What the mouse drags in the head of the grid: edges to resize, names to reorder.

/** @param {PointerEvent} event @param {any} found @param {any} hooks */
export function resizeColumn(event, found, hooks) {
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
  handle.onpointerup = () => {
    handle.onpointermove = handle.onpointerup = null;
    if (width !== column.width) hooks.setWidth(column, Math.round(width));
  };
}

/** @param {any} grid @param {PointerEvent} event @param {any} found */
export function dragColumn(grid, event, found) {
  const start = event.clientX;
  grid.dragged = false;
  /** @type {HTMLElement | null} */
  let over = null;
  const move = (/** @type {PointerEvent} */ now) => {
    if (Math.abs(now.clientX - start) < 6) return;
    grid.dragged = true;
    over?.classList.remove("is-over");
    over = /** @type {HTMLElement | null} */ (document.elementFromPoint(now.clientX, now.clientY)?.closest(".hcell") ?? null);
    over?.classList.add("is-over");
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
