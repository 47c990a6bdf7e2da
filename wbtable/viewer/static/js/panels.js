// What panels at the side have in common, and media in them.
import { boxesNode, described, maskNode, soundNode, thumbUrl, videoNode } from "./media.js";
import * as state from "./state.js";
import { html, useEffect, useRef } from "../vendor/preact.js";

export function close() {
  state.panel.value = null;
  /** @type {HTMLElement | null} */ (document.querySelector(".grid [tabindex='0'][data-column]") ?? document.querySelector(".grid"))?.focus();
}

/** @param {{title: string, children: any, wide?: boolean, more?: any}} props */
export function Panel({ title, children, wide, more }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => (root.current?.querySelector(".inside input, .inside select") ?? root.current?.querySelector("button:not(:disabled)"))?.focus(), []);
  return html`<aside class=${`panel${wide ? " wide" : ""}`} aria-label=${title} ref=${root}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && !event.defaultPrevented && close()}>
    <header><h2>${title}</h2>${more}<button class="btn quiet icon" aria-label="Close" onClick=${close}>×</button></header>
    <div class="inside" tabindex="0" role="group" aria-label=${title}>${children}</div></aside>`;
}

/** A node that is made without Preact. @param {{make: () => Node | null, id: string}} props */
function Raw({ make, id }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    root.current.textContent = "";
    const made = make();
    if (made) root.current.append(made);
  }, [id]);
  return html`<div ref=${root}></div>`;
}

/** @param {{media: any, large?: boolean}} props */
export function MediaView({ media, large }) {
  if (media.kind === "audio") return html`<${Raw} id=${media.ref} make=${() => soundNode(media)} />`;
  if (media.kind === "video") return html`<${Raw} id=${media.ref} make=${() => videoNode(media)} />`;
  if (media.kind !== "image") return html`<span>${described(media)} · <a href=${`/blob/${media.ref}`} target="_blank" rel="noopener">open</a></span>`;
  return html`<${Raw} id=${`${media.ref}${large}`} make=${() => {
    const frame = document.createElement("div");
    frame.className = "frame thumb";
    frame.style.cssText = `height:auto;width:${large ? `min(90vw, calc(82vh * ${(media.width || 1) / (media.height || 1)}))` : "100%"};aspect-ratio:${media.width || 1} / ${media.height || 1};cursor:default`;
    const image = document.createElement("img");
    image.alt = described(media);
    image.src = large ? `/blob/${media.ref}` : thumbUrl(media, 400);
    if ((media.width ?? 999) <= 64) frame.classList.add("small");
    frame.append(image);
    for (const mask of Object.values(media.masks ?? {})) frame.append(maskNode(mask, 0.55));
    const boxes = boxesNode(media);
    if (boxes) frame.append(boxes);
    return frame;
  }} />`;
}
