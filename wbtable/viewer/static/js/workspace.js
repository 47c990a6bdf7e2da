// What the pages of a store share: where one is, links that change the page without loading it anew, answers, words.
import { ApiError, get, isCancelled, post } from "./api.js";
import { count } from "./numbers.js";
import { html, signal, useEffect, useState } from "../vendor/preact.js";

/**
 * @typedef {Record<string, string>} Place
 * @typedef {{found: any, error: ApiError | null, busy: boolean, again: () => void}} Answer
 */

/** Where one is: the parameters of the address. */
export const place = signal(/** @type {Place} */ ({}));
/** Changes when a page must read anew what it shows. */
export const refreshed = signal(0);

/** @param {Place} values */
export function address(values) {
  const kept = Object.entries(values).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const query = new URLSearchParams(Object.fromEntries(kept)).toString();
  return query ? `/?${query}` : "/?projects=all";
}

/** @param {string} project @param {Place} [more] */
export function projectLink(project, more = {}) {
  return address({ project, ...more });
}

/** @param {string} project @param {string} run */
export function runLink(project, run) {
  return address({ project, run });
}

/** The address of a version, or of an artifact. @param {string} name `project/name:vN` @param {Place} [more] */
export function versionLink(name, more = {}) {
  const [, project, artifact, version] = /^([^/]+)\/([^:]+)(?::(.+))?$/s.exec(name) ?? [null, "", name, ""];
  return address({ project, artifact, version: version ?? "", ...more });
}

/** @param {any} source */
export function tableLink(source) {
  return `/?source=${encodeURIComponent(JSON.stringify(source))}`;
}

/** A table that stands in a version. @param {string} version `project/name:vN` @param {string} path */
export function tableAt(version, path) {
  return tableLink(sourceAt(version, path));
}

/** What names a table that stands in a version. @param {string} version `project/name:vN` @param {string} path */
export function sourceAt(version, path) {
  const [, project, artifact, name] = /^([^/]+)\/([^:]+):(.+)$/s.exec(version) ?? [null, "", version, "latest"];
  return { kind: "table", tables: [{ project, artifact, version: name, path }] };
}

/**
 * Go to another place of the store.
 * @param {Place} next @param {boolean} [replace] whether Back passes over where one was
 */
export function go(next, replace = false) {
  const kept = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== "" && value !== undefined && value !== null));
  const to = address(kept);
  if (to !== location.pathname + location.search) history[replace ? "replaceState" : "pushState"]({}, "", to);
  place.value = kept;
}

/** Change some parameters of the address. @param {Place} change @param {boolean} [replace] */
export function set(change, replace = false) {
  go({ ...place.peek(), ...change }, replace);
}

/** @param {string} search */
export function placeOf(search) {
  const { projects, ...found } = Object.fromEntries(new URLSearchParams(search));
  return found;
}

/** What asks before a page goes on which something is not saved; it is told what goes on then. @type {{ask: ((go: () => void) => void) | null}} */
export const unsaved = { ask: null };

/** Back and Forward: the address is another one already; what is not saved stays until somebody agrees. */
export function returned() {
  const to = placeOf(location.search);
  if (!unsaved.ask) return void (place.value = to);
  history.pushState({}, "", address(place.peek()));
  unsaved.ask(() => go(to));
}

/** Links inside the store change the page; those to tables, and with a key held, are the browser's. @param {MouseEvent} event */
export function followed(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = /** @type {Element} */ (event.target).closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || link.target || link.origin !== location.origin || link.pathname !== "/") return;
  const params = new URLSearchParams(link.search);
  if (!params.has("project") && !params.has("projects")) return;
  event.preventDefault();
  const to = placeOf(link.search);
  if (unsaved.ask) unsaved.ask(() => follow(to));
  else follow(to);
}

/** @param {Place} to */
function follow(to) {
  go(to);
  document.querySelector("main")?.scrollTo(0, 0);
  /** @type {HTMLElement | null} */ (document.querySelector("h1"))?.focus({ preventScroll: true });
}

/**
 * An answer of the server, asked again when `key` changes or the page is refreshed; what was there stays until then.
 * @param {string | null} path null: ask nothing
 * @param {unknown} body sent, if there is one
 * @param {unknown} key what the answer is of: with another key nothing of the old stays
 * @returns {Answer}
 */
export function useAnswer(path, body = undefined, key = path) {
  const [state, setState_] = useState(/** @type {{key: unknown, found: any, error: any, busy: boolean}} */ ({ key, found: null, error: null, busy: Boolean(path) }));
  const setState = /** @type {(next: any) => void} */ (setState_);
  const [turn, setTurn] = useState(0);
  const asked = JSON.stringify([path, body]);
  useEffect(() => {
    if (!path) return;
    const control = new AbortController();
    setState((/** @type {any} */ old) => ({ key, found: old.key === key ? old.found : null, error: null, busy: true }));
    (body === undefined ? get(path, control.signal) : post(path, body, control.signal)).then(
      (found) => setState({ key, found, error: null, busy: false }),
      (error) => {
        if (control.signal.aborted || isCancelled(error)) return;
        const wrong = error instanceof ApiError ? error : new ApiError({ code: "page", message: String(error) }, 0);
        setState((/** @type {any} */ old) => ({ key, found: old.key === key ? old.found : null, error: wrong, busy: false }));
      },
    );
    return () => control.abort();
  }, [asked, turn, refreshed.value]);
  const isOld = state.key !== key;
  return { found: isOld ? null : state.found, error: isOld ? null : state.error, busy: state.busy || isOld, again: () => setTurn(turn + 1) };
}

/** @type {Map<string, any>} */
const parts = new Map();

/**
 * A part of the page whose script is loaded when it is first shown.
 * @param {string} id @param {() => Promise<any>} load
 * @returns {{part: any, broken: unknown}} nothing while it comes
 */
export function useLoaded(id, load) {
  const [, setTurn] = useState(0);
  const [broken, setBroken] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    if (!parts.has(id)) load().then((found) => (parts.set(id, found), setTurn(parts.size)), setBroken);
  }, [id]);
  return { part: parts.get(id), broken };
}

/** What stands in for an answer: that it is read, how long it takes, or what is wrong. @param {{answer: Answer, what: string}} props */
export function Waiting({ answer, what }) {
  const [slow, setSlow] = useState(0);
  useEffect(() => {
    const start = performance.now();
    const timer = setInterval(() => setSlow((performance.now() - start) / 1000), 500);
    return () => clearInterval(timer);
  }, []);
  if (answer.error) {
    return html`<div class="state" role="alert"><h2>${answer.error.code === "offline" ? "The server does not answer" : `${what} cannot be read`}</h2>
      <p>${answer.error.message}</p><div class="actions"><button class="btn" onClick=${answer.again}>Try again</button></div></div>`;
  }
  return html`<div class="waiting" role="status"><span class="dot"></span> Reading ${what.toLowerCase()}…${slow > 1.5 ? html` <span class="note">${slow.toFixed(0)} s</span>` : null}</div>`;
}

/** Nothing there, and what to do. @param {{title: string, children: any}} props */
export function Empty({ title, children }) {
  return html`<div class="state"><h2>${title}</h2>${children}</div>`;
}

/** What went wrong beside what is there. @param {{problems: string[], what: string}} props */
export function Problems({ problems, what }) {
  if (!problems.length) return null;
  return html`<details class="problems"><summary>${problems.length === 1 ? `Something of ${what} is damaged; the rest is shown` : `${count(problems.length)} things of ${what} are damaged; the rest is shown`}</summary>
    <ul>${problems.map((text) => html`<li>${text}</li>`)}</ul><p class="note"><code>wbtable verify</code> lists what is damaged, <code>wbtable repair</code> mends it from a copy.</p></details>`;
}

const SIGNS = /** @type {Record<string, [string, string]>} */ ({
  running: ["●", "running"], finished: ["✓", "finished"], failed: ["✕", "failed"], crashed: ["!", "crashed"], damaged: ["⚠", "cannot be read"],
});

/** The state of a run: a sign and a word. @param {{state: string, short?: boolean, note?: string}} props */
export function RunState({ state, short, note }) {
  const [sign, word] = SIGNS[state] ?? ["?", state];
  return html`<span class=${`run-state is-${state}`} title=${note ?? word}><i aria-hidden="true">${sign}</i><span class=${short ? "sr" : ""}>${word}</span></span>`;
}

/** @param {number | null | undefined} bytes */
export function sizeText(bytes) {
  if (bytes === null || bytes === undefined) return "—";
  let value = bytes;
  for (const unit of ["bytes", "kB", "MB", "GB", "TB"]) {
    if (value < 1000 || unit === "TB") return unit === "bytes" ? `${count(value)} ${value === 1 ? "byte" : unit}` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1000;
  }
  return "";
}

/** @param {number | null | undefined} seconds */
export function lengthText(seconds) {
  if (seconds === null || seconds === undefined) return "—";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const names = ["d", "h", "min", "s"];
  const first = parts.findIndex(Boolean);
  return [first, first + 1].filter((i) => i < 4 && parts[i]).map((i) => `${parts[i]} ${names[i]}`).join(" ");
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time as it is said now: "5 min ago"; in full behind it. @param {{at: string | null | undefined}} props */
export function When({ at }) {
  if (!at) return html`<span class="dim">—</span>`;
  const date = new Date(at);
  const ago = (Date.now() - date.getTime()) / 1000;
  const text = ago < 5 && ago > -60 ? "just now" : ago < 60 ? `${Math.round(ago)} s ago` : ago < 3600 ? `${Math.round(ago / 60)} min ago` : ago < 86400 ? `${Math.round(ago / 3600)} h ago` : ago < 30 * 86400 ? `${Math.round(ago / 86400)} d ago` : dates.format(date);
  return html`<time datetime=${at} title=${date.toLocaleString()}>${text}</time>`;
}

/** Some text, with a button that copies it. @param {{text: string, label: string}} props */
export function Copy({ text, label }) {
  const [done, setDone] = useState(false);
  const copy = () => navigator.clipboard?.writeText(text).then(() => (setDone(true), setTimeout(() => setDone(false), 1500)), () => undefined);
  return html`<button class="btn quiet copy" onClick=${copy} aria-label=${`Copy ${label}`}>${done ? "Copied" : "Copy"}</button>`;
}

/** Lines of code to try, with a button that copies them. @param {{text: string, label: string}} props */
export function Snippet({ text, label }) {
  return html`<div class="snippet"><pre tabindex="0" aria-label=${label}><code>${text}</code></pre><${Copy} text=${text} label=${label} /></div>`;
}

/** Which part of a list shows, and the way to the others. @param {{offset: number, size: number, total: number, noun: string, to: (offset: number) => void}} props */
export function Pager({ offset, size, total, noun, to }) {
  if (total <= size && offset === 0) return html`<p class="pager-line"><span>${count(total)} ${noun}</span></p>`;
  const end = Math.min(total, offset + size);
  return html`<nav class="pager-line" aria-label=${`Pages of ${noun}`}><button class="btn quiet icon" disabled=${offset === 0} aria-label="First page" onClick=${() => to(0)}>«</button>
    <button class="btn quiet icon" disabled=${offset === 0} aria-label="Previous page" onClick=${() => to(Math.max(0, offset - size))}>‹</button>
    <span role="status">${total ? `${count(offset + 1)}–${count(end)} of ${count(total)}` : 0} ${noun}</span>
    <button class="btn quiet icon" disabled=${end >= total} aria-label="Next page" onClick=${() => to(offset + size)}>›</button>
    <button class="btn quiet icon" disabled=${end >= total} aria-label="Last page" onClick=${() => to(Math.floor((total - 1) / size) * size)}>»</button></nav>`;
}

/**
 * Tabs as links: each has an address of its own.
 * @param {{name: string, tabs: {id: string, name: string, count?: number | null}[], now: string, link: (id: string) => string}} props
 */
export function Tabs({ name, tabs, now, link }) {
  return html`<nav class="tabs" aria-label=${name}>${tabs.map((tab) => html`<a key=${tab.id} href=${link(tab.id)} aria-current=${tab.id === now ? "page" : undefined}>${tab.name}${tab.count === undefined || tab.count === null ? null : html` <span class="of">${count(tab.count)}</span>`}</a>`)}</nav>`;
}

/** A search field that waits for a pause in typing. @param {{value: string, label: string, changed: (text: string) => void, hint?: string}} props */
export function Search({ value, label, changed, hint }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => changed(text), 200);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<input class="input search" type="search" data-search placeholder=${hint ?? label} aria-label=${label} value=${text}
    onInput=${(/** @type {any} */ event) => setText(event.target.value)}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && text && (event.stopPropagation(), setText(""), changed(""))} />`;
}
