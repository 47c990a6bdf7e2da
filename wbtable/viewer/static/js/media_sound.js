// Sounds: their shape, from the server, and one that plays at a time. Sides of a cell play from the same place.
import { el, svg } from "./dom.js";
import { playKey, positionOf } from "./media_link.js";
import { isGone, load, probe, reasonOf, whenSeen } from "./media_load.js";

/** @type {HTMLMediaElement | null} */
let playing = null;

/** Let this one sound alone, but for those that play together. @param {HTMLMediaElement} node @param {string} [together] */
export function alone(node, together) {
  node.dataset.together = together ?? "";
  node.addEventListener("play", () => {
    if (playing && playing !== node && !(together && playing.dataset.together === together)) playing.pause();
    playing = node;
  });
}

/** @param {number} seconds */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.floor(seconds);
  const rest = seconds < 10 ? `.${Math.floor((seconds - whole) * 10)}` : "";
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}${rest}`;
}

/** One sound with all the places where it shows. */
class Sound {
  /** @param {any} media @param {string} key */
  constructor(media, key) {
    this.media = media;
    this.place = positionOf(key);
    /** @type {HTMLAudioElement | null} */
    this.player = null;
    this.wrong = "";
    /** @type {Set<{node: Node, run: () => void}>} */
    this.views = new Set();
  }

  get seconds() {
    return Number(this.media.duration) || (Number.isFinite(this.player?.duration) ? Number(this.player?.duration) : 0);
  }

  get plays() {
    return Boolean(this.player && !this.player.paused);
  }

  get at() {
    return Math.min(this.place.value, this.seconds || Infinity);
  }

  /** @param {Node} node @param {() => void} run */
  watch(node, run) {
    this.views.add({ node, run });
    this.place.watch(node, run);
  }

  told() {
    let seen = false;
    for (const view of [...this.views]) {
      if (view.node.isConnected) (seen = true), view.run();
      else this.views.delete(view);
    }
    // Nobody could stop what shows nowhere any more; its place is kept.
    if (!seen && this.plays) this.player?.pause();
  }

  #ready() {
    if (this.player) return this.player;
    const player = (this.player = new Audio());
    player.preload = "auto";
    player.src = `/blob/${this.media.ref}`;
    alone(player);
    for (const name of ["play", "pause", "loadedmetadata"]) player.addEventListener(name, () => this.told());
    player.addEventListener("timeupdate", () => (player.paused || this.place.set(player.currentTime), this.told()));
    player.addEventListener("ended", () => (this.place.set(0), this.told()));
    player.addEventListener("error", () => {
      this.wrong = "This browser cannot play it.";
      probe(this.media, document.body).catch((error) => (this.wrong = reasonOf(error).text)).finally(() => this.told());
    });
    return player;
  }

  toggle() {
    const player = this.#ready();
    if (!player.paused) return player.pause();
    const from = this.at >= this.seconds - 0.05 ? 0 : this.at;
    if (Math.abs(player.currentTime - from) > 0.05) player.currentTime = from;
    player.play().catch(() => undefined);
  }

  /** @param {number} seconds */
  seek(seconds) {
    const to = Math.max(0, Math.min(seconds, this.seconds || seconds));
    if (this.player) this.player.currentTime = to;
    this.place.set(to);
    this.told();
  }
}

/** @type {Map<string, Sound>} */
const sounds = new Map();

/** @param {any} media @param {any} column @param {number | string} row */
function soundOf(media, column, row) {
  const link = playKey(media, column, row);
  const key = `${link}|${column?.name ?? ""}|${media.ref}`;
  let found = sounds.get(key);
  if (!found) {
    if (sounds.size > 200) for (const [old, sound] of sounds) if (!sound.plays) sounds.delete(old);
    sounds.set(key, (found = new Sound(media, link)));
  }
  return found;
}

/** The outline of a sound. @param {any} peaks @returns {SVGElement} */
function shape(peaks) {
  const n = Math.max(1, peaks.least.length);
  const root = svg("svg", { viewBox: `0 -1 ${n} 2`, preserveAspectRatio: "none", "aria-hidden": "true" });
  let path = "";
  peaks.least.forEach((/** @type {number} */ low, /** @type {number} */ i) => {
    const top = Math.max(peaks.greatest[i], 0.015);
    path += `M${i + 0.15} ${-top}h.7V${Math.max(-low, 0.015)}h-.7Z`;
  });
  root.append(svg("path", { d: path }));
  return root;
}

/**
 * The shape of a sound with the place where it plays.
 * @param {Sound} sound @param {number} points @param {HTMLElement} owner told when it cannot be read
 */
function wave(sound, points, owner) {
  const node = el("span", "wave");
  const done = el("span", "wave-done");
  whenSeen(node, () => load(`/peaks/${sound.media.ref}&points=${points}`, node).then(async (blob) => {
    const peaks = JSON.parse(await blob.text());
    if (!sound.media.duration) sound.media.duration = peaks.duration;
    done.append(shape(peaks));
    node.replaceChildren(shape(peaks), done);
    sound.told();
  }, (error) => {
    if (isGone(error)) return;
    const { word, text } = reasonOf(error);
    owner.title = text;
    node.classList.add("is-broken");
    node.replaceChildren(el("span", "sign", "⚠"), el("span", "why", owner.classList.contains("player") ? text : word));
    // There is no place to go to in it: the arrow keys lead on to others.
    for (const name of [...node.getAttributeNames()]) if (name === "role" || name.startsWith("aria-")) node.removeAttribute(name);
    if (node.tabIndex === 0) {
      node.setAttribute("role", "note");
      if (document.activeElement !== node) node.tabIndex = -1;
    }
  }));
  // Before it has played there is no place to mark.
  const move = () => (sound.seconds && sound.at ? node.style.setProperty("--at", `${(100 * sound.at) / sound.seconds}%`) : node.style.removeProperty("--at"));
  move();
  sound.watch(node, move);
  return node;
}

/** @param {HTMLElement} node @param {Sound} sound @param {MouseEvent} event */
function seekAt(node, sound, event) {
  const box = node.getBoundingClientRect();
  if (box.width) sound.seek(((event.clientX - box.left) / box.width) * sound.seconds);
}

/** @param {Sound} sound @param {string} name */
function playButton(sound, name) {
  const button = el("button", "play");
  const draw = () => {
    button.textContent = sound.wrong ? "⚠" : sound.plays ? "❚❚" : "▶";
    button.title = sound.wrong;
    button.setAttribute("aria-label", sound.wrong ? `${name} cannot be played: ${sound.wrong}` : `${sound.plays ? "Pause" : "Play"} ${name}`);
  };
  draw();
  sound.watch(button, draw);
  button.addEventListener("click", (event) => (event.stopPropagation(), sound.toggle()));
  return button;
}

/** Sound in a cell. @param {any} media @param {any} column @param {number | string} row @param {number} high */
export function soundCell(media, column, row, high) {
  const sound = soundOf(media, column, row);
  const box = el("span", `sound${high < 34 ? " is-low" : ""}`);
  const button = playButton(sound, media.caption ?? "sound");
  button.tabIndex = -1;
  const shown = wave(sound, 100, box);
  shown.addEventListener("click", (event) => {
    event.stopPropagation();
    seekAt(shown, sound, event);
    if (!sound.plays) sound.toggle();
  });
  const time = el("span", "time", clock(sound.seconds));
  sound.watch(time, () => (time.textContent = sound.plays || sound.at > 0 ? clock(sound.at) : clock(sound.seconds)));
  box.append(button, shown, time);
  if (high >= 100 && media.caption) box.append(el("span", "caption", String(media.caption)));
  return box;
}

/** Sound in the detail and over the whole page: a slider of its own for the keyboard. @param {any} media @param {any} column @param {number} row @param {boolean} large */
export function soundNode(media, column, row, large) {
  const sound = soundOf(media, column, row);
  const name = String(media.caption ?? "sound");
  const box = el("div", `player${large ? " is-large" : ""}`);
  const shown = wave(sound, large ? 1200 : 300, box);
  shown.tabIndex = 0;
  shown.setAttribute("role", "slider");
  shown.setAttribute("aria-label", `Place in ${name}`);
  shown.setAttribute("aria-valuemin", "0");
  const time = el("span", "time");
  const draw = () => {
    time.textContent = `${clock(sound.at)} / ${clock(sound.seconds)}`;
    if (shown.classList.contains("is-broken")) return;
    shown.setAttribute("aria-valuemax", sound.seconds.toFixed(2));
    shown.setAttribute("aria-valuenow", sound.at.toFixed(2));
    shown.setAttribute("aria-valuetext", `${clock(sound.at)} of ${clock(sound.seconds)}`);
  };
  draw();
  sound.watch(time, draw);
  shown.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    shown.focus();
    shown.setPointerCapture(event.pointerId);
    seekAt(shown, sound, event);
  });
  shown.addEventListener("pointermove", (event) => shown.hasPointerCapture(event.pointerId) && seekAt(shown, sound, event));
  shown.addEventListener("keydown", (event) => {
    if (shown.classList.contains("is-broken")) return;
    const step = event.shiftKey ? 0.1 : Math.max(0.5, sound.seconds / 50);
    const to = { ArrowRight: sound.at + step, ArrowUp: sound.at + step, ArrowLeft: sound.at - step, ArrowDown: sound.at - step, Home: 0, End: sound.seconds }[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " " || event.key === "Enter") sound.toggle();
    else if (to !== undefined) sound.seek(to);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const row2 = el("div", "controls");
  const wrong = el("span", "note");
  sound.watch(wrong, () => (wrong.textContent = sound.wrong));
  row2.append(playButton(sound, name), time, wrong);
  box.append(shown, row2);
  return box;
}
