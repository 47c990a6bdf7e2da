// The steps of the view in the browser's history: Back undoes, Forward redoes, and each step knows where the grid stood.
import { signal } from "../vendor/preact.js";

export const canUndo = signal(false);
export const canRedo = signal(false);
/** Where the grid belongs once its rows are there; taken by the grid. */
export const restore = signal(/** @type {any} */ (null));

/** @type {() => any} */
let place = () => null;
let at = Number(history.state?.at) || 0;
let last = at;

function told() {
  canUndo.value = at > 0;
  canRedo.value = at < last;
}
told();

/** Say how the place in the grid is known. @param {() => any} how */
export function placedBy(how) {
  place = how;
}

/** Take a step; the place that is left is kept with it. @param {string} address */
export function push(address) {
  history.replaceState({ ...history.state, at, place: place() }, "");
  at += 1;
  last = at;
  history.pushState({ at }, "", address);
  told();
}

/** Change the step one is at. @param {string} address */
export function replace(address) {
  history.replaceState({ ...history.state, at }, "", address);
}

/** The browser went to another step. */
export function returned() {
  at = Number(history.state?.at) || 0;
  last = Math.max(last, at);
  restore.value = history.state?.place ?? null;
  told();
}

export function undo() {
  if (at > 0) history.back();
}

export function redo() {
  if (at < last) history.forward();
}
