// Parts of the page that are not there from the beginning: each comes when it is first shown, or once there is time.
import { html, useEffect, useState } from "../vendor/preact.js";

/** Milliseconds after which there is no better time. */
const LATE = 1000;

/** @type {(() => Promise<unknown>)[]} */
const waiting = [];

/**
 * A component whose module is imported when it is first shown, at the latest.
 * @param {() => Promise<any>} load gives the component
 */
export function lazily(load) {
  /** @type {any} */
  let Part = null;
  /** @type {Promise<unknown> | null} */
  let coming = null;
  const come = () => (coming ??= load().then((found) => (Part = found)).finally(() => (coming = null)));
  waiting.push(() => (Part ? Promise.resolve() : come()));
  return function Lazy(/** @type {any} */ props) {
    const [turn, setTurn] = useState(0);
    const [wrong, setWrong] = useState(/** @type {unknown} */ (null));
    useEffect(() => {
      if (!Part && !wrong) come().then(() => setTurn(turn + 1), setWrong);
    }, [wrong]);
    if (Part) return html`<${Part} ...${props} />`;
    return wrong ? html`<div class="banner error" role="alert">This part of the page cannot be loaded: ${String(wrong)} <span class="gap"></span><button class="btn" onClick=${() => setWrong(null)}>Try again</button></div>` : null;
  };
}

/** Import what has not been shown yet, as soon as the browser has nothing better to do: nobody is to wait for it later. */
export async function fetchRest() {
  await new Promise((done) => ("requestIdleCallback" in window ? requestIdleCallback(done, { timeout: LATE }) : setTimeout(done, LATE / 10)));
  await Promise.allSettled(waiting.map((come) => come()));
}
