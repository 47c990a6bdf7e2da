// Copying text, also where the page has no secure origin.
import { el } from "./dom.js";
import { keepFocus } from "./focus.js";

/** @param {string} text @returns {Promise<boolean>} whether it was copied */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP, or refused: the older way may still be there.
    const giveBack = keepFocus();
    const field = /** @type {HTMLTextAreaElement} */ (el("textarea", "sr"));
    field.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    let ok = false;
    try {
      ok = document.execCommand("copy");
    } catch {
      ok = false;
    }
    field.remove();
    giveBack();
    return ok;
  }
}
