// The sheet of keys.
import { html } from "../vendor/preact.js";

const KEYS = [
  ["Move", [["←↑↓→", "cell"], ["Page Up, Page Down", "page"], ["Home, End", "first, last column"], ["Ctrl Home, Ctrl End", "first, last row"], ["Ctrl J", "go to a row"]]],
  ["Ask", [["/", "filter"], ["S", "sort by the column"], ["Shift S", "sort also"], ["G", "group by the column, or ungroup"], ["M", "menu of the cell"], ["H, Alt ↓", "menu of the column"]]],
  ["Columns", [["Alt ←, Alt →", "move the column"], ["+, −", "wider, narrower"], ["C", "all columns"], ["1 2 3 4", "row height"]]],
  ["Look", [["Enter", "row in detail"], ["E", "rows of the group"], ["Space", "play, or show full screen"], ["Ctrl C", "copy the cell"], ["Esc", "back to the grid"]]],
  ["Page", [["Browser's Back", "undo, and Forward redoes"], ["T", "light or dark"], ["?", "this sheet"]]],
];

export function KeysSheet() {
  return html`<dialog id="keys" aria-label="Keyboard"><header><h2>Keyboard</h2><button class="btn quiet icon" aria-label="Close" onClick=${(/** @type {any} */ event) => event.target.closest("dialog").close()}>×</button></header>
    <div class="inside keys">${KEYS.map(([name, keys]) => html`<section><h3>${name}</h3>${/** @type {string[][]} */ (keys).map(([key, what]) => html`<div><span>${what}</span><kbd>${key}</kbd></div>`)}</section>`)}</div></dialog>`;
}
