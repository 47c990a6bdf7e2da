// The files of a version, some at once: pictures as thumbnails, sound and video to play, tables to open.
import { MediaView } from "./media_view.js";
import { described, thumbUrl } from "./media.js";
import { Empty, Pager, Search, Waiting, set, sizeText, tableLink, useAnswer } from "./workspace.js";
import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";

const PAGE = 100;
const SEEN = ["image", "video", "audio", "html", "object3d", "molecule", "figure"];
const BY_TYPE = /** @type {Record<string, string>} */ ({ image: "image", video: "video", audio: "audio" });

/** A file as the page shows media; what is no media value may still be a picture. @param {any} file */
function mediaOf(file) {
  const { media } = file;
  if (!media?.ref) return null;
  if (SEEN.includes(media.kind)) return media;
  const kind = BY_TYPE[String(media.content_type).split("/")[0]];
  return kind && !/svg/.test(media.content_type) ? { ...media, kind } : null;
}

/** @param {{found: any, where: any}} props */
export function Files({ found, where }) {
  const [seen, setSeen] = useState(/** @type {any} */ (null));
  const page = Number(where.page) || 0;
  const query = new URLSearchParams({ project: found.project, artifact: found.artifact, version: found.version, offset: String(page * PAGE), count: String(PAGE), prefix: where.prefix ?? "" });
  const answer = useAnswer(`/api/files?${query}`, undefined, found.name);
  if (!answer.found) return html`<${Waiting} answer=${answer} what="Files" />`;
  const { files, total } = answer.found;
  if (!total && !where.prefix) return html`<${Empty} title="No files"><p>This version is empty.</p></${Empty}>`;
  return html`<div class="head-line"><${Search} value=${where.prefix ?? ""} label="Files whose paths begin with…" changed=${(/** @type {string} */ prefix) => set({ prefix, page: "" }, true)} /><span class="gap"></span>
      <${Pager} offset=${page * PAGE} size=${PAGE} total=${total} noun=${total === 1 ? "file" : "files"} to=${(/** @type {number} */ offset) => set({ page: String(offset / PAGE || "") }, true)} /></div>
    ${files.length ? html`<table class="runs-table files"><thead><tr><th scope="col">Path</th><th scope="col" class="num">Size</th><th scope="col">Content</th><th scope="col"><span class="sr">Open</span></th></tr></thead>
      <tbody>${files.map((/** @type {any} */ file) => html`<${FileRow} key=${file.path} file=${file} found=${found} show=${setSeen} />`)}</tbody></table>` : html`<${Empty} title="No path begins so"><div class="actions"><button class="btn" onClick=${() => set({ prefix: "", page: "" }, true)}>Show all files</button></div></${Empty}>`}
    ${seen ? html`<${Seen} file=${seen} close=${() => setSeen(null)} />` : null}`;
}

/** @param {{file: any, found: any, show: (file: any) => void}} props */
function FileRow({ file, found, show }) {
  const media = mediaOf(file);
  const [broken, setBroken] = useState(false);
  const picture = media && ["image", "video"].includes(media.kind);
  const link = file.table ? tableLink({ kind: "table", tables: [{ project: found.project, artifact: found.artifact, version: found.version, path: file.path }] }) : "";
  return html`<tr><th scope="row"><span class="path">${picture && !broken ? html`<button class="thumb-btn" onClick=${() => show({ ...file, media })} aria-label=${`Show ${file.path}`}><img src=${thumbUrl(media, 32)} alt="" loading="lazy" decoding="async" onError=${() => setBroken(true)} /></button>` : null}
      ${link ? html`<a href=${link} dir="auto">${file.path}</a>` : html`<span dir="auto">${file.path}</span>`}</span></th><td class="num">${sizeText(file.size)}</td>
    <td class="note" dir="auto">${file.table ? "table" : file.reference ? html`reference <span class="mono" title=${file.reference}>${file.reference}</span>` : broken ? "a picture that is missing or damaged" : file.media_type ?? ""}</td>
    <td class="open">${link ? html`<a class="btn quiet" href=${link}>Open<span class="sr"> ${file.path}</span></a>` : media ? html`<button class="btn quiet" onClick=${() => show({ ...file, media })}>${media.kind === "audio" || media.kind === "video" ? "Play" : "Show"}<span class="sr"> ${file.path}</span></button>` : file.media?.ref ? html`<a class="btn quiet" href=${`/blob/${file.media.ref}`} download=${file.path.split("/").pop()}>Save<span class="sr"> ${file.path}</span></a>` : null}</td></tr>`;
}

/** @param {{file: any, close: () => void}} props */
function Seen({ file, close }) {
  const root = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => {
    if (!root.current.open) root.current.showModal();
  }, [file]);
  return html`<dialog class="lightbox" ref=${root} aria-label=${file.path} onClose=${close}><header><h2 dir="auto">${file.path} <span class="note">${sizeText(file.size)}</span></h2>
      <a class="btn quiet" href=${`/blob/${file.media.ref}`} download=${file.path.split("/").pop()}>Save</a><button class="btn quiet icon" aria-label="Close" onClick=${() => root.current.close()}>×</button></header>
    <div class="view" aria-label=${described(file.media)}><${MediaView} media=${file.media} large=${true} /></div></dialog>`;
}
