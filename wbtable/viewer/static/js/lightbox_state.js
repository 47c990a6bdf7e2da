// What is shown over the whole page: one thing, set by whoever wants to show it.
import { signal } from "../vendor/preact.js";

/**
 * @typedef {object} Shown
 * @property {any} media a media value, a histogram, an array, or a text
 * @property {any[]} values those that stand in its cell
 * @property {any} column with name, info and settings
 * @property {number} row
 * @property {number} [rows] how many there are to go through
 * @property {any} [model] the table that it is of, where several are side by side
 * @property {{name: string, column: any, read: (row: number) => Promise<any>}[]} [peers] what it may be compared with beside the row's other columns
 * @property {(row: number) => void} [moved] told where it went
 */

export const lightbox = signal(/** @type {Shown | null} */ (null));

/** What had the keyboard before. @type {HTMLElement | null} */
let before = null;

/** Show something over the whole page. @param {Shown} shown */
export function show(shown) {
  before ??= /** @type {HTMLElement | null} */ (document.activeElement);
  lightbox.value = shown;
}

export function closed() {
  lightbox.value = null;
  const back = before;
  before = null;
  // What is switched in it draws the cells anew: then the cell itself has the keyboard.
  const cell = /** @type {HTMLElement | null} */ (back?.isConnected && back !== document.body ? back : document.querySelector(".grid [tabindex='0'][data-column]") ?? document.querySelector(".grid"));
  cell?.focus();
}
