// Scrolling over more rows than a browser can make an element high: the canvas is capped, small moves are kept exact
// and large ones are taken in proportion.

/** Below the limits of Firefox (17.9 M px) and Chromium (33.5 M px). */
export const CANVAS = 8_000_000;
const LARGE = 6_000;

export class Scrolling {
  /** @param {number} rowHeight */
  constructor(rowHeight) {
    this.rowHeight = rowHeight;
    this.rows = 0;
    this.client = 0;
    this.head = 0;
    /** Pixels of the whole above the view. */
    this.top = 0;
    /** Where the scroll bar stands. */
    this.bar = 0;
  }

  get total() {
    return this.rows * this.rowHeight;
  }

  /** The height of the part in which rows show. */
  get view() {
    return Math.max(1, this.client - this.head);
  }

  get canvas() {
    return Math.min(this.total, CANVAS);
  }

  get maxTop() {
    return Math.max(0, this.total - this.view);
  }

  get maxBar() {
    return Math.max(0, this.canvas - this.view);
  }

  get isScaled() {
    return this.total > CANVAS;
  }

  /** The scroll bar moved. @param {number} bar */
  moved(bar) {
    const delta = bar - this.bar;
    this.bar = bar;
    if (!this.isScaled) this.top = bar;
    else if (bar <= 0) this.top = 0;
    else if (bar >= this.maxBar - 0.5) this.top = this.maxTop;
    else if (Math.abs(delta) < LARGE) this.top += delta;
    else this.top = (bar / this.maxBar) * this.maxTop;
    this.top = Math.max(0, Math.min(this.top, this.maxTop));
  }

  /** Go to a place; returns where the scroll bar belongs. @param {number} top */
  goTo(top) {
    this.top = Math.max(0, Math.min(Math.round(top), this.maxTop));
    this.bar = this.isScaled && this.maxTop > 0 ? Math.round((this.top / this.maxTop) * this.maxBar) : this.top;
    // The ends of the bar are for the ends of the rows alone: elsewhere it can be moved both ways.
    if (this.isScaled && this.top > 0 && this.top < this.maxTop) this.bar = Math.max(LARGE, Math.min(this.bar, this.maxBar - LARGE));
    return this.bar;
  }

  /** Where a row stands on the canvas. @param {number} row */
  y(row) {
    return this.bar + (row * this.rowHeight - this.top);
  }

  /** The first row that shows, and the one behind the last. */
  range() {
    const first = Math.max(0, Math.floor(this.top / this.rowHeight));
    const end = Math.min(this.rows, Math.ceil((this.top + this.view) / this.rowHeight));
    return { first, end };
  }

  /** The rows that are drawn: some more above and below, and as many wherever the view stands, so that none is made or thrown away on the way. @param {number} extra */
  drawn(extra) {
    const at = Math.floor(this.top / this.rowHeight);
    const end = at + Math.ceil(this.view / this.rowHeight) + 1 + extra;
    return { first: Math.max(0, at - extra), end: Math.min(this.rows, end) };
  }

  /** The place at which a row shows whole, as near as can be. @param {number} row */
  placeFor(row) {
    const from = row * this.rowHeight;
    if (from < this.top) return from;
    if (from + this.rowHeight > this.top + this.view) return from + this.rowHeight - this.view;
    return this.top;
  }
}
