// Markdown as DOM nodes: tokens become elements of a fixed list, markup in it stays text, pictures become their words,
// and links lead to the web or a mailbox alone.
import { el } from "./dom.js";

const SCHEMES = /^(https?:\/\/|mailto:)/i;
const DEPTH = 40;

/** @type {any} */
let marked = null;
/** @type {Promise<void> | null} */
let coming = null;

/** @param {string} text */
function decoded(text) {
  // The lexer writes these five as entities; nothing else is one here.
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&");
}

/** @param {string} href @returns {boolean} whether a link may lead there */
export function isLink(href) {
  return SCHEMES.test(href.trim());
}

/**
 * Markdown as an element; it fills once the lexer is there.
 * @param {string} text
 * @returns {HTMLElement}
 */
export function markdownNode(text) {
  const root = el("div", "markdown");
  root.dir = "auto";
  if (marked) draw(root, text);
  else {
    root.textContent = text;
    coming ??= import("../vendor/marked.js").then((found) => void (marked = found));
    coming.then(() => draw(root, text), () => (coming = null));
  }
  return root;
}

/** @param {HTMLElement} root @param {string} text */
function draw(root, text) {
  root.textContent = "";
  try {
    blocks(root, new marked.Lexer({ gfm: true, breaks: false }).lex(text), 0);
  } catch {
    root.textContent = text;
  }
}

/** @param {Node} parent @param {any[]} tokens @param {number} depth */
function blocks(parent, tokens, depth) {
  for (const token of tokens) block(parent, token, depth);
}

/** @param {Node} parent @param {any} token @param {number} depth */
function block(parent, token, depth) {
  if (depth > DEPTH) return void parent.appendChild(document.createTextNode(token.raw ?? ""));
  const within = (/** @type {string} */ tag, /** @type {any[]} */ tokens) => {
    const made = parent.appendChild(el(tag));
    inlines(made, tokens ?? [], depth + 1);
    return made;
  };
  switch (token.type) {
    case "space": case "def": return;
    case "heading": {
      // In a cell a heading is loud text: the page's own headings are not interrupted.
      const made = within("div", token.tokens);
      made.className = `mdh mdh${Math.min(4, token.depth)}`;
      return;
    }
    case "paragraph": return void within("p", token.tokens);
    case "code": return void parent.appendChild(el("pre")).appendChild(el("code", "", token.text));
    case "blockquote": return blocks(parent.appendChild(el("blockquote")), token.tokens ?? [], depth + 1);
    case "hr": return void parent.appendChild(el("hr"));
    case "list": {
      const list = parent.appendChild(el(token.ordered ? "ol" : "ul"));
      if (token.ordered && Number.isInteger(token.start)) /** @type {HTMLOListElement} */ (list).start = token.start;
      for (const item of token.items) {
        const made = list.appendChild(el("li"));
        if (item.task) made.append(item.checked ? "☑ " : "☐ ");
        blocks(made, item.tokens ?? [], depth + 1);
      }
      return;
    }
    case "table": {
      const body = parent.appendChild(el("table")).appendChild(el("tbody"));
      const row = (/** @type {any[]} */ cells, /** @type {string} */ tag) => {
        const made = body.appendChild(el("tr"));
        for (const cell of cells) inlines(made.appendChild(el(tag)), cell.tokens ?? [], depth + 1);
      };
      row(token.header, "th");
      for (const cells of token.rows) row(cells, "td");
      return;
    }
    case "text": return token.tokens ? inlines(parent, token.tokens, depth + 1) : void parent.appendChild(document.createTextNode(decoded(token.text)));
    default: return void parent.appendChild(document.createTextNode(token.raw ?? token.text ?? ""));
  }
}

/** @param {Node} parent @param {any[]} tokens @param {number} depth */
function inlines(parent, tokens, depth) {
  for (const token of tokens) {
    if (depth > DEPTH) {
      parent.appendChild(document.createTextNode(token.raw ?? ""));
      continue;
    }
    const tag = { strong: "strong", em: "em", del: "del" }[/** @type {string} */ (token.type)];
    if (tag) inlines(parent.appendChild(el(tag)), token.tokens ?? [], depth + 1);
    else if (token.type === "codespan") parent.appendChild(el("code", "", decoded(token.text)));
    else if (token.type === "br") parent.appendChild(el("br"));
    else if (token.type === "link" && isLink(token.href)) {
      const link = /** @type {HTMLAnchorElement} */ (parent.appendChild(el("a")));
      link.href = token.href.trim();
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      link.title = token.href;
      inlines(link, token.tokens ?? [], depth + 1);
    } else if (token.type === "link") inlines(parent, token.tokens ?? [], depth + 1);
    else if (token.type === "image") parent.appendChild(el("span", "dim", `[${decoded(token.text || "picture")}]`));
    else if (token.type === "html") parent.appendChild(document.createTextNode(token.raw));
    else if (token.tokens) inlines(parent, token.tokens, depth + 1);
    else parent.appendChild(document.createTextNode(decoded(token.text ?? token.raw ?? "")));
  }
}
