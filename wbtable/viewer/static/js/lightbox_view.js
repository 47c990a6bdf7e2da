// The middle of the page over the page: one thing, or two beside each other.
import { post } from "./api.js";
import { el } from "./dom.js";
import { histogramNode } from "./histogram.js";
import { arrayNode, isDrawn } from "./media_array.js";
import { diffNode } from "./media_diff.js";
import { baseName, overlayOf } from "./media_link.js";
import { load, reasonOf } from "./media_load.js";
import { pairNode } from "./media_pair.js";
import { hasOverlays } from "./media_picture.js";
import { Stage } from "./media_stage.js";
import { linesNode } from "./media_text.js";
import { Raw, mediaNode } from "./media_view.js";
import { edge } from "./numbers.js";
import * as state from "./state.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** @typedef {import("./lightbox_state.js").Shown} Shown */

/** What is shown. @param {Shown} shown @returns {string} */
export function kindOf(shown) {
  const { media, column } = shown;
  return media && typeof media === "object" && media.ref !== undefined && media.kind ? media.kind : column.info?.kind === "list" ? "image" : column.info?.kind ?? typeof media;
}

/** Whether a cell holds only the beginning of its value. @param {any} value */
export const isCut = (value) => value !== null && typeof value === "object" && (typeof value.cut === "string" || Boolean(value.shape && value.values === null));

/** A cell in full. @param {{asked: () => any}} model what it is of @param {number} row @param {string} name @returns {Promise<any>} */
export async function readCell(model, row, name) {
  const view = model.asked();
  const found = await post("/api/rows", { view, offset: row, count: 1, columns: [name] });
  const value = found.columns[0].values[0] ?? null;
  return isCut(value) ? (await post("/api/cell", { view, row, column: name })).value : value;
}

/** What it may be compared with: columns of the row that hold the like, its other side first. @param {Shown} shown */
export function pairsOf(shown) {
  const { column, row } = shown;
  const kind = column.info?.kind;
  /** @type {{name: string, title: string, column: any, isSide: boolean, read: (row: number) => Promise<any>}[]} */
  const out = (shown.peers ?? []).map((peer) => ({ name: `peer ${peer.name}`, title: peer.name, column: peer.column, isSide: true, read: peer.read }));
  if (row < 0 || column.info?.role === "group" || kind === "html" || kind === "figure") return out;
  const model = shown.model ?? state;
  const hasSide = column.info?.side !== null && column.info?.side !== undefined;
  const all = model.laid.value.flatMap((/** @type {any} */ other) => other.info?.members ?? [other]);
  const own = all.filter((/** @type {any} */ other) => other.info && other.name !== column.name && other.info.kind === kind && other.info.role !== "group").map((/** @type {any} */ other) => ({
    name: other.name, title: other.label ?? other.name, column: other, isSide: hasSide && baseName(other.name) === baseName(column.name),
    read: (/** @type {number} */ at) => readCell(model, at, other.name),
  }));
  return [...out, ...own.sort((/** @type {any} */ a, /** @type {any} */ b) => Number(b.isSide) - Number(a.isSide)), ...besides(model, column)];
}

/** The same place of the tables beside this one: they are in tandem, and so may be their rows. @param {any} model @param {any} column */
function besides(model, column) {
  if (model.side === undefined) return [];
  const tables = /** @type {any} */ (state.spec.value.source)?.tables ?? [];
  return tables.flatMap((/** @type {any} */ table, /** @type {number} */ side) => side === model.side ? [] : [{
    name: `table ${side}`, title: `row of table ${side}`, column, isSide: false,
    read: (/** @type {number} */ at) => readCell({ asked: () => ({ ...model.asked(), source: { kind: "table", tables: [table] } }) }, at, column.name),
  }]);
}

/** @param {Shown} shown @param {any} pair */
const sidesOf = (shown, pair) => [{ media: shown.media, column: shown.column, name: shown.column.label ?? shown.column.name ?? "" }, ...(pair ? [pair] : [])];

/**
 * @param {{shown: Shown, pair: any, mode: string, zoom: any, said: (text: string) => void, stages: {current: any[]}}} props
 */
export function LightboxView({ shown, pair, mode, zoom, said, stages }) {
  const { media, column, row } = shown;
  const linked = overlayOf(column);
  const [, again] = useState(/** @type {any} */ (null));
  const [beside, setBeside] = useState(linked.value.beside && linked.value.on);
  useEffect(() => linked.watch(null, (value) => (setBeside(value.beside && value.on), again(value))), [linked]);
  const kind = kindOf(shown);
  if (kind !== "image") stages.current = [];
  if (media === null || media === undefined) return html`<p class="empty">There is no value in this row.</p>`;
  if (kind === "image") {
    const isPair = pair?.media?.ref;
    const isSplit = !isPair && beside && hasOverlays(media);
    const id = [media.ref, isPair ? pair.media.ref : "", isPair ? mode : isSplit].join("|");
    return html`<${Raw} fill id=${id} make=${() => {
      said("");
      if (isPair) {
        const [first, second] = sidesOf(shown, pair);
        const made = pairNode(first, second, /** @type {any} */ (["beside", "slider", "difference"].includes(mode) ? mode : "beside"), zoom, said);
        stages.current = made.stages;
        return made.node;
      }
      const box = el("div", `pic-stage${isSplit ? " is-split" : ""}`);
      stages.current = (isSplit ? ["plain", "over"] : ["all"]).map((part) => new Stage(media, column, { zoom, part: /** @type {any} */ (part), said, name: part === "over" ? "boxes and masks" : "" }));
      box.append(...stages.current.map((stage) => stage.node));
      return box;
    }} />${pair && !isPair ? html`<p class="note">There is nothing in ${pair.name} to compare with.</p>` : null}`;
  }
  if (isCut(media)) return html`<p class="note">Reading…</p>`;
  if (kind === "string") return html`<${Texts} sides=${sidesOf(shown, pair)} by=${mode} />`;
  if (kind === "molecule" && pair?.media?.ref) return html`<${Texts} sides=${sidesOf(shown, pair)} by=${mode === "beside" ? "lines" : mode} />`;
  if (kind === "histogram" || kind === "ndarray") {
    return html`<div class="view-drawn">${sidesOf(shown, pair).map((side, i) => html`<section key=${side.name}>${pair ? html`<h3 class=${`mark-${i}`}>${i ? "◆" : "●"} ${side.name}</h3>` : null}
      <${Raw} id=${`${row}|${side.name}|${kind}`} make=${() => drawn(side.media, kind, Boolean(pair))} /></section>`)}</div>`;
  }
  return html`<div class=${`view-media is-${kind}${pair?.media ? " is-pair" : ""}`}>${sidesOf(shown, pair).filter((side) => side.media?.ref).map((side, i) => html`<section key=${`${side.name}|${side.media.ref}`}>
    ${pair ? html`<h3 class=${`mark-${i}`}>${i ? "◆" : "●"} ${side.name}</h3>` : null}
    <${Raw} fill=${kind !== "audio"} id=${`${side.media.ref}|${side.column.settings?.scripts}`} make=${() => mediaNode(side.media, side.column, row, true)} /></section>`)}</div>`;
}

/** @param {any} value @param {string} kind @param {boolean} two */
function drawn(value, kind, two) {
  if (value === null || value === undefined) return el("p", "empty", "null");
  const wide = Math.min(innerWidth * 0.6, 900) / (two ? 2 : 1);
  if (kind === "ndarray") return isDrawn(value) ? arrayNode(value, { wide, high: Math.min(innerHeight * 0.6, 560), large: true }) : linesNode(JSON.stringify(value.values ?? value, null, 1), 2000);
  const box = el("div", "histogram-large");
  box.style.width = `${wide}px`;
  const edges = value.bins.map(String);
  const most = Math.max(...value.counts);
  const drawnBars = histogramNode([{ counts: value.counts, edges }]);
  const axis = el("div", "axis");
  const steps = Math.min(5, edges.length);
  for (let i = 0; i < steps; i += 1) axis.append(el("span", "", edge(edges[Math.round((i * (edges.length - 1)) / (steps - 1 || 1))])));
  const readout = el("output", "note", `${value.counts.length} bins, at most ${edge(String(most))}`);
  box.addEventListener("pointermove", (event) => {
    const area = drawnBars.getBoundingClientRect();
    const i = Math.floor(((event.clientX - area.left) / area.width) * value.counts.length);
    if (i >= 0 && i < value.counts.length) readout.textContent = `${edge(edges[i])} to ${edge(edges[i + 1])}: ${value.counts[i]}`;
  });
  box.append(drawnBars, axis, readout);
  return box;
}

/** A text, or how two differ. @param {{sides: any[], by: string}} props */
function Texts({ sides, by }) {
  const [texts, setTexts] = useState(/** @type {any} */ (null));
  const id = sides.map((side) => (typeof side.media === "string" ? side.media : side.media?.ref ?? "")).join("\u0000");
  useEffect(() => {
    let on = true;
    Promise.all(sides.map(async ({ media }) => (media === null || media === undefined ? "" : typeof media === "string" ? media : media.cut ?? new TextDecoder().decode(await (await load(`/blob/${media.ref}`, document.body)).arrayBuffer()))))
      .then((found) => on && setTexts(found), (error) => on && setTexts(reasonOf(error).text));
    return () => void (on = false);
  }, [id]);
  // Those of the row before stand until these are read.
  if (texts === null || (Array.isArray(texts) && texts.length !== sides.length)) return html`<p class="note">Reading…</p>`;
  if (typeof texts === "string") return html`<p class="wrong" role="alert">${texts}</p>`;
  if (texts.length < 2) return html`<div class="view-text"><${Raw} id=${id} make=${() => linesNode(texts[0], 2000, sides[0].name)} /></div>`;
  return html`<div class="view-text"><${Raw} id=${`${id}|${by}|${texts.join("|").length}`} make=${() => diffNode(texts[0], texts[1], by, [sides[0].name, sides[1].name])} /></div>`;
}

