// Markdown as nodes (spec 18, REPORT-4): HTML in it stays text, links go where a person may go, pictures are named by digest.
import { el } from "./dom.js";
import { Lexer } from "../vendor/marked.js";

/**
 * @typedef {(digest: string) => string | null | Promise<string | null>} PictureUrl where the bytes of a picture are; null: it is not here
 */

const DIGEST = /^SHA-256:([0-9a-f]{64})$/;
const NAMED = new Map(Object.entries({
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", reg: "®", hellip: "…", ndash: "–", mdash: "—", times: "×",
  le: "≤", ge: "≥", ne: "≠", larr: "←", rarr: "→", uarr: "↑", darr: "↓", deg: "°", plusmn: "±", micro: "µ", middot: "·", bull: "•",
}));
const MAX_DEPTH = 40;

/** The characters that entities stand for. @param {string} text */
export function plainText(text) {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/g, (whole, decimal, hex, name) => {
    if (name) return NAMED.get(name) ?? whole;
    const code = decimal ? Number(decimal) : parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : "\ufffd";
  });
}

/** Where a link may lead; null: nowhere. @param {string} href */
export function safeLink(href) {
  // What browsers leave out of an address must not hide its scheme.
  const found = plainText(href).replace(/[\u0000-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/g, "");
  return /^(https?:\/\/|mailto:|#)/i.test(found) ? found : null;
}

/** A heading's anchor. @param {string} text */
function slug(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
}

/**
 * @param {string} text
 * @param {PictureUrl} picture
 * @returns {HTMLElement}
 */
export function markdownNode(text, picture) {
  const root = el("div", "prose");
  let tokens;
  try {
    tokens = new Lexer({ gfm: true }).lex(text);
  } catch {
    root.append(el("pre", "", text));
    return root;
  }
  blocks(root, tokens, picture, 0);
  return root;
}

/** @param {HTMLElement} parent @param {any[]} tokens @param {PictureUrl} picture @param {number} depth */
function blocks(parent, tokens, picture, depth) {
  for (const token of tokens) {
    const made = depth > MAX_DEPTH ? el("p", "", String(token.raw ?? "")) : block(token, picture, depth + 1);
    if (made) parent.append(made);
  }
}

/** @param {any} token @param {PictureUrl} picture @param {number} depth @returns {Node | null} */
function block(token, picture, depth) {
  if (token.type === "space" || token.type === "def") return null;
  if (token.type === "hr") return el("hr");
  if (token.type === "heading") {
    const made = el(`h${Math.min(6, token.depth + 1)}`);
    inlines(made, token.tokens, picture, depth);
    made.dataset.anchor = slug(made.textContent ?? "");
    made.tabIndex = -1;
    return made;
  }
  if (token.type === "code") {
    const made = el("pre");
    made.tabIndex = 0;
    made.append(el("code", "", token.text));
    return made;
  }
  if (token.type === "blockquote") {
    const made = el("blockquote");
    blocks(made, token.tokens, picture, depth);
    return made;
  }
  if (token.type === "list") return list(token, picture, depth);
  if (token.type === "table") return table(token, picture, depth);
  if (token.type === "html") return el("p", "as-text", token.raw.trimEnd());
  if (token.type === "paragraph" || token.type === "text") {
    const made = el(token.type === "text" ? "span" : "p");
    if (token.tokens) inlines(made, token.tokens, picture, depth);
    else made.textContent = plainText(token.text ?? "");
    return made;
  }
  return el("p", "as-text", String(token.raw ?? ""));
}

/** @param {any} token @param {PictureUrl} picture @param {number} depth */
function list(token, picture, depth) {
  const made = el(token.ordered ? "ol" : "ul");
  if (token.ordered && Number.isSafeInteger(token.start) && token.start !== 1) made.setAttribute("start", String(token.start));
  for (const item of token.items) {
    const line = el("li", item.task ? "task" : "");
    if (item.task) line.append(el("span", "tick", item.checked ? "☑ " : "☐ "));
    blocks(line, item.tokens.filter((/** @type {any} */ inner) => inner.type !== "checkbox"), picture, depth);
    made.append(line);
  }
  return made;
}

/** @param {any} token @param {PictureUrl} picture @param {number} depth */
function table(token, picture, depth) {
  const frame = el("div", "table-frame");
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", "Table");
  const made = el("table");
  const row = (/** @type {any[]} */ cells, /** @type {string} */ tag) => {
    const line = el("tr");
    cells.forEach((cell, i) => {
      const one = el(tag, token.align[i] === "right" ? "num" : token.align[i] === "center" ? "middle" : "");
      inlines(one, cell.tokens, picture, depth);
      line.append(one);
    });
    return line;
  };
  const head = el("thead");
  head.append(row(token.header, "th"));
  const body = el("tbody");
  for (const cells of token.rows) body.append(row(cells, "td"));
  made.append(head, body);
  frame.append(made);
  return frame;
}

const SPANS = /** @type {Record<string, string>} */ ({ strong: "strong", em: "em", del: "del" });

/** @param {HTMLElement} parent @param {any[]} tokens @param {PictureUrl} picture @param {number} depth */
function inlines(parent, tokens, picture, depth) {
  for (const token of tokens ?? []) {
    if (depth > MAX_DEPTH) parent.append(String(token.raw ?? ""));
    else if (SPANS[token.type]) {
      const made = el(SPANS[token.type]);
      inlines(made, token.tokens, picture, depth + 1);
      parent.append(made);
    } else if (token.type === "codespan") parent.append(el("code", "", token.text));
    else if (token.type === "br") parent.append(el("br"));
    else if (token.type === "checkbox") parent.append(token.checked ? "☑ " : "☐ ");
    else if (token.type === "link") parent.append(link(token, picture, depth + 1));
    else if (token.type === "image") parent.append(image(token, picture));
    else if (token.type === "html") parent.append(String(token.raw ?? token.text));
    else if (token.type === "text" && token.tokens) inlines(parent, token.tokens, picture, depth + 1);
    else parent.append(plainText(String(token.text ?? token.raw ?? "")));
  }
}

/** @param {any} token @param {PictureUrl} picture @param {number} depth */
function link(token, picture, depth) {
  const href = safeLink(String(token.href ?? ""));
  const made = el(href === null ? "span" : "a", href === null ? "no-link" : "");
  if (href === null) made.title = "This link is not followed: only web and mail addresses are.";
  else if (href.startsWith("#")) {
    made.setAttribute("href", href);
    made.addEventListener("click", (event) => {
      event.preventDefault();
      const name = decoded(href.slice(1));
      const target = [...document.querySelectorAll("[data-anchor]")].find((node) => /** @type {HTMLElement} */ (node).dataset.anchor === name);
      target?.scrollIntoView({ block: "start" });
      /** @type {HTMLElement | undefined} */ (target)?.focus({ preventScroll: true });
    });
  } else {
    made.setAttribute("href", href);
    made.setAttribute("rel", "noopener noreferrer nofollow");
    made.setAttribute("referrerpolicy", "no-referrer");
    made.setAttribute("target", "_blank");
  }
  inlines(made, token.tokens, picture, depth);
  return made;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {any} token @param {PictureUrl} picture */
function image(token, picture) {
  const said = plainText(String(token.text ?? ""));
  const found = DIGEST.exec(String(token.href ?? ""));
  const missing = () => el("span", "no-picture", said ? `picture: ${said}` : "a picture that is not in this report");
  if (!found) return missing();
  const made = /** @type {HTMLImageElement} */ (el("img"));
  made.alt = said;
  made.decoding = "async";
  made.onerror = () => made.replaceWith(missing());
  void Promise.resolve(picture(found[1])).then((url) => (url === null ? made.replaceWith(missing()) : (made.src = url)));
  return made;
}
