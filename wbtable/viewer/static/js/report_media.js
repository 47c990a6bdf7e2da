// Documents, scenes, figures and molecules in a report's cells, in the page and in the file alike: as the grid shows them.
import { el } from "./dom.js";
import { figureWords } from "./media_frame.js";
import { sayBroken, whenSeen } from "./media_load.js";
import { described } from "./media_picture.js";
import { count } from "./numbers.js";

/**
 * @typedef {{
 *   document: (media: any) => Node,
 *   scene: (media: any, wide: number, high: number, into: HTMLElement) => void,
 *   large: (media: any, column: any) => Node,
 * }} Drawing
 */

/** How wide and high a document or a scene is in a cell, and where several are in one. */
const USUAL = [220, 140];
const SMALL = [96, 62];
const NAMES = /** @type {Record<string, [string, string]>} */ ({ html: ["⟨⟩", "HTML"], object3d: ["◈", "3D"], figure: ["▤", "figure"], molecule: ["⌬", "molecule"] });

/** Whether it is drawn by what this file is about. @param {any} media */
export const isOther = (media) => media.kind in NAMES;

/** What stands on a button that opens it. @param {any} media */
function words(media) {
  if (media.caption) return String(media.caption);
  if (media.kind === "object3d") return media.points ? `${count(media.points)} points` : String(media.format ?? "mesh");
  return media.kind === "molecule" ? String(media.format ?? "molecule") : NAMES[media.kind][1];
}

/**
 * In a cell: something to look at where there is something, and a button to all of it.
 * @param {any} media @param {Drawing} drawing @param {boolean} small @param {() => void} open
 */
export function otherCell(media, drawing, small, open) {
  const isScene = media.kind === "object3d" && media.format !== "babylon";
  const isDrawn = media.kind === "html" || isScene;
  const button = el("button", isDrawn ? "preview" : "chip");
  button.setAttribute("aria-label", `Show ${described(media)}`);
  button.addEventListener("click", open);
  if (isDrawn) {
    const [wide, high] = small ? SMALL : USUAL;
    button.style.width = `${wide}px`;
    button.style.height = `${high}px`;
    whenSeen(button, () => (isScene ? drawing.scene(media, wide, high, button) : void button.append(drawing.document(media))));
    return button;
  }
  const text = el("span", "t", words(media));
  button.append(el("span", "glyph", NAMES[media.kind][0]), text);
  if (media.kind === "figure" && !media.caption) figureWords(media, text);
  else sayBroken(media, button, text);
  return button;
}
