// Documents of cells: in frames with an origin of their own; their scripts run only where somebody says so for the column.
import { el } from "./dom.js";
import { load, probe, reasonOf, whenSeen } from "./media_load.js";
import { described } from "./media_picture.js";
import { textNode } from "./media_text.js";

/**
 * A document in a frame.
 * @param {any} media @param {{as: "html" | "plotly", scripts: boolean, still?: boolean}} how still: only to be looked at
 */
export function frameNode(media, { as, scripts, still }) {
  const box = el("div", `framed is-${as}${still ? " is-still" : ""}`);
  whenSeen(box, () => {
    // The frame could not say why it stays empty.
    probe(media, box).then(() => {
      const frame = /** @type {HTMLIFrameElement} */ (el("iframe"));
      frame.setAttribute("sandbox", scripts ? "allow-scripts" : "");
      frame.title = described(media);
      if (still) frame.tabIndex = -1;
      frame.src = `/frame/${media.ref}&as=${as}${as === "html" && scripts ? "&scripts=1" : ""}`;
      box.replaceChildren(frame);
    }, (error) => {
      const { word, text } = reasonOf(error);
      box.classList.add("is-broken");
      box.title = text;
      box.replaceChildren(el("span", "sign", "⚠"), el("span", "why", still ? word : text));
    });
  });
  return box;
}

/** What a figure is made of, where nothing draws it. @param {any} media @param {boolean} large */
export function figureText(media, large) {
  const box = el("div", "untold");
  box.append(el("p", "note", "Figures are drawn by the package plotly, which is not installed where wbtable view runs: pip install plotly. This is the figure's JSON."));
  box.append(textNode(media, large, (text) => JSON.stringify(JSON.parse(text), null, 1)));
  return box;
}

/** What is in a figure, in a few words. @param {any} media @param {HTMLElement} node */
export function figureWords(media, node) {
  whenSeen(node, () => load(`/blob/${media.ref}`, node).then(async (blob) => {
    if (blob.size > 4 << 20) return;
    const figure = JSON.parse(await blob.text());
    const title = figure.layout?.title?.text ?? figure.layout?.title;
    const kinds = [...new Set(figure.data.map((/** @type {any} */ trace) => String(trace.type ?? "scatter")))].slice(0, 3).join(", ");
    node.textContent = typeof title === "string" && title ? `${title} · ${kinds}` : kinds || "figure";
    // A button's name holds what stands on it.
    node.closest("button")?.setAttribute("aria-label", `Show ${node.textContent}, Plotly figure`);
  }).catch((error) => {
    if (error.name === "AbortError") return;
    const { word, text } = reasonOf(error);
    node.textContent = `⚠ ${word}`;
    node.title = text;
    node.closest("button")?.setAttribute("aria-label", `${word}: ${text}`);
  }));
}
