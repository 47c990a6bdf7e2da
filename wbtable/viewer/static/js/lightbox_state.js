// What is shown over the whole page: one thing, set by whoever wants to show it.
import { keepFocus } from "./focus.js";
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

/** Gives the keyboard back to what had it. @type {(() => void) | null} */
let giveBack = null;

/** Show something over the whole page. @param {Shown} shown */
export function show(shown) {
  giveBack ??= keepFocus();
  lightbox.value = shown;
}

export function closed() {
  lightbox.value = null;
  giveBack?.();
  giveBack = null;
}
