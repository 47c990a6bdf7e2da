// A report as one file: what it is, how far it is, and the command that makes the same.
import { openDialog, useSending } from "./views_dialog.js";
import { ApiError } from "./api.js";
import { quoted } from "./share.js";
import { Copy } from "./workspace.js";
import * as state from "./state.js";
import { html, useRef, useState } from "../vendor/preact.js";

/** @param {string} project @param {string} name @param {any} found */
export function openExport(project, name, found) {
  openDialog("Export the report", ({ close }) => html`<${Export} project=${project} name=${name} found=${found} close=${close} />`);
}

/** @param {{project: string, name: string, found: any, close: () => void}} props */
function Export({ project, name, found, close }) {
  const control = useRef(/** @type {AbortController | null} */ (null));
  const [left, setLeft] = useState(/** @type {number | null} */ (null));
  const { busy, wrong, send } = useSending(async () => {
    const made = (control.current = new AbortController());
    const answer = await fetch("/api/reports/export", {
      method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, signal: made.signal,
      body: JSON.stringify({ project, name, number: found.number }),
    });
    if (!answer.ok) {
      const body = await answer.json().catch(() => ({}));
      throw new ApiError(body.error ?? { code: "unknown", message: `The server answered ${answer.status}.` }, answer.status);
    }
    const url = URL.createObjectURL(await answer.blob());
    const link = document.createElement("a");
    link.href = url;
    link.download = `${name.replace(/[^\w.-]+/g, "_").slice(0, 60) || "report"}.html`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    setLeft(Number(answer.headers.get("x-wbtable-left-out") ?? 0));
  });
  const command = `wbtable report ${quoted(project)} ${quoted(name)} --store ${quoted(state.opened.value?.store?.url ?? "STORE")} -o report.html`;
  return html`<form onSubmit=${send}><p>One HTML file that opens anywhere, without a server and without a network. Its tables still sort and filter, its sounds and videos play.
      It holds at most 50 MB of rows and media, and says what is not in it.</p>
    ${wrong && wrong.name !== "AbortError" ? html`<p class="wrong" role="alert">${wrong.message}</p>` : null}
    ${left !== null ? html`<p role="status">The file is made${left ? `; it says in ${left === 1 ? "one place" : `${left} places`} what is not in it` : ", with everything in it"}.</p>` : null}
    ${busy ? html`<p class="note" role="status"><span class="dot"></span> Reading rows and media…</p>` : null}
    <div class="actions">${busy ? html`<button type="button" class="btn" onClick=${() => control.current?.abort()}>Stop</button>` : html`<button class="btn primary" data-first>${left === null ? "Make the file" : "Make it again"}</button>`}
      <button type="button" class="btn" onClick=${close}>Close</button></div>
    <section class="shared"><div class="head-line"><h3>Command</h3><span class="note">The same on the command line.</span><span class="gap"></span><${Copy} text=${command} label="command" /></div><pre tabindex="0" aria-label="Command"><code>${command}</code></pre></section></form>`;
}
