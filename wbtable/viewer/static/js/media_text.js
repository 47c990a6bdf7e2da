// Media that are read: molecules, and what nothing draws, as text.
import { el } from "./dom.js";
import { isLong, longNode } from "./long_text.js";
import { load, reasonOf, whenSeen } from "./media_load.js";
import { count } from "./numbers.js";

const LINES = 400;
const MOST = 8 << 20;

/** Text in one piece, its beginning with a button for the rest, or part by part. @param {string} text @param {number} most lines @param {string} [name] */
export function linesNode(text, most, name) {
  if (isLong(text)) return longNode(text, name);
  const box = el("div", "lines");
  const code = el("pre");
  code.tabIndex = 0;
  code.dir = "auto";
  const lines = text.split("\n");
  code.textContent = lines.slice(0, most).join("\n");
  box.append(code);
  if (lines.length > most) {
    const more = el("button", "btn", `Show all ${count(lines.length)} lines`);
    more.addEventListener("click", () => ((code.textContent = text), more.remove()));
    box.append(more);
  }
  return box;
}

/**
 * A blob as text.
 * @param {any} media @param {boolean} large @param {(text: string) => string} [tidy]
 */
export function textNode(media, large, tidy = (text) => text) {
  const box = el("div", `text${large ? " is-large" : ""}`);
  box.append(el("p", "note", "Reading…"));
  const wrong = (/** @type {string} */ text) => {
    const note = el("p", "unshown");
    note.append(el("span", "sign", "⚠"), el("span", "", text));
    box.replaceChildren(note);
  };
  whenSeen(box, () => {
    if (Number(media.size) > MOST) return wrong(`It has ${count(media.size)} bytes, and text is shown up to ${count(MOST)}: download it.`);
    load(`/blob/${media.ref}`, box).then(async (blob) => {
      const bytes = new Uint8Array(await blob.arrayBuffer());
      if (bytes.subarray(0, 4096).includes(0)) return wrong("It is no text: download it.");
      const text = new TextDecoder("utf-8").decode(bytes);
      let shown = text;
      try {
        shown = tidy(text);
      } catch {
        // As it is, then.
      }
      box.replaceChildren(linesNode(shown, large ? 4 * LINES : 24));
    }, (error) => error.name !== "AbortError" && wrong(reasonOf(error).text));
  });
  return box;
}
