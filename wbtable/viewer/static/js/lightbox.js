// Media over the whole page.
import { MediaView } from "./panels.js";
import { html, signal, useEffect, useRef } from "../vendor/preact.js";

export const lightbox = signal(/** @type {any} */ (null));

export function Lightbox() {
  const media = lightbox.value;
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (media && root.current && !root.current.open) root.current.showModal();
  }, [media]);
  if (!media) return null;
  return html`<dialog class="lightbox" ref=${root} aria-label="Media" onClose=${() => (lightbox.value = null)}>
    <header><h2>${media.caption ?? media.kind} ${media.width ? html`<span class="note">${media.width} × ${media.height}</span>` : null}</h2>
      <button class="btn quiet icon" aria-label="Close" onClick=${() => root.current.close()}>×</button></header>
    <div class="view"><${MediaView} media=${media} large=${true} /></div></dialog>`;
}
