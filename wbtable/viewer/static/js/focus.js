// Where the keyboard goes when what took it has closed.

/** The keyboard goes to where it was in a grid. @param {Element | null} [grid] the first that had it, where none is named */
export function toGrid(grid = null) {
  const inside = "[tabindex='0'][data-column]";
  const cell = grid ? grid.querySelector(inside) : document.querySelector(`.grid ${inside}`);
  /** @type {HTMLElement | null} */ (cell ?? grid ?? document.querySelector(".grid"))?.focus({ preventScroll: true });
}

/** Remember what has the keyboard; the answer gives it back: to the grid, where the cell that had it was drawn anew meanwhile. */
export function keepFocus() {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const grid = before?.closest(".grid");
  return () => {
    if (before?.isConnected && before !== document.body) before.focus({ preventScroll: true });
    else toGrid(grid?.isConnected ? grid : null);
  };
}
