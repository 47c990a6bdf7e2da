// The beginning: enter with the token of the address, see what is open, show it.
import { ApiError, enter, get, watchServer } from "./api.js";
import { Home } from "./home.js";
import { fetchRest } from "./lazily.js";
import { TablePage } from "./page.js";
import { Crumbs, titled } from "./sources.js";
import * as state from "./state.js";
import { beginKept } from "./views.js";
import { effect, html, render } from "../vendor/preact.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));

/** @param {string} heading @param {string} text @param {boolean} [retry] */
function message(heading, text, retry) {
  root.textContent = "";
  render(html`<main class="center"><div class="state" role="alert"><h2>${heading}</h2><p>${text}</p>
    ${retry ? html`<div class="actions"><button class="btn" onClick=${() => location.reload()}>Try again</button></div>` : null}</div></main>`, root);
}

async function begin() {
  try {
    const theme = localStorage.getItem("wbtable-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // A browser that keeps nothing: the system's choice holds.
  }
  try {
    await enter();
    const opened = (state.opened.value = await get("/api/open"));
    const params = new URLSearchParams(location.search);
    const { start } = opened;
    root.textContent = "";
    const isPlain = [...params].length === 0;
    if (params.has("source") || params.has("named") || start.page === "table" && !params.has("project") && !params.has("projects")) {
      if (isPlain && start.view) {
        state.takeView({ ...start.view, source: start.view.source ?? start.source });
      } else {
        const wrong = state.takeAddress(start.source);
        if (wrong.length) state.said.value = `The address has parts that could not be read: ${wrong.join(", ")}`;
      }
      await beginKept(params);
      const { source } = /** @type {any} */ (state.spec.value);
      state.title.value = titled(source, opened);
      document.title = `${state.title.value} · wbtable`;
      effect(() => {
        state.title.value = titled(state.spec.value.source, opened);
        document.title = `${state.title.value} · wbtable`;
      });
      addEventListener("popstate", () => state.returned(start.source));
      render(html`<${TablePage} crumbs=${html`<${Crumbs} />`} />`, root);
      await Promise.race([state.load(), new Promise((done) => setTimeout(done, 2000))]);
      await fetchRest();
      return;
    }
    const { projects, ...asked } = Object.fromEntries(params);
    const place = params.has("project") || projects !== undefined ? asked : start;
    render(html`<${Home} place=${place} opened=${opened} />`, root);
  } catch (error) {
    const found = error instanceof ApiError ? error : new ApiError({ code: "page", message: String(error) }, 0);
    if (found.status === 401) message("This page needs its address again", "Open the whole address that “wbtable view” printed, with what stands behind its #: that lets this browser in. If it is gone, start “wbtable view” again.");
    else if (found.code === "offline") message("The server does not answer", "Is “wbtable view” still running? Start it again and open the address that it prints.", true);
    else message("The page cannot begin", found.message, true);
  }
}

watchServer((online) => (state.online.value = online));
void begin();
