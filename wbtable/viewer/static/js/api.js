// Asking the server. Every error becomes an ApiError with the server's words; nothing is asked of any other place.

export class ApiError extends Error {
  /** @param {{code: string, message: string, place?: string, span?: [number, number], suggestion?: string}} found @param {number} status */
  constructor(found, status) {
    super(found.message);
    this.code = found.code;
    this.place = found.place;
    this.span = found.span;
    this.suggestion = found.suggestion;
    this.status = status;
  }
}

/** @type {Set<(online: boolean) => void>} */
const watchers = new Set();

/** Be told when the server cannot be reached, and when it can again. @param {(online: boolean) => void} watcher */
export function watchServer(watcher) {
  watchers.add(watcher);
}

/** @param {boolean} online */
function told(online) {
  for (const watcher of watchers) watcher(online);
}

/** @typedef {{done: number | null, seconds: number}} Ordering @type {Set<(options: RequestInit, ordering: Ordering | null) => void>} */
const waiters = new Set();

/** Be told when a question waits for the order of its rows and how far that is, and when it ends. @param {(options: RequestInit, ordering: Ordering | null) => void} waiter */
export function watchOrdering(waiter) {
  waiters.add(waiter);
}

/** @param {RequestInit} options @param {Ordering | null} ordering */
function waits(options, ordering) {
  for (const waiter of waiters) waiter(options, ordering);
}

/**
 * @param {string} path @param {RequestInit} options
 * @returns {Promise<any>}
 */
async function request(path, options) {
  let answer;
  try {
    // 202: the server finds the order of the rows first, and says how far it is; whoever needs them asks again.
    while ((answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options })).status === 202) waits(options, (await answer.json()).ordering);
    waits(options, null);
  } catch (error) {
    waits(options, null);
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    told(false);
    throw new ApiError({ code: "offline", message: "The server does not answer. Is “wbtable view” still running?" }, 0);
  }
  told(true);
  let body;
  try {
    body = await answer.json();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ code: "answer", message: `The server answered ${answer.status} without an explanation.` }, answer.status);
  }
  if (!answer.ok) throw new ApiError(body.error ?? { code: "unknown", message: `The server answered ${answer.status}.` }, answer.status);
  return body;
}

/** @param {string} path @param {AbortSignal} [signal] */
export function get(path, signal) {
  return request(path, { signal });
}

/** @param {string} path @param {unknown} body @param {AbortSignal} [signal] */
export function post(path, body, signal) {
  return request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
}

/** What the values of an expression are; throws what is wrong with it. @param {{view: any, expression: string, at: string}} asked @returns {Promise<any>} */
export async function checkExpression(asked) {
  const found = await post("/api/check", asked);
  if (found.wrong) throw new ApiError(found.wrong, 400);
  return found;
}

/** Whether an error says that a question was withdrawn. @param {unknown} error */
export function isCancelled(error) {
  return (error instanceof DOMException && error.name === "AbortError") || (error instanceof ApiError && error.status === 499);
}

/** Begin with the token of the address, which is then erased. Returns whether there was one. */
export async function enter() {
  const found = /(?:^#|&)token=([^&]+)/.exec(location.hash);
  if (!found) return false;
  history.replaceState(history.state, "", location.pathname + location.search);
  await post("/api/session", { token: decodeURIComponent(found[1]) });
  return true;
}

/**
 * Save an answer as a file.
 * @param {unknown} body @param {string} name
 */
export async function download(body, name) {
  const answer = await fetch("/api/export", {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) {
    const found = await answer.json().catch(() => ({}));
    throw new ApiError(found.error ?? { code: "unknown", message: `The server answered ${answer.status}.` }, answer.status);
  }
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
