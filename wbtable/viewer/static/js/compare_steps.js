// Versions of an artifact, and steps at which a run logged a table, on a slider: each side has its own.
import { get } from "./api.js";
import { show } from "./compare_state.js";
import * as state from "./state.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

/** @typedef {{version: string, label: string, title: string}} Step */

/** @type {Map<string, Promise<Step[]>>} */
const known = new Map();
const MOST = 2000;

/** The versions of a place's artifact, the oldest first; with the step where a run logged them. @param {any} place @returns {Promise<Step[]>} */
async function read(place) {
  /** @type {any[]} */
  const versions = [];
  for (let before = ""; versions.length < MOST;) {
    const found = await get(`/api/versions?${new URLSearchParams({ project: place.project, artifact: place.artifact, count: "1000", ...(before ? { before } : {}) })}`);
    versions.push(...found.versions.filter((/** @type {any} */ each) => each.version && !each.error));
    if (found.next === null || found.next === undefined) break;
    before = String(found.next);
  }
  versions.reverse();
  /** @type {Map<string, number>} */
  const steps = new Map();
  const runs = new Set(versions.map((each) => each.logged_by).filter(Boolean));
  // Only what one run logged under one key has steps to name.
  if (runs.size === 1) {
    const [project, run] = /** @type {string} */ ([...runs][0]).split("/");
    const found = await get(`/api/run?${new URLSearchParams({ project, run })}`).catch(() => null);
    for (const table of found?.tables ?? []) for (const step of table.steps) if (step.artifact.startsWith(`${place.project}/${place.artifact}:`) && step.step !== null) steps.set(step.artifact, step.step);
  }
  return versions.map((each) => {
    const step = steps.get(`${place.project}/${place.artifact}:${each.version}`);
    const made = new Date(each.created_at);
    return { version: each.version, label: step === undefined ? each.version : `step ${step}`, title: [each.version, ...each.aliases, Number.isNaN(made.getTime()) ? "" : made.toLocaleString()].filter(Boolean).join(" · ") };
  });
}

/** @param {any} place @returns {Promise<Step[]>} */
export function stepsOf(place) {
  const key = `${place.project}/${place.artifact}`;
  let found = known.get(key);
  if (!found) {
    known.set(key, (found = read(place)));
    found.catch(() => known.delete(key));
  }
  return found;
}

/** @param {{place: any, put: (place: any) => void, name: string, isLarge?: boolean}} props */
export function Stepper({ place, put, name, isLarge }) {
  const [steps, setSteps] = useState(/** @type {Step[]} */ ([]));
  const [drag, setDrag] = useState(/** @type {number | null} */ (null));
  const timer = useRef(0);
  useEffect(() => {
    let on = true;
    setDrag(null);
    if (place.url || !place.project) setSteps([]);
    else stepsOf(place).then((found) => on && setSteps(found), () => on && setSteps([]));
    return () => void (on = false);
  }, [place.project, place.artifact, place.version]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const now = steps.findIndex((step) => step.version === place.version);
  if (steps.length < 2 || now < 0) return null;
  const at = drag ?? now;
  const go = (/** @type {number} */ to) => {
    const next = Math.max(0, Math.min(steps.length - 1, to));
    setDrag(next);
    clearTimeout(timer.current);
    // Who drags passes versions that nobody asks for.
    timer.current = window.setTimeout(() => next !== now && put({ project: place.project, artifact: place.artifact, version: steps[next].version, path: place.path }), 150);
  };
  return html`<span class=${`stepper${isLarge ? " is-large" : ""}`} title=${steps[at].title}>
    <button class="chip-x" aria-label=${`Earlier version, ${name}`} disabled=${at === 0} onClick=${() => go(at - 1)}>‹</button>
    <input type="range" min="0" max=${steps.length - 1} value=${at} aria-label=${`Version, ${name}`} aria-valuetext=${steps[at].title} onInput=${(/** @type {any} */ event) => go(Number(event.target.value))} />
    <button class="chip-x" aria-label=${`Later version, ${name}`} disabled=${at === steps.length - 1} onClick=${() => go(at + 1)}>›</button>
    ${isLarge || at !== now || !steps[at].label.startsWith("v") ? html`<span class="step-label">${steps[at].label}</span>` : null}</span>`;
}

/** The slider of a page with one table. */
export function OneStepper() {
  const source = /** @type {any} */ (state.spec.value.source);
  const [place] = source?.tables ?? [];
  if (source?.kind !== "table" || !place?.project) return null;
  return html`<${Stepper} isLarge place=${place} name="the table" put=${(/** @type {any} */ to) => void show({ kind: "table", tables: [to] }, `${to.artifact}:${to.version}`)} />`;
}
