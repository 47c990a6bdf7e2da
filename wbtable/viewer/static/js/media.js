// Media in cells: each kind as much of itself as its row has room for. What is larger opens over the whole page.
import { el } from "./dom.js";
import { sayBroken, whenSeen } from "./media_load.js";
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
  else sayBroken(media, button, text);
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

/** How many of a list show, and how wide each may be. @param {any[]} values @param {any} column @param {number} wide @param {number} high */
function room(values, column, wide, high) {
  if (values.length < 2 || column.info?.role === "group") return { shown: values.length, each: wide };
  const least = Math.max(28, Math.min(0.7 * high, 90));
  const fits = Math.max(1, Math.floor((wide + 4) / (least + 4)));
  if (values.length <= fits) return { shown: values.length, each: (wide - 4 * (values.length - 1)) / values.length };
  // Pictures that are narrow at this height leave room for more of them.
  const own = (/** @type {any} */ media) => 4 + (media?.width && media.height ? Math.min(least, Math.ceil((high * media.width) / media.height)) : least);
  const among = (/** @type {number} */ space) => {
    let [shown, used] = [0, 0];
    while (shown < values.length && used + own(values[shown]) <= space) used += own(values[shown++]);
    return shown;
  };
  return { shown: among(wide + 4) === values.length ? values.length : Math.max(1, among(wide - 36)), each: least };
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
  const { shown, each } = room(values, column, wide, high);
  values.slice(0, shown).forEach((media, at) => {
    const show = () => open(media, values);
    if (media === null || media === undefined) cell.append(el("span", "dim", "null"));
    else if (!media.ref) cell.append(el("span", "dim", `${media.kind} without content`));
    else if (media.kind === "image" || media.kind === "video") cell.append(thumb(media, high, each, column, show));
    else if (media.kind === "audio") cell.append(soundCell(media, column, several ? `${row}/${at}` : row, high));
    else if (media.kind === "html" && high >= TALL && !several) cell.append(preview(media, show, high, wide, (box) => box.append(frameNode(media, { as: "html", scripts: false, still: true }))));
    else if (media.kind === "object3d" && high >= TALL && !several && media.format !== "babylon") {
      cell.append(preview(media, show, high, wide, (box) => void import("./model3d.js").then(({ stillNode }) => box.append(stillNode(media, Math.min(wide, Math.round(high * 1.5)), high)))));
    } else cell.append(chip(media, show));
  });
  if (shown < values.length) {
    const more = el("button", "chip more-of", `+${count(values.length - shown)}`);
    more.tabIndex = -1;
    more.setAttribute("aria-label", `Show all ${count(values.length)}`);
    more.addEventListener("click", (event) => (event.stopPropagation(), open(values[shown], values)));
    cell.append(more);
  }
}
