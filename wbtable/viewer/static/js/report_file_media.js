// What a report's file draws of documents, scenes, figures and molecules: all that it needs lies in the file (spec 18, REPORT-8).
import { el } from "./dom.js";
import { whenSeen } from "./media_load.js";
import { described } from "./media_picture.js";
import { textNode } from "./media_text.js";
import { blobOf } from "./report_bytes.js";
import { parts } from "./report_parts.js";

/** In one piece it would end the script that this is part of. */
const END = ["<", "/script>"].join("");
/** What no document has in a file: it would run, lead away, or ask somebody. */
const GONE = "script, link, meta, base, iframe, frame, frameset, object, embed, template, portal";

/**
 * A document without anything that runs, and its looks apart: the file's policy lets no style of its own be written into it.
 * @param {string} text
 */
function inert(text) {
  const parsed = new DOMParser().parseFromString(text, "text/html");
  for (const node of parsed.querySelectorAll(GONE)) node.remove();
  const sheets = [...parsed.querySelectorAll("style")].map((node) => {
    node.remove();
    return { text: node.textContent ?? "", media: node.media };
  });
  /** @type {string[]} */
  const looks = [];
  for (const node of parsed.querySelectorAll("*")) {
    const look = node.getAttribute("style");
    for (const name of node.getAttributeNames()) if (/^(on|style$|data-look$|srcdoc$|ping$)/i.test(name)) node.removeAttribute(name);
    // Where a link leads is said, and not followed: the file's policy would put an error in the document's place.
    const to = node.getAttribute("href") ?? node.getAttribute("xlink:href");
    if (to !== null && !to.startsWith("#") && /^a(rea)?$/i.test(node.localName)) {
      for (const name of ["href", "xlink:href"]) node.removeAttribute(name);
      if (!node.getAttribute("title")) node.setAttribute("title", to);
    }
    if (look !== null) node.setAttribute("data-look", String(looks.push(look) - 1));
  }
  return { markup: `<!doctype html>${parsed.documentElement.outerHTML}`, sheets, looks };
}

/**
 * Give a document its looks. What is in it may bear any name: nothing is asked of its nodes but by the browser's own functions.
 * @param {any} view @param {Document} page @param {{text: string, media: string}[]} sheets @param {string[]} looks
 */
function dress(view, page, sheets, looks) {
  const own = (/** @type {any} */ kind, /** @type {string} */ name) => /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(kind.prototype, name));
  const made = sheets.map(({ text, media }) => {
    const sheet = new view.CSSStyleSheet({ media });
    sheet.replaceSync(text);
    return sheet;
  });
  own(Document, "adoptedStyleSheets").set?.call(page, made);
  for (const node of Document.prototype.querySelectorAll.call(page, "[data-look]")) {
    const kind = node instanceof view.SVGElement ? view.SVGElement : view.HTMLElement;
    if (!(node instanceof kind)) continue;
    const style = own(kind, "style").get?.call(node);
    style.cssText = looks[Number(Element.prototype.getAttribute.call(node, "data-look"))] ?? "";
  }
}

/** @param {HTMLElement} box @param {string} text */
function broken(box, text) {
  box.classList.add("is-broken");
  box.title = text;
  box.replaceChildren(el("span", "sign", "⚠"), el("span", "why", text));
}

/** A document in a frame in which nothing runs. @param {any} media @param {boolean} still */
function documentNode(media, still) {
  const box = el("div", `framed is-html${still ? " is-still" : ""}`);
  whenSeen(box, async () => {
    const text = await blobOf(media.ref)?.text();
    if (text === undefined) return broken(box, "It is not in this file.");
    const { markup, sheets, looks } = inert(text);
    const frame = /** @type {HTMLIFrameElement} */ (el("iframe"));
    // Without allow-scripts nothing runs, whoever's origin it is; this page reaches it to give it its looks.
    frame.setAttribute("sandbox", "allow-same-origin");
    frame.title = described(media);
    if (still) frame.tabIndex = -1;
    frame.addEventListener("load", () => frame.contentDocument && dress(frame.contentWindow, frame.contentDocument, sheets, looks), { once: true });
    frame.srcdoc = markup;
    box.replaceChildren(frame);
  });
  return box;
}

/** A figure in a frame with an origin of its own, drawn by the file's one script; without plotly its JSON. @param {any} media */
function figureNode(media) {
  if (!parts.plotly) {
    const text = el("div", "untold");
    text.append(el("p", "note", "Figures are drawn where the package plotly is installed when the file is made. This is the figure's JSON."));
    text.append(textNode(media, true, (json) => JSON.stringify(JSON.parse(json), null, 1)));
    return text;
  }
  const box = el("div", "framed is-plotly");
  whenSeen(box, async () => {
    const json = await blobOf(media.ref)?.text();
    if (json === undefined) return broken(box, "It is not in this file.");
    const frame = /** @type {HTMLIFrameElement} */ (el("iframe"));
    frame.setAttribute("sandbox", "allow-scripts");
    frame.title = described(media);
    const look = document.querySelector("head > style")?.textContent ?? "";
    const code = document.querySelector("body > script[type=module]")?.textContent ?? "";
    frame.srcdoc = `<!doctype html><html data-figure><head><meta charset="utf-8"><style>${look}</style></head><body class="figure-alone"><div id="figure"></div>`
      + `<script type="application/json" id="data">${json.replace(/</g, "\\u003c")}${END}<script type="module">${code}${END}</body></html>`;
    box.replaceChildren(frame);
  });
  return box;
}

/** Draw the figure of a frame that is this script's page. */
export async function drawFigure() {
  const root = /** @type {HTMLElement} */ (document.getElementById("figure"));
  try {
    const figure = JSON.parse(document.getElementById("data")?.textContent ?? "{}");
    const plotly = parts.plotly?.();
    await plotly.newPlot(root, figure.data, { ...figure.layout, autosize: true }, { responsive: true, displaylogo: false, displayModeBar: false });
    if (figure.frames) await plotly.addFrames(root, figure.frames);
  } catch (error) {
    root.replaceChildren(el("p", "wrong", `The figure cannot be drawn: ${/** @type {Error} */ (error).message}`));
  }
}

/** @type {import("./report_media.js").Drawing} */
export const fileDrawing = {
  document: (media) => documentNode(media, true),
  scene: (media, wide, high, into) => into.append(parts.scenes?.stillNode(media, wide, high) ?? el("span", "absent", "not in this file")),
  large: (media) => {
    if (media.kind === "html") return documentNode(media, false);
    if (media.kind === "figure") return figureNode(media);
    if (media.kind === "object3d" && parts.scenes) {
      const room = el("div", "scene-room is-large");
      room.append(parts.scenes.sceneNode(media));
      return room;
    }
    return textNode(media, true);
  },
};
