// Two texts and how they differ, word by word: what went is struck through, what came is underlined; colour is the second sign only.
import { el } from "./dom.js";
import { isLong, longNode } from "./long_text.js";
import { count } from "./numbers.js";

export const UNITS = /** @type {const} */ (["words", "characters", "lines"]);
const PATIENCE = 700;
/** Characters of both that are compared: taking longer ones apart into words would hold up the page. */
const MOST = 500_000;

/** @param {string} text */
const whole = (text) => (isLong(text) ? longNode(text) : el("div", "diff-text", text));

/**
 * The parts of two texts.
 * @param {string} before @param {string} after @param {string} by one of UNITS
 * @returns {Promise<import("../vendor/diff.js").Part[] | null>} null: they differ too much to be told apart in time
 */
export async function partsOf(before, after, by) {
  const { diffChars, diffLines, diffWordsWithSpace } = await import("../vendor/diff.js");
  const run = { characters: diffChars, lines: diffLines }[by] ?? diffWordsWithSpace;
  return run(before, after, { timeout: PATIENCE }) ?? null;
}

/**
 * Two texts in one.
 * @param {string} before @param {string} after @param {string} by @param {[string, string]} names
 */
export function diffNode(before, after, by, names) {
  const box = el("div", "diff");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `${names[0]} and ${names[1]}`);
  if (before === after) {
    box.append(el("p", "note", `${names[0]} and ${names[1]} are equal.`), whole(after || "(empty)"));
    return box;
  }
  const isTooLong = before.length + after.length > MOST;
  box.append(el("p", "note", "Comparing…"));
  (isTooLong ? Promise.resolve(null) : partsOf(before, after, by)).then((parts) => {
    if (!parts) {
      const columns = el("div", "diff-two");
      for (const [name, text] of [[names[0], before], [names[1], after]]) {
        const side = el("div");
        side.append(el("h3", "", name), whole(text));
        columns.append(side);
      }
      box.replaceChildren(el("p", "note", `They ${isTooLong ? "are too long" : "differ too much"} to be compared here; both are shown whole.`), columns);
      return;
    }
    const text = el("div", "diff-text");
    text.dir = "auto";
    let gone = 0;
    let came = 0;
    for (const part of parts) {
      if (part.removed) gone += part.count;
      else if (part.added) came += part.count;
      const node = el(part.removed ? "del" : part.added ? "ins" : "span", "", part.value);
      text.append(node);
    }
    const unit = by === "characters" ? "characters" : by === "lines" ? "lines" : "words and blanks";
    box.replaceChildren(el("p", "note", `${count(gone)} ${unit} removed from ${names[0]}, ${count(came)} added in ${names[1]}.`), text);
  }, (error) => box.replaceChildren(el("p", "unshown", `They cannot be compared: ${error.message}`)));
  return box;
}
