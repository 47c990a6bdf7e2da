// What shows of boxes and masks: classes with their colours, the least score, how strong masks are; the same for all pictures of a column.
import { boxLayers, colour, isShown, keyOf, labelsOf, switched } from "./media_labels.js";
import { baseName, overlayOf, settingsFrom } from "./media_link.js";
import { maskLayers, maskOf } from "./media_mask.js";
import { count, number } from "./numbers.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/** Keep settings of a column, and of its other sides, in the view. @param {any} column @param {Record<string, any>} change */
export function keep(column, change) {
  const base = baseName(column.name ?? "");
  let next = state.spec.peek();
  for (const other of state.laid.peek().flatMap((column) => column.info?.members ?? [column])) {
    if (baseName(other.name) !== base) continue;
    const settings = Object.fromEntries(Object.entries({ ...(other.settings ?? {}), ...change }).filter(([, value]) => value !== undefined));
    next = spec.columnSet(next, state.names.peek(), other.name, { settings: Object.keys(settings).length ? settings : undefined });
  }
  // What is seen is not another view: Back goes to the one before it.
  state.apply(next, { replace: true });
}

/** The overlay of a column as state of a component. @param {any} column @returns {[import("./media_link.js").Overlay, (next: import("./media_link.js").Overlay, done?: boolean) => void]} */
function useOverlay(column) {
  const linked = overlayOf(column);
  const [, again] = useState(/** @type {any} */ (null));
  useEffect(() => linked.watch(null, (value) => again(value)), [linked]);
  return [linked.value, (next, done = true) => {
    linked.set(next);
    if (done) keep(column, settingsFrom(next));
  }];
}

/** The layers of a picture; those of masks become exact once the masks are read. @param {any} media @param {any} column @param {number} side */
function useLayers(media, column, side) {
  const [read, setRead] = useState("");
  useEffect(() => {
    let on = true;
    void Promise.allSettled(Object.values(media.masks ?? {}).map((mask) => maskOf(mask, side, document.body))).then(() => on && setRead(media.ref));
    return () => void (on = false);
  }, [media.ref, side]);
  void read;
  const { params } = column.info ?? {};
  return [...maskLayers(media, params, side), ...boxLayers(media, params)];
}

/** @param {{id: number}} props */
const Swatch = ({ id }) => html`<i class="swatch" ref=${(/** @type {HTMLElement | null} */ node) => node && (node.style.background = colour(id))}></i>`;

/** Classes of a layer that the detail of a row lists before somebody wants all. */
const FEW = 24;
/** Pixels of a mask that the detail of a row reads one by one. */
const LARGE = 4_200_000;

/** The classes of a picture in short: each switches its class. @param {{media: any, column: any}} props */
export function LegendNode({ media, column }) {
  const [overlay, set] = useOverlay(column);
  const isThinned = Object.values(media.masks ?? {}).some((mask) => mask.width * mask.height > LARGE);
  const layers = useLayers(media, column, isThinned ? 1024 : 0);
  const [all, setAll] = useState(false);
  const named = layers.map((group) => ({ ...group, classes: group.classes.filter((each) => !each.background) }));
  const more = all ? 0 : named.reduce((sum, { classes }) => sum + Math.max(0, classes.length - FEW), 0);
  return html`<div class="class-legend" role="group" aria-label="Classes that show">${named.map(({ kind, layer, classes }) => classes.slice(0, all ? classes.length : FEW).map((each) => {
    const on = isShown(overlay, kind, layer, each.id, labelsOf(column.info?.params, kind, layer));
    return html`<button key=${keyOf(kind, layer, each.id)} aria-pressed=${on} title=${`${kind === "boxes" ? "Boxes" : "Mask"} ${layer}`} onClick=${() => set(switched(overlay, keyOf(kind, layer, each.id), !on))}>
      <${Swatch} id=${each.id} /><span dir="auto">${each.label}</span></button>`;
  }))}${more ? html`<button class="more" onClick=${() => setAll(true)}>${count(more)} more</button>` : null}</div>
    ${isThinned ? html`<p class="note">Of a mask this large the smallest classes may be missing here; over the page all are listed.</p>` : null}`;
}

/** @param {{group: ReturnType<typeof maskLayers>[number] | ReturnType<typeof boxLayers>[number], column: any, overlay: any, set: any}} props */
function Layer({ group, column, overlay, set }) {
  const { kind, layer, classes, scores } = group;
  const [search, setSearch] = useState("");
  const labels = labelsOf(column.info?.params, kind, layer);
  const isOn = overlay.on && !overlay.hidden.has(keyOf(kind, layer));
  const found = classes.filter((each) => each.label.toLowerCase().includes(search.toLowerCase()));
  const only = (/** @type {number} */ id) => {
    let next = { ...overlay, on: true };
    for (const each of classes) next = switched(next, keyOf(kind, layer, each.id), each.id === id, each.background);
    set(next);
  };
  const all = (/** @type {boolean} */ on) => {
    let next = overlay;
    for (const each of classes) next = switched(next, keyOf(kind, layer, each.id), on && !each.background, each.background);
    set(on ? { ...next, on: true } : next);
  };
  return html`<fieldset class="layer"><legend><label><input type="checkbox" checked=${isOn} onChange=${(/** @type {any} */ event) => set(switched(overlay, keyOf(kind, layer), event.target.checked))} />
      <span dir="auto">${layer}</span> <span class="ty">${kind === "boxes" ? "boxes" : "mask"}</span></label></legend>
    ${[...scores].map(([name, [low, high]]) => html`<label class="score" key=${name}><span><span dir="auto">${name} from</span><output>${number(overlay.least[`${layer}/${name}`] ?? low, undefined)}</output></span>
      <input type="range" min=${low} max=${high} step=${high > low ? (high - low) / 200 : 1} value=${overlay.least[`${layer}/${name}`] ?? low} disabled=${high <= low} aria-label=${`Least ${name} of ${layer}`}
        onInput=${(/** @type {any} */ event) => { const value = Number(event.target.value); const { [`${layer}/${name}`]: gone, ...rest } = overlay.least; set({ ...overlay, least: value <= low ? rest : { ...rest, [`${layer}/${name}`]: value } }, false); }}
        onChange=${() => set(overlay)} /></label>`)}
    ${classes.length > 12 ? html`<input class="input" type="search" placeholder=${`Find among ${classes.length} classes`} aria-label=${`Find a class of ${layer}`} value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} />` : null}
    ${classes.length > 1 ? html`<div class="layer-all"><button class="link" onClick=${() => all(true)}>all</button><button class="link" onClick=${() => all(false)}>none</button></div>` : null}
    <ul>${found.slice(0, 300).map((each) => html`<li key=${each.id}><label><input type="checkbox" checked=${isShown({ ...overlay, on: true, hidden: without(overlay.hidden, keyOf(kind, layer)) }, kind, layer, each.id, labels)} disabled=${!isOn}
        onChange=${(/** @type {any} */ event) => set(switched(overlay, keyOf(kind, layer, each.id), event.target.checked, each.background))} />
      <${Swatch} id=${each.id} /><span class="n" dir="auto">${each.label}</span>${each.count === null ? html`<span class="ty" title="The number of the class">#${each.id}</span>` : html`<span class="ty" title="Boxes of the class">${count(each.count)}</span>`}</label>
      <button class="link" title=${`Show ${each.label} only`} aria-label=${`Show ${each.label} only`} onClick=${() => only(each.id)}>only</button></li>`)}</ul>
    ${found.length > 300 ? html`<p class="note">The first 300 of ${count(found.length)} are listed: search for others.</p>` : null}
    ${classes.length && !found.length ? html`<p class="note">No class has “${search}” in its name.</p>` : null}</fieldset>`;
}

/** @param {Set<string>} set @param {string} key */
function without(set, key) {
  const next = new Set(set);
  next.delete(key);
  return next;
}

/** All of it, for the page of one picture. @param {{media: any, column: any}} props */
export function OverlayPanel({ media, column }) {
  const [overlay, set] = useOverlay(column);
  const layers = useLayers(media, column, 0);
  const hasMasks = layers.some((group) => group.kind === "masks");
  return html`<section class="overlays" aria-label="Boxes and masks">
    <label class="all"><input type="checkbox" checked=${overlay.on} onChange=${(/** @type {any} */ event) => set({ ...overlay, on: event.target.checked })} /> Boxes and masks <kbd>O</kbd></label>
    <div class="choice" role="radiogroup" aria-label="Where they show">${/** @type {[string, string, boolean][]} */ ([["over", "Over the picture", false], ["beside", "Beside it", true]]).map(([id, text, beside]) => html`<label key=${id}><input type="radio" name="overlay-place" checked=${overlay.beside === beside}
      onChange=${() => set({ ...overlay, beside })} /> ${text}</label>`)}</div>
    ${hasMasks ? html`<label class="score"><span>Strength of masks <output>${Math.round(overlay.opacity * 100)}%</output></span><input type="range" min="0" max="1" step="0.05" value=${overlay.opacity} disabled=${overlay.beside} aria-label="Strength of masks"
      onInput=${(/** @type {any} */ event) => set({ ...overlay, opacity: Number(event.target.value) }, false)} onChange=${() => set(overlay)} /></label>` : null}
    ${layers.map((group) => html`<${Layer} key=${keyOf(group.kind, group.layer)} group=${group} column=${column} overlay=${overlay} set=${set} />`)}</section>`;
}
