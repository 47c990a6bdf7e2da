// Media in the detail of a row, and whole over the page.
import { valueText } from "./cells.js";
import { el } from "./dom.js";
import { histogramNode } from "./histogram.js";
import { isLong, longNode } from "./long_text.js";
import { drawMedia } from "./media.js";
import { arrayNode, arrayWords, isDrawn } from "./media_array.js";
import { figureText, frameNode } from "./media_frame.js";
import { described, hasOverlays, thumb } from "./media_picture.js";
import { soundNode } from "./media_sound.js";
import { textNode } from "./media_text.js";
import { videoNode } from "./media_video.js";
import { LegendNode } from "./overlay_panel.js";
import { show } from "./lightbox_state.js";
import * as state from "./state.js";
import { html, useEffect, useRef } from "../vendor/preact.js";

/** A node that is made without Preact. @param {{make: () => Node | null, id: string, fill?: boolean}} props */
export function Raw({ make, id, fill }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    root.current.textContent = "";
    const made = make();
    if (made) root.current.append(made);
  }, [id]);
  return html`<div ref=${root} class=${fill ? "raw is-filling" : "raw"}></div>`;
}

/** A button that shows something over the whole page. @param {string} text @param {() => void} run */
function opener(text, run) {
  const button = el("button", "btn", text);
  button.addEventListener("click", run);
  return button;
}

/**
 * What shows media that are not pictures. null: nothing draws them.
 * @param {any} media @param {any} column @param {number | string} row @param {boolean} large
 * @returns {Node}
 */
export function mediaNode(media, column, row, large) {
  const scripts = column.settings?.scripts === true;
  if (media.kind === "audio") return soundNode(media, column, /** @type {any} */ (row), large);
  if (media.kind === "video") return videoNode(media, column, row, large);
  if (media.kind === "html") return frameNode(media, { as: "html", scripts });
  if (media.kind === "figure") return state.opened.peek()?.plotly ? frameNode(media, { as: "plotly", scripts: true }) : figureText(media, large);
  if (media.kind === "object3d" && media.format !== "babylon") {
    const box = el("div", `scene-room${large ? " is-large" : ""}`);
    import("./model3d.js").then(({ sceneNode }) => box.append(sceneNode(media, column, row)), (error) => box.append(el("p", "unshown", error.message)));
    return box;
  }
  if (media.kind === "object3d") return el("p", "note", "Scenes of Babylon are not drawn here: download the file.");
  return textNode(media, large);
}

/** In the detail of a row. @param {{media: any, column?: any, row?: number}} props */
export function MediaView({ media, column = {}, row = -1 }) {
  if (!media.ref) return html`<span class="note">${media.kind} without content</span>`;
  const open = () => show({ media, values: [media], column, row, rows: state.rows.peek() ?? 0 });
  const settings = JSON.stringify(column.settings ?? {});
  if (media.kind === "image") {
    return html`<${Raw} id=${`${media.ref}|${settings}`} make=${() => thumb(media, 320, 400, column, open)} />
      ${media.caption ? html`<div class="note" dir="auto">${media.caption}</div>` : null}
      ${hasOverlays(media) ? html`<${LegendNode} media=${media} column=${column} />` : null}`;
  }
  return html`<${Raw} id=${`${media.ref}|${settings}`} make=${() => mediaNode(media, column, row, false)} />
    <div class="media-more"><span class="note" dir="auto">${described(media)}</span><${Raw} id=${media.ref} make=${() => opener("Full screen", open)} /></div>`;
}

/** A value as text, in full; what is too long to be laid out at once part by part. @param {{value: any, column: any, row: number}} props */
export function Plain({ value, column, row }) {
  const isNested = value && typeof value === "object" && !value.cut && !value.hex;
  const text = isNested ? JSON.stringify(value, null, 1) : valueText(value, column.info.kind);
  if (isLong(text)) return html`<${Raw} id=${`${row}|${column.name}|${text.length}`} make=${() => longNode(text, column.name)} />`;
  return isNested ? html`<code>${text}</code>` : text;
}

/** Whether a value that is no media itself is drawn in the detail. @param {any} value @param {any} column */
export function isViewed(value, column) {
  if (value === null || value === undefined) return false;
  const { kind } = column.info;
  return (kind === "histogram" && Boolean(value.counts)) || (kind === "ndarray" && Boolean(value.shape)) || kind === "string" || isMediaList(value);
}

/** @param {any} value */
const isMediaList = (value) => Array.isArray(value) && value.length > 0 && value.some((each) => each?.ref) && value.every((each) => each === null || each?.ref);

/** A text, a histogram, an array, or media of a list, in the detail. @param {{value: any, column: any, row: number}} props */
export function ValueView({ value, column, row }) {
  const open = (/** @type {any} */ media, /** @type {any[]} */ values) => show({ media, values, column, row, rows: state.rows.peek() ?? 0 });
  const { kind } = column.info;
  if (isMediaList(value)) {
    return html`<${Raw} id=${value.map((/** @type {any} */ each) => each?.ref).join("|")} make=${() => {
      const box = el("div", "media-list");
      drawMedia(box, value, { ...column, width: 400 }, 104, open, row);
      for (const button of box.querySelectorAll("button")) button.tabIndex = 0;
      return box;
    }} />`;
  }
  const more = html`<div class="media-more"><span class="note">${kind === "ndarray" ? arrayWords(value) : kind === "histogram" ? `${value.counts.length} bins` : ""}</span>
    <button class="btn" onClick=${() => open(value, [value])}>Full screen</button></div>`;
  if (kind === "histogram") return html`<${Raw} id=${JSON.stringify(value.counts)} make=${() => {
    const box = el("div", "histogram-detail");
    box.append(histogramNode([{ counts: value.counts, edges: value.bins.map(String) }]));
    return box;
  }} />${more}`;
  if (kind === "ndarray") return html`${isDrawn(value) ? html`<${Raw} id=${`${row}|${column.name}`} make=${() => arrayNode(value, { wide: 380, high: 200 })} />` : null}${more}`;
  const hasOther = state.laid.value.some((other) => other.info?.kind === "string" && other.name !== column.name);
  return html`<${Plain} value=${value} column=${column} row=${row} />${hasOther && value !== "" ? html` <button class="link" title="Compare this text with that of another column" onClick=${() => open(value, [value])}>Compare</button>` : null}`;
}
