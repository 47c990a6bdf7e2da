// What was saved before under a name, of views and of reports: a list of numbers, each to look at, and to be made the newest.
import { get, post } from "./api.js";
import { Refused, openDialog, useSending } from "./views_dialog.js";
import { count } from "./numbers.js";
import { When } from "./workspace.js";
import { html, useEffect, useState } from "../vendor/preact.js";

/**
 * @typedef {{number: number, created_at: string, title: string, description: string, view?: any, panels?: number, error?: string}} Saved
 * @typedef {{
 *   kind: "views" | "reports", project: string, name: string, title: string, now: number,
 *   words: (saved: Saved) => string, look: (number: number, newest: number) => void | Promise<void>, restored: (number: number) => void,
 * }} Numbers now: the number that shows
 */

/**
 * Make an old number the newest: it is appended once more, as it was.
 * @param {{kind: "views" | "reports", project: string, name: string}} of @param {number} number @param {number} newest that was seen
 * @returns {Promise<number>}
 */
export async function restore({ kind, project, name }, number, newest) {
  try {
    return (await post(`/api/${kind}`, { project, name, restore: number, number: newest })).number;
  } catch (error) {
    if (/** @type {any} */ (error).code !== "conflict") throw error;
    throw new Error("Somebody saved it meanwhile: look at the newest, then restore this one again if it is still what you want.");
  }
}

/** @param {Numbers} of */
export function openNumbers(of) {
  openDialog(`What was saved of “${of.title}”`, ({ close }) => html`<${List} of=${of} close=${close} />`, { wide: true });
}

/** @param {{of: Numbers, close: () => void}} props */
function List({ of, close }) {
  const [found, setFound] = useState(/** @type {Saved[]} */ ([]));
  const [newest, setNewest] = useState(-1);
  const [next, setNext] = useState(/** @type {number | null} */ (null));
  const more = useSending(async () => {
    const asked = new URLSearchParams({ project: of.project, name: of.name, ...(next === null ? {} : { before: String(next) }) });
    const answer = await get(`/api/${of.kind}/numbers?${asked}`);
    setFound([...found, ...answer.numbers]);
    setNewest(answer.newest);
    setNext(answer.next);
  });
  useEffect(() => void more.send(undefined), []);
  const look = useSending(async () => undefined);
  const act = (/** @type {() => void | Promise<void>} */ run) => async () => {
    look.setWrong(null);
    try {
      await run();
      close();
    } catch (error) {
      look.setWrong(error);
    }
  };
  const row = (/** @type {Saved} */ saved) => {
    const called = `number ${saved.number + 1}`;
    const isNow = saved.number === of.now;
    return html`<li key=${saved.number} aria-current=${isNow ? "true" : undefined}><div class="saved-what"><span><b>${count(saved.number + 1)}</b> ${saved.number === newest ? html`<span class="badge">newest</span>` : null}${isNow ? html`<span class="badge">shown</span>` : null}</span>
      ${saved.error ? html`<span class="wrong">Damaged: ${saved.error}</span>` : html`<span class="saved-words"><span dir="auto">${saved.title}</span><small dir="auto">${of.words(saved)}</small></span>`}</div>
      ${saved.error ? null : html`<span class="note"><${When} at=${saved.created_at} /></span><span class="saved-do">
        <button class="btn" disabled=${isNow} data-first=${!isNow && saved.number === newest - 1 ? "" : undefined} aria-label=${`Look at ${called}`} onClick=${act(() => of.look(saved.number, newest))}>Look</button>
        ${saved.number === newest ? null : html`<button class="btn" aria-label=${`Restore ${called} as the newest`} onClick=${act(async () => of.restored(await restore(of, saved.number, newest)))}>Restore</button>`}</span>`}</li>`;
  };
  return html`<p class="note">Each time that it is saved it gets a number, and none is ever taken away. Looking at an old one changes nothing; restoring saves it once more, as the newest.</p>
    <${Refused} wrong=${more.wrong ?? look.wrong} readOnly="Looking at what was saved works all the same." />
    <ul class="saved-list" aria-label="What was saved">${found.map(row)}</ul>
    ${more.busy ? html`<p class="note" role="status">Reading…</p>` : null}
    <div class="actions">${next !== null ? html`<button class="btn" disabled=${more.busy} onClick=${more.send}>Show older ones</button>` : null}<button class="btn" onClick=${close}>Close</button></div>`;
}
