// While the server is gone it is asked for now and then; once it answers, what could not be asked is asked again.
import { get } from "./api.js";
import * as state from "./state.js";
import { effect } from "../vendor/preact.js";

const PAUSE = 3000;

/** Watch over the server as long as a page shows. @returns {() => void} ends it */
export function reconnecting() {
  let timer = 0;
  const ask = () => {
    timer = 0;
    // A page that nobody sees asks nothing.
    if (document.hidden) timer = window.setTimeout(ask, PAUSE);
    else get("/api/open").then(() => state.problem.peek()?.code === "offline" && void state.load(), () => state.online.peek() || (timer ||= window.setTimeout(ask, PAUSE)));
  };
  const stop = effect(() => {
    if (!state.online.value) timer ||= window.setTimeout(ask, PAUSE);
  });
  return () => (stop(), clearTimeout(timer));
}
