// How wide columns are where nobody says: by what is in them, and in a very wide window by the room that is left.
import { widthOf } from "./cells.js";

/** Windows up to this wide show columns as wide as they are everywhere. */
export const WIDE = 1600;
/** No line of text is easier to read for being longer. */
const MOST = 420;
const GROWS = new Set(["string", "struct", "list", "map", "any"]);

/**
 * @param {any[]} columns those that show @param {number} rowHeight @param {number} room in pixels, beside what stands before the rows
 * @returns {number[]}
 */
export function widthsOf(columns, rowHeight, room) {
  const usual = columns.map((column) => widthOf(column.info, rowHeight));
  // As if nobody had said anything: who makes one column wider does not make others narrower.
  let left = room - usual.reduce((all, width) => all + width, 0);
  if (room > WIDE && left > 0) {
    let open = columns.flatMap((column, i) => (GROWS.has(column.info.kind) && usual[i] < MOST ? [i] : []));
    while (open.length && left >= open.length) {
      const share = Math.floor(left / open.length);
      for (const i of open) {
        const more = Math.min(share, MOST - usual[i]);
        usual[i] += more;
        left -= more;
      }
      open = open.filter((i) => usual[i] < MOST);
    }
  }
  return usual.map((width, i) => columns[i].width ?? width);
}
