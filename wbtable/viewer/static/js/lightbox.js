// Media over the whole page: closely, beside what it is compared with, from row to row, by mouse or keys.
import { factsOf, fileName } from "./lightbox_facts.js";
import { LightboxView, isCut, kindOf, pairsOf, readCell } from "./lightbox_view.js";
import { closed, lightbox } from "./lightbox_state.js";
import { newZoom, overlayOf, settingsFrom } from "./media_link.js";
import { described, hasOverlays } from "./media_picture.js";
import { count } from "./numbers.js";
import { OverlayPanel, keep } from "./overlay_panel.js";
import * as state from "./state.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";

export { lightbox };

/** @typedef {import("./lightbox_state.js").Shown} Shown */

/** What stands in a cell, one after the other. @param {any} value */
const inside = (value) => (Array.isArray(value) ? value : [value]);

/** Where it can go from here. @param {Shown} shown */
function placeOf(shown) {
  const at = Math.max(0, shown.values.indexOf(shown.media));
  const goes = shown.column.info?.role !== "group" && shown.row >= 0;
  const rows = goes ? Math.max(shown.rows ?? 0, (shown.model ?? state).rows.value ?? 0, shown.row + 1) : 0;
  return { at, rows, hasPrevious: at > 0 || (goes && shown.row > 0), hasNext: at < shown.values.length - 1 || (goes && shown.row < rows - 1) };
}

/** @param {{shown: Shown}} props */
function Open({ shown }) {
  const { media, column, row } = shown;
  const root = useRef(/** @type {any} */ (null));
  const stages = useRef(/** @type {any[]} */ ([]));
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const [read, setRead] = useState("");
  const [side, setSide] = useState(true);
  const candidates = pairsOf(shown);
  const sided = candidates.find((each) => each.isSide);
  const [pairName, setPairName] = useState(sided ? sided.name : "");
  const [mode, setMode] = useState(/** @type {any} */ (kindOf(shown) === "string" ? "words" : "beside"));
  const [pair, setPair] = useState(/** @type {any} */ (null));
  const zoom = useMemo(newZoom, [column.name]);
  const place = placeOf(shown);
  const overlays = hasOverlays(media ?? {}) || hasOverlays(pair?.media ?? {});
  const alive = useRef(0);
  const first = useRef(true);

  useLayoutEffect(() => {
    // Before anything is painted: a key that is pressed at once is heard here, and by nothing that has use for it.
    if (!root.current.open) root.current.showModal();
    root.current.focus();
  }, []);
  useEffect(() => {
    // What had the keyboard may be gone with the row before: keys are heard inside of the dialog only.
    if (root.current.contains(document.activeElement) && document.activeElement !== root.current && !first.current) return;
    first.current = false;
    (root.current.querySelector(".stage-pic, .scene, .wave[role], video, .lines pre") ?? root.current.querySelector(".close"))?.focus();
  });
  useEffect(() => {
    // Cells of a window may be cut: here it is whole.
    if (!isCut(media)) return undefined;
    let on = true;
    setBusy(true);
    readCell(shown.model ?? state, row, column.name).then((found) => on && (lightbox.value = { ...shown, media: found, values: [found] }),
      (error) => on && setWrong(error.message)).finally(() => on && setBusy(false));
    return () => void (on = false);
  }, [media]);
  useEffect(() => {
    const found = candidates.find((each) => each.name === pairName);
    let on = true;
    setPair(null);
    if (found) {
      found.read(row).then((value) => on && setPair({ media: inside(value)[0] ?? null, column: found.column, name: found.title }),
        (error) => on && setWrong(error.message));
    }
    return () => void (on = false);
  }, [pairName, row]);

  const go = async (/** @type {number} */ by) => {
    const { at } = place;
    if (shown.values[at + by] !== undefined) return void (lightbox.value = { ...shown, media: shown.values[at + by] });
    const to = row + by;
    if (shown.column.info?.role === "group" || to < 0 || to >= place.rows) return;
    const mine = (alive.current += 1);
    setBusy(true);
    try {
      const found = await readCell(shown.model ?? state, to, column.name);
      if (mine !== alive.current || !lightbox.value) return;
      const values = inside(found);
      setWrong("");
      lightbox.value = { ...shown, values, media: by > 0 ? values[0] ?? null : values.at(-1) ?? null, row: to };
      shown.moved?.(to);
    } catch (error) {
      setWrong(/** @type {Error} */ (error).message);
    } finally {
      if (mine === alive.current) setBusy(false);
    }
  };
  const switchOverlay = (/** @type {Record<string, any>} */ change) => {
    const linked = overlayOf(column);
    linked.set({ ...linked.value, ...change });
    keep(column, settingsFrom(linked.value));
  };
  const download = () => root.current.querySelector("a[download]")?.click();
  const key = (/** @type {KeyboardEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest("input:not([type=checkbox]), select, iframe")) return;
    // Players have use for all keys but these.
    if (target.closest("video, [role=slider]") && !event.key.startsWith("Page")) return;
    const [stage] = stages.current;
    const pans = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] });
    if (event.shiftKey && pans[event.key] && stage) (stage.panBy(...pans[event.key]), stage.readMiddle());
    else if (event.key === "ArrowLeft" || event.key === "PageUp") void go(-1);
    else if (event.key === "ArrowRight" || event.key === "PageDown") void go(1);
    else if ((event.key === "ArrowUp" || event.key === "ArrowDown") && !target.closest(".lines, .diff, aside, .view-text")) void go(event.key === "ArrowUp" ? -1 : 1);
    else if (stage && (event.key === "+" || event.key === "=")) stage.zoomBy(1.5);
    else if (stage && (event.key === "-" || event.key === "_")) stage.zoomBy(1 / 1.5);
    else if (stage && event.key === "0") stage.reset(true);
    else if (stage && event.key === "1") stage.reset(false);
    else if (event.key.toLowerCase() === "o" && overlays) switchOverlay({ on: !overlayOf(column).value.on });
    else if (event.key.toLowerCase() === "b" && overlays) switchOverlay({ beside: !overlayOf(column).value.beside });
    else if (event.key.toLowerCase() === "d") download();
    else if (event.key.toLowerCase() === "i") setSide(!side);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isBlob = Boolean(media?.ref);
  const title = media?.caption || column.label || column.name || "Media";
  const isPicture = kindOf(shown) === "image";
  const isPlayed = ["audio", "video"].includes(kindOf(shown));
  return html`<dialog class="lightbox" ref=${root} tabindex="-1" aria-label=${`${title}${row >= 0 ? `, row ${row + 1}` : ""}`} onClose=${closed} onKeyDown=${key}
      onClick=${(/** @type {MouseEvent} */ event) => event.target === root.current && root.current.close()}>
    <header><h2 dir="auto">${title}</h2>
      <span class="note" role="status">${row >= 0 && place.rows ? `row ${count(row + 1)} of ${count(place.rows)}` : ""}${shown.values.length > 1 ? ` · ${place.at + 1} of ${shown.values.length}` : ""}${busy ? " · reading…" : ""}</span>
      <span class="gap"></span>
      ${candidates.length ? html`<label class="with">Compare with <select class="input" value=${pairName} onChange=${(/** @type {any} */ event) => setPairName(event.target.value)}>
        <option value="">nothing</option>${candidates.map((each) => html`<option key=${each.name} value=${each.name}>${each.title}</option>`)}</select></label>` : null}
      ${pair ? html`<${Modes} kind=${kindOf(shown)} mode=${mode} set=${setMode} />` : null}
      ${isPicture ? html`<span class="tools"><button class="btn quiet icon" aria-label="Smaller" title="Smaller (−)" onClick=${() => stages.current[0]?.zoomBy(1 / 1.5)}>−</button><button class="btn quiet icon" aria-label="Larger" title="Larger (+)" onClick=${() => stages.current[0]?.zoomBy(1.5)}>+</button>
        <button class="btn quiet" title="All of it (0)" onClick=${() => stages.current[0]?.reset(true)}>Fit</button><button class="btn quiet" title="Pixel for pixel (1)" onClick=${() => stages.current[0]?.reset(false)}>1:1</button></span>` : null}
      <button class="btn quiet icon" aria-label="Previous" title="Previous (←)" disabled=${!place.hasPrevious} onClick=${() => void go(-1)}>‹</button>
      <button class="btn quiet icon" aria-label="Next" title="Next (→)" disabled=${!place.hasNext} onClick=${() => void go(1)}>›</button>
      ${isBlob ? html`<a class="btn quiet" href=${`/blob/${media.ref}`} download=${fileName(media, column, row)} title="Download (D)">Download</a>` : null}
      <button class="btn quiet" aria-pressed=${side} title="What is known (I)" onClick=${() => setSide(!side)}>Info</button>
      <button class="btn quiet icon close" aria-label="Close" onClick=${() => root.current.close()}>×</button></header>
    <div class="lightbox-main"><div class="view">${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : null}
      <${LightboxView} shown=${shown} pair=${pair} mode=${mode} zoom=${zoom} said=${setRead} stages=${stages} /></div>
      ${side ? html`<aside aria-label="What is known">${overlays ? html`<${OverlayPanel} media=${merged(media, pair?.media)} column=${column} />` : null}
        ${isBlob && media.kind === "html" ? html`<label class="all"><input type="checkbox" checked=${column.settings?.scripts === true} onChange=${(/** @type {any} */ event) => (keep(column, { scripts: event.target.checked || undefined }), (lightbox.value = { ...shown, column: { ...column, settings: { ...column.settings, scripts: event.target.checked || undefined } } }))} /> Run the scripts of this column’s documents</label>
          <p class="note">They run in a frame of their own: without network, and without a way to this page.</p>` : null}
        <dl class="facts">${factsOf(media, row, column).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl></aside>` : null}</div>
    <footer><span class="reading">${read || (isBlob && !isPicture ? described(media) : "")}</span><span class="gap"></span>
      <span class="hint">${isPicture ? html`<kbd>+</kbd> <kbd>−</kbd> zoom <kbd>Shift</kbd> <kbd>←↑↓→</kbd> move ` : null}${isPlayed ? html`<kbd>Space</kbd> play <kbd>PgUp</kbd> <kbd>PgDn</kbd> rows ` : html`<kbd>←</kbd> <kbd>→</kbd> rows `}<kbd>Esc</kbd> close</span></footer></dialog>`;
}

/** Boxes and masks of both, so that every class that shows can be switched. @param {any} media @param {any} other */
function merged(media, other) {
  if (!other) return media ?? {};
  const layers = new Map(Object.entries(other.boxes ?? {}));
  for (const [layer, list] of Object.entries(media?.boxes ?? {})) layers.set(layer, [...list, ...(layers.get(layer) ?? [])]);
  const boxes = Object.fromEntries(layers);
  return { ...other, ...(media ?? {}), ref: `${media?.ref}|${other.ref}`, boxes, masks: { ...(other.masks ?? {}), ...(media?.masks ?? {}) } };
}

/** @param {{kind: string, mode: string, set: (mode: any) => void}} props */
function Modes({ kind, mode, set }) {
  const modes = kind === "image" ? [["beside", "Side by side"], ["slider", "Slider"], ["difference", "Difference"]] : kind === "string" || kind === "molecule" ? [["words", "Words"], ["characters", "Characters"], ["lines", "Lines"]] : [];
  if (!modes.length) return null;
  const now = modes.some(([id]) => id === mode) ? mode : modes[0][0];
  return html`<span class="modes" role="group" aria-label="How they are compared">${modes.map(([id, text]) => html`<button key=${id} class="btn" aria-pressed=${id === now} onClick=${() => set(id)}>${text}</button>`)}</span>`;
}

export function Lightbox() {
  const shown = lightbox.value;
  return shown ? html`<${Open} shown=${shown} />` : null;
}
