// What media are made of is asked for when somebody looks at it: a few at once, the newest first, nothing for what has left the screen.
import { ApiError } from "./api.js";

const AT_ONCE = 4;
const KEPT = 48 << 20;
/** The code of a failure that does not say what it is. */
const UNTOLD = "unknown";

/** @typedef {{url: string, headers: Record<string, string>, owners: Set<Node>, control: AbortController, promise: Promise<Blob>, resolve: (blob: Blob) => void, reject: (error: unknown) => void, runs: boolean}} Job */

/** @type {Map<string, Job>} */
const jobs = new Map();
/** @type {Job[]} */
const waiting = [];
let running = 0;
/** @type {Map<string, {blob: Blob, src: string}>} */
const kept = new Map();
let size = 0;
/** What failed and will fail again. @type {Map<string, ApiError>} */
const failures = new Map();

/** @param {Job} job */
const isWanted = (job) => [...job.owners].some((owner) => owner.isConnected);
const gone = () => new DOMException("nobody looks any more", "AbortError");

/** What gives bytes where there is no server. @type {((url: string) => Blob | null) | null} */
let own = null;

/** Take what is loaded from something else than the server: a file has it in itself. @param {(url: string) => Blob | null} find */
export function bytesFrom(find) {
  own = find;
}

/**
 * Load something of the server's. Rejects with AbortError if its owner leaves the page before.
 * @param {string} url @param {Node} owner what shows it @param {Record<string, string>} [headers] that are sent
 * @returns {Promise<Blob>}
 */
export function load(url, owner, headers = {}) {
  if (own) {
    const blob = own(url);
    return blob ? Promise.resolve(blob) : Promise.reject(new ApiError({ code: "not_found", message: "It is not in this file." }, 404));
  }
  const had = kept.get(url);
  if (had) {
    kept.delete(url);
    kept.set(url, had);
    return Promise.resolve(had.blob);
  }
  const failed = failures.get(url);
  if (failed) return Promise.reject(failed);
  let job = jobs.get(url);
  // One that nobody wanted any more is on its way out: what is wanted now is asked for anew.
  if (!job || job.control.signal.aborted) {
    /** @type {any} */
    const made = { url, headers, owners: new Set(), control: new AbortController(), runs: false };
    made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    job = /** @type {Job} */ (made);
    jobs.set(url, job);
  } else if (!job.runs) waiting.splice(waiting.indexOf(job), 1);
  job.owners.add(owner);
  if (!job.runs) waiting.push(job);
  // Its owner is put into the page after this.
  setTimeout(pump);
  return job.promise;
}

function pump() {
  for (const job of jobs.values()) if (job.runs && !isWanted(job)) job.control.abort();
  while (running < AT_ONCE && waiting.length) {
    const job = /** @type {Job} */ (waiting.pop());
    if (isWanted(job)) void run(job);
    else {
      jobs.delete(job.url);
      job.reject(gone());
    }
  }
}

/** @param {Job} job */
async function run(job) {
  job.runs = true;
  running += 1;
  try {
    const answer = await fetch(job.url, { credentials: "same-origin", signal: job.control.signal, headers: job.headers });
    // Of nothing there is no first byte.
    if (!answer.ok && answer.status !== 416) throw await errorOf(answer);
    const blob = await answer.blob();
    keep(job.url, blob);
    job.resolve(blob);
  } catch (error) {
    // Only what the server said itself is remembered.
    if (error instanceof ApiError && [404, 422].includes(error.status) && error.code !== UNTOLD) failures.set(job.url, error);
    const isOffline = !(error instanceof ApiError) && !(error instanceof DOMException);
    job.reject(isOffline ? new ApiError({ code: "offline", message: "The server does not answer." }, 0) : error);
  } finally {
    if (jobs.get(job.url) === job) jobs.delete(job.url);
    running -= 1;
    pump();
  }
}

/** What went wrong. Rejects as reading does: an answer that was left before its end says nothing. @param {Response} answer */
async function errorOf(answer) {
  const text = await answer.text();
  let told;
  try {
    told = JSON.parse(text).error;
  } catch {
    // None of the server's own answers.
  }
  return new ApiError(told ?? { code: UNTOLD, message: `The server answered ${answer.status}.` }, answer.status);
}

/** @param {string} url @param {Blob} blob */
function keep(url, blob) {
  if (blob.size > KEPT / 4 || kept.has(url)) return;
  kept.set(url, { blob, src: "" });
  size += blob.size;
  for (const [old, found] of kept) {
    if (size <= KEPT) break;
    kept.delete(old);
    size -= found.blob.size;
    if (found.src) URL.revokeObjectURL(found.src);
  }
}

/** An address of this page's own for bytes that were loaded; equal bytes have one. @param {string} url @param {Blob} blob */
export function srcOf(url, blob) {
  const found = kept.get(url);
  if (!found) return URL.createObjectURL(blob);
  if (!found.src) found.src = URL.createObjectURL(blob);
  return found.src;
}

/** The bytes that were loaded already. @param {string} url */
export function loadedSrc(url) {
  const found = kept.get(url);
  return found ? srcOf(url, found.blob) : null;
}

/** Whether a blob is there and whole; asks for one byte. @param {any} media @param {Node} owner @returns {Promise<void>} */
export async function probe(media, owner) {
  void owner;
  const answer = await fetch(`/blob/${media.ref}`, { credentials: "same-origin", headers: { Range: "bytes=0-0" } }).catch(() => null);
  const silent = () => new ApiError({ code: "offline", message: "The server does not answer." }, 0);
  if (!answer) throw silent();
  if (!answer.ok && answer.status !== 416) throw await errorOf(answer).catch(silent);
}

/** Say on a button, once it is seen, what is wrong with what it shows by its name only. @param {any} media @param {HTMLElement} button @param {HTMLElement} text */
export function sayBroken(media, button, text) {
  whenSeen(button, () => checked(media, button).catch((error) => {
    if (isGone(error)) return;
    const { word, text: why } = reasonOf(error);
    text.textContent = `⚠ ${word}`;
    button.title = why;
    button.setAttribute("aria-label", `${word}: ${why}`);
  }));
}

/** The same, asked for in its turn like all that is loaded, and once: for what shows itself by its name only. @param {any} media @param {Node} owner @returns {Promise<unknown>} */
export function checked(media, owner) {
  // Behind # nothing is sent: it tells this from the whole blob.
  return load(`/blob/${media.ref}#first`, owner, { Range: "bytes=0-0" });
}

const WORDS = /** @type {Record<string, string>} */ ({ not_found: "missing", damaged: "damaged", unsupported: "not shown", limit: "too large", offline: "no answer" });

/** Why something does not show: one word, and a sentence. @param {unknown} error */
export function reasonOf(error) {
  const found = error instanceof ApiError ? error : null;
  return { word: WORDS[found?.code ?? ""] ?? "not shown", text: found?.message ?? "It cannot be shown." , again: !found || found.status === 0 || found.status === 503 };
}

/** @param {unknown} error */
export const isGone = (error) => error instanceof DOMException && error.name === "AbortError";

/** @type {WeakMap<Element, () => void>} */
const unseen = new WeakMap();
const watcher = typeof IntersectionObserver === "undefined" ? null : new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    const run = unseen.get(entry.target);
    watcher?.unobserve(entry.target);
    unseen.delete(entry.target);
    run?.();
  }
}, { rootMargin: "80px" });

/** Run something once a node is seen. @param {Element} node @param {() => void} run */
export function whenSeen(node, run) {
  if (!watcher) return run();
  unseen.set(node, run);
  watcher.observe(node);
}
