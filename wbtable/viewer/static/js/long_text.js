// Text of any length: what is longer than a part shows part by part and says which; all of it can be copied and saved.
import { copyText } from "./clipboard.js";
import { el } from "./dom.js";
import { count } from "./numbers.js";

/** The most that is laid out at once: a browser takes seconds for a megabyte, and minutes for ten in one line. */
const PART = 50_000;

/** @param {string} text */
export const isLong = (text) => text.length > PART;

/** Whether a place is in the middle of a character of two units. @param {string} text @param {number} at */
const isInside = (text, at) => (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;

/** How many characters a piece has. @param {string} text @param {number} from @param {number} to */
export function characters(text, from = 0, to = text.length) {
  let found = to - from;
  for (let at = from + 1; at < to; at += 1) if (isInside(text, at)) found -= 1;
  return found;
}

/** Where parts begin, and the end: behind a line, else behind a blank, never inside of a character. @param {string} text @returns {number[]} */
export function partsOf(text) {
  const found = [0];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + PART);
    if (to < text.length) {
      const half = from + PART / 2;
      const line = text.lastIndexOf("\n", to - 1);
      const blank = text.lastIndexOf(" ", to - 1);
      if (line >= half) to = line + 1;
      else if (blank >= half) to = blank + 1;
      else if (isInside(text, to)) to -= 1;
    }
    found.push(to);
    from = to;
  }
  return found;
}

/** @param {string} text @param {string} name */
function save(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = /** @type {HTMLAnchorElement} */ (el("a"));
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A long text part by part. @param {string} text @param {string} [name] what it is of */
export function longNode(text, name = "") {
  const starts = partsOf(text);
  const before = [0];
  for (let i = 1; i < starts.length; i += 1) before.push(before[i - 1] + characters(text, starts[i - 1], starts[i]));
  const last = starts.length - 2;
  const box = el("div", "lines long");
  const bar = el("div", "parts");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Parts of the text");
  const code = el("pre");
  code.tabIndex = 0;
  code.dir = "auto";
  const said = el("span", "note");
  said.setAttribute("role", "status");
  let now = 0;
  const show = (/** @type {number} */ at) => {
    now = Math.max(0, Math.min(last, at));
    code.textContent = text.slice(starts[now], starts[now + 1]);
    code.scrollTop = 0;
    said.textContent = `Characters ${count(before[now] + 1)} to ${count(before[now + 1])} of ${count(before[last + 1])}`;
    for (const [button, to] of goes) {
      // One that has the keyboard keeps it.
      button.setAttribute("aria-disabled", String(to() === now));
    }
  };
  /** @type {[HTMLElement, () => number][]} */
  const goes = (/** @type {[string, string, () => number][]} */ ([
    ["«", "First part", () => 0], ["‹", "Previous part", () => Math.max(0, now - 1)], ["›", "Next part", () => Math.min(last, now + 1)], ["»", "Last part", () => last],
  ])).map(([sign, name, to]) => {
    const button = el("button", "btn quiet icon", sign);
    button.setAttribute("aria-label", name);
    button.title = name;
    button.addEventListener("click", () => show(to()));
    return [button, to];
  });
  const copy = el("button", "btn", "Copy all");
  copy.addEventListener("click", async () => (copy.textContent = (await copyText(text)) ? "Copied" : "The browser did not let the page copy"));
  const keep = el("button", "btn", "Save as a file");
  keep.addEventListener("click", () => save(text, `${name.replace(/[^\w-]+/g, "_").slice(0, 40) || "text"}.txt`));
  bar.append(goes[0][0], goes[1][0], said, goes[2][0], goes[3][0], el("span", "gap"), copy, keep);
  box.append(bar, code);
  show(0);
  return box;
}
