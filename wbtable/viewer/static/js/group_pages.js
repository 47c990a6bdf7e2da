// What groups show page by page: media, and lists of values.
import { post } from "./api.js";
import { isMedia, valueText } from "./cells.js";
import { el } from "./dom.js";
import { drawMedia } from "./media.js";
import { toast } from "./menu.js";
import { count } from "./numbers.js";
import * as state from "./state.js";

/** Pixels of the line that turns pages, with the gap above it. */
const PAGER = 22;
const GAP = 4;
const MOST_TURNED = 500;

/** @type {Map<string, {page: number, found: any}>} pages that were turned, as long as the groups are the same */
const turned = new Map();

/** How high pictures are so that all of a page fit. @param {number} wide @param {number} high @param {number} objects */
function objectHeight(wide, high, objects) {
  let side = Math.max(12, high);
  while (side > 12 && Math.max(1, Math.floor((wide + GAP) / (side + GAP))) * Math.max(1, Math.floor((high + GAP) / (side + GAP))) < objects) side -= 1;
  return side;
}

/**
 * @param {HTMLElement} cell @param {any} first what came with the group @param {any} column @param {number} row @param {number} high
 * @param {(media: any, values: any[]) => void} open @param {any} [model] what is shown
 */
export function drawPage(cell, first, column, row, high, open, model = state) {
  const size = Number(column.settings?.size ?? 5);
  if (turned.size > MOST_TURNED) turned.clear();
  const key = JSON.stringify([row, column.name, size, model.side ?? 0, model.generation.value]);
  const draw = () => {
    const { page, found } = turned.get(key) ?? { page: 0, found: first };
    cell.textContent = "";
    const room = high - 10 - (found.count > size ? PAGER : 0);
    const box = el("span", "objects");
    if (isMedia(column.info)) {
      const side = objectHeight(column.width - 16, room, Math.min(size, found.count));
      drawMedia(box, found.values, { ...column, width: Math.max(64, side * 3) }, side + 8, open, row);
    } else {
      box.classList.add("values");
      for (const value of found.values) {
        const item = el("span", "item", valueText(value, column.info.kind, column.settings) || "(empty)");
        item.dir = "auto";
        box.append(item);
      }
    }
    if (!found.values.length) box.append(el("span", "dim", "no values"));
    cell.append(box);
    if (found.count > size) cell.append(pager(page, found));
  };
  const pager = (/** @type {number} */ page, /** @type {any} */ found) => {
    const line = el("span", "pager");
    const turn = (/** @type {number} */ by, /** @type {string} */ sign, /** @type {string} */ name) => {
      const button = /** @type {HTMLButtonElement} */ (el("button", "", sign));
      button.tabIndex = -1;
      button.dataset.by = String(by);
      button.title = `${name} (${by < 0 ? "[" : "]"})`;
      button.setAttribute("aria-label", name);
      button.disabled = page + by < 0 || (page + by) * size >= found.count;
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        button.disabled = true;
        const kinds = column.display === "page" ? { [column.name]: "page" } : {};
        post("/api/groups", { view: model.asked(), offset: row, count: 1, columns: [column.name], page: page + by, size, kinds }).then((next) => {
          turned.set(key, { page: page + by, found: next.cells[column.name][0] });
          if (cell.isConnected) draw();
          state.say(`${page * size + by * size + 1} to ${Math.min(found.count, (page + by + 1) * size)} of ${count(found.count)}`);
        }, (error) => (toast(error.message), (button.disabled = false)));
      });
      line.append(button);
    };
    turn(-1, "‹", "Previous values");
    line.append(el("span", "", `${count(page * size + 1)}–${count(Math.min(found.count, (page + 1) * size))} of ${count(found.count)}`));
    turn(1, "›", "Next values");
    return line;
  };
  draw();
}
