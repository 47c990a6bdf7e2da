// A dialog that a component fills; what had the focus has it again when it closes.
import { keepFocus } from "./focus.js";
import { html, render, useState } from "../vendor/preact.js";

/**
 * Open a dialog.
 * @param {string} title @param {(props: {close: () => void}) => any} Inside @param {{wide?: boolean}} [how]
 */
export function openDialog(title, Inside, how = {}) {
  const giveBack = keepFocus();
  const dialog = document.createElement("dialog");
  dialog.className = `asking${how.wide ? " wide" : ""}`;
  dialog.setAttribute("aria-label", title);
  const close = () => dialog.close();
  dialog.addEventListener("close", () => {
    render(null, dialog);
    dialog.remove();
    giveBack();
  });
  document.body.append(dialog);
  render(html`<header><h2>${title}</h2><button class="btn quiet icon" aria-label="Close" onClick=${close}>×</button></header>
    <div class="inside"><${Inside} close=${close} /></div>`, dialog);
  dialog.showModal();
  /** @type {HTMLElement | null} */ (dialog.querySelector("[data-first]") ?? dialog.querySelector(".inside input, .inside select, .inside textarea") ?? dialog.querySelector(".inside button"))?.focus();
}

/** What happens once a form is sent: busy, wrong, done. @param {() => Promise<void>} run */
export function useSending(run) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(/** @type {any} */ (null));
  const send = async (/** @type {Event | undefined} */ event) => {
    event?.preventDefault();
    if (busy) return;
    setBusy(true);
    setWrong(null);
    try {
      await run();
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  return { busy, wrong, send, setWrong };
}

/** What is wrong, in words that say what to do. @param {{wrong: any, readOnly: string}} props */
export function Refused({ wrong, readOnly }) {
  if (!wrong) return null;
  if (wrong.code === "read_only") return html`<p class="wrong" role="alert">The server only reads: it was started with <code>--read-only</code>. ${readOnly}</p>`;
  return html`<p class="wrong" role="alert">${wrong.message}</p>`;
}
