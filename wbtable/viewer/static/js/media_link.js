// What is linked: overlays of a column and of its other side, the zoom of pictures beside each other, where sounds and videos play.
/**
 * @typedef {{on: boolean, hidden: Set<string>, shown: Set<string>, least: Record<string, number>, opacity: number, beside: boolean}} Overlay
 * @typedef {{zoom: number, x: number, y: number}} Zoom zoom 1 fits; x and y are the middle, as shares of the picture
 */

/** A value that several views show. @template T */
export class Linked {
  /** @param {T} value */
  constructor(value) {
    this.value = value;
    /** @type {Set<{node: Node | null, run: (value: T) => void}>} */
    this.watchers = new Set();
    this.added = 0;
  }

  /** @param {T} value */
  set(value) {
    this.value = value;
    for (const watcher of [...this.watchers]) {
      if (watcher.node && !watcher.node.isConnected) this.watchers.delete(watcher);
      else watcher.run(value);
    }
  }

  /**
   * Be told of changes, as long as a node is in the page.
   * @param {Node | null} node @param {(value: T) => void} run
   * @returns {() => void} ends it
   */
  watch(node, run) {
    this.added += 1;
    // Cells come and go while somebody scrolls.
    if (this.added % 256 === 0) for (const old of this.watchers) if (old.node && !old.node.isConnected) this.watchers.delete(old);
    const watcher = { node, run };
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

/** The name of a column without its side: what `0.image` and `1.image` have in common. @param {string} name */
export const baseName = (name) => name.replace(/^[0-9]+\./, "");

/** @type {Map<string, Linked<Overlay>>} */
const overlays = new Map();
/** The settings that were taken over, by the column's full name. @type {Map<string, string>} */
const taken = new Map();

/** @param {any} settings @returns {Overlay} */
function overlayFrom(settings) {
  const texts = (/** @type {any} */ list) => new Set(Array.isArray(list) ? list.filter((each) => typeof each === "string") : []);
  const least = Object.fromEntries(Object.entries(settings.least ?? {}).filter(([, value]) => typeof value === "number"));
  const opacity = typeof settings.opacity === "number" ? Math.max(0, Math.min(1, settings.opacity)) : 0.55;
  return { on: settings.overlays !== false, hidden: texts(settings.hidden), shown: texts(settings.shown), least, opacity, beside: settings.layout === "beside" };
}

/** What a column's view keeps of its overlays: only what is not as it is anyway. @param {Overlay} overlay */
export function settingsFrom(overlay) {
  const list = (/** @type {Set<string>} */ found) => (found.size ? [...found].sort() : undefined);
  return {
    overlays: overlay.on ? undefined : false, hidden: list(overlay.hidden), shown: list(overlay.shown),
    least: Object.keys(overlay.least).length ? overlay.least : undefined,
    opacity: overlay.opacity === 0.55 ? undefined : overlay.opacity, layout: overlay.beside ? "beside" : undefined,
  };
}

const PARTS = ["overlays", "hidden", "shown", "least", "opacity", "layout"];

/** The overlays of a column, the same for all its sides. @param {{name?: string, settings?: any}} column @returns {Linked<Overlay>} */
export function overlayOf(column) {
  const base = baseName(column.name ?? "");
  let found = overlays.get(base);
  if (!found) overlays.set(base, (found = new Linked(overlayFrom(column.settings ?? {}))));
  return found;
}

/** The same, with the settings of the view taken over if they are others than before; for columns as the view has them now. @param {{name?: string, settings?: any}} column */
export function overlayNow(column) {
  const name = column.name ?? "";
  const settings = column.settings ?? {};
  const text = JSON.stringify(PARTS.map((part) => settings[part] ?? null));
  const found = overlayOf(column);
  if (taken.has(name) && taken.get(name) !== text) found.value = overlayFrom(settings);
  taken.set(name, text);
  return found;
}

/** The zoom of pictures that are looked at together. @returns {Linked<Zoom>} */
export const newZoom = () => new Linked({ zoom: 1, x: 0.5, y: 0.5 });

/** Where sounds and videos are, by what links them. @type {Map<string, Linked<number>>} */
const positions = new Map();

/** Where something plays; one place for all sides of a cell. @param {string} key @returns {Linked<number>} */
export function positionOf(key) {
  let found = positions.get(key);
  if (!found) {
    if (positions.size > 500) for (const old of [...positions.keys()].slice(0, 250)) positions.delete(old);
    positions.set(key, (found = new Linked(0)));
  }
  return found;
}

/** What links the players of a cell: its row and its column without the side. @param {any} media @param {any} column @param {number | string} row */
export function playKey(media, column, row) {
  return column?.link ? `${column.link}` : `${row ?? ""}|${column?.name === undefined ? media.ref : baseName(column.name)}`;
}

/** What somebody asked to be played, by its sign or by its key. */
let asked = "";

/** Whoever shows it next plays it. @param {any} media */
export function askToPlay(media) {
  asked = String(media.ref);
}

/** Whether it was asked for, once. @param {any} media */
export function isAskedToPlay(media) {
  const found = asked !== "" && asked === String(media.ref);
  asked = "";
  return found;
}
