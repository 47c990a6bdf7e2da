// The sheet of keys.
import { html } from "../vendor/preact.js";

const KEYS = [
  ["Move", [["←↑↓→", "cell"], ["Page Up, Page Down", "page"], ["Home, End", "first, last column"], ["Ctrl Home, Ctrl End", "first, last row"], ["Ctrl J", "go to a row"], ["C", "find a column"]]],
  ["Ask", [["/", "filter"], ["F", "filter by the column’s values"], ["S", "sort: up, down, off"], ["D", "sort descending"], ["Shift S, Shift D", "sort by this column, too"], ["G", "group by the column, or ungroup"], ["M", "menu of the cell"], ["H, Alt ↓", "menu of the column"]]],
  ["Columns", [["I, Shift I", "insert a column right, left"], ["O", "settings"], ["X", "hide"], ["P", "pin, on a header"], ["Alt ←, Alt →", "move"], ["+, −", "wider, narrower"]]],
  ["Rows", [["Enter", "the row in detail"], ["Shift ↑, Shift ↓", "select"], ["Shift Space", "select the row"], ["Ctrl A", "select all"], ["P", "pin below the header"], ["E", "rows of the group"], ["[ ]", "previous, next page in a cell"], ["1 2 3 4", "height of the rows"]]],
  ["Look and copy", [["Space", "play, or show full screen"], ["Ctrl C", "copy the cell, or the rows"], ["Esc", "back to the grid"]]],
  ["Compare", [["V", "with another version, run or table"], ["W", "what changed in each column"], ["B", "side by side, or merged"]]],
  ["Page", [["Ctrl Z", "undo"], ["Ctrl Shift Z", "redo"], ["T", "light or dark"], ["?", "this sheet"]]],
];

export function KeysSheet() {
  return html`<dialog id="keys" aria-label="Keyboard"><header><h2>Keyboard</h2><button class="btn quiet icon" aria-label="Close" onClick=${(/** @type {any} */ event) => event.target.closest("dialog").close()}>×</button></header>
    <div class="inside keys">${KEYS.map(([name, keys]) => html`<section><h3>${name}</h3>${/** @type {string[][]} */ (keys).map(([key, what]) => html`<div><span>${what}</span><kbd>${key}</kbd></div>`)}</section>`)}</div></dialog>`;
}
