// Media in cells: each kind as much of itself as its row has room for. What is larger opens over the whole page.
import { el } from "./dom.js";
import { whenSeen } from "./media_load.js";
import { figureWords, frameNode } from "./media_frame.js";
import { described, thumb, thumbUrl } from "./media_picture.js";
import { soundCell } from "./media_sound.js";
import { count } from "./numbers.js";

export { COLOURS, colour } from "./media_labels.js";
export { described, thumbUrl };

const TALL = 96;
const NAMES = /** @type {Record<string, [string, string]>} */ ({ html: ["⟨⟩", "HTML"], object3d: ["◈", "3D"], figure: ["▤", "figure"], molecule: ["⌬", "molecule"] });

/** What stands on the button of media that show no picture. @param {any} media */
function words(media) {
  if (media.caption) return String(media.caption);
  if (media.kind === "object3d") return media.points ? `${count(media.points)} points` : String(media.format ?? "mesh");
  if (media.kind === "molecule") return String(media.format ?? "molecule");
  return NAMES[media.kind]?.[1] ?? media.kind;
}

/** @param {any} media @param {() => void} open */
function chip(media, open) {
  const button = el("button", "chip");
  button.tabIndex = -1;
  const text = el("span", "t", words(media));
  button.append(el("span", "glyph", NAMES[media.kind]?.[0] ?? "◻"), text);
  if (media.kind === "figure" && !media.caption) figureWords(media, text);
  button.setAttribute("aria-label", `Show ${described(media)}`);
  button.addEventListener("click", (event) => (event.stopPropagation(), open()));
  return button;
}

/** Something that is drawn where there is room, under a button that opens it. @param {any} media @param {() => void} open @param {number} high @param {number} wide @param {(box: HTMLElement) => void} draw */
function preview(media, open, high, wide, draw) {
  const button = el("button", "preview");
  button.tabIndex = -1;
  button.style.height = `${high}px`;
  button.style.width = `${Math.min(wide, Math.round(high * 1.5))}px`;
  button.setAttribute("aria-label", `Show ${described(media)}`);
  button.addEventListener("click", (event) => (event.stopPropagation(), open()));
  whenSeen(button, () => draw(button));
  return button;
}

/**
 * Draw media into a cell.
 * @param {HTMLElement} cell @param {any[]} values @param {any} column @param {number} rowHeight
 * @param {(media: any, values: any[]) => void} open @param {number} [row]
 */
export function drawMedia(cell, values, column, rowHeight, open, row = -1) {
  const high = Math.max(12, rowHeight - 8);
  const wide = Math.max(24, (column.width ?? 240) - 13);
  const several = values.length > 1;
  for (const media of values) {
    const show = () => open(media, values);
    if (media === null || media === undefined) cell.append(el("span", "dim", "null"));
    else if (!media.ref) cell.append(el("span", "dim", `${media.kind} without content`));
    else if (media.kind === "image" || media.kind === "video") cell.append(thumb(media, high, wide, column, show));
    else if (media.kind === "audio") cell.append(soundCell(media, column, several ? `${row}/${values.indexOf(media)}` : row, high));
    else if (media.kind === "html" && high >= TALL && !several) cell.append(preview(media, show, high, wide, (box) => box.append(frameNode(media, { as: "html", scripts: false, still: true }))));
    else if (media.kind === "object3d" && high >= TALL && !several && media.format !== "babylon") {
      cell.append(preview(media, show, high, wide, (box) => void import("./model3d.js").then(({ stillNode }) => box.append(stillNode(media, Math.min(wide, Math.round(high * 1.5)), high)))));
    } else cell.append(chip(media, show));
  }
}
