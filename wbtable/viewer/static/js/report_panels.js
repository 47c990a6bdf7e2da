// The panels of a report: text, and tables in which readers sort and filter.
import { openAdd } from "./report_add.js";
import { LiveSource } from "./report_live.js";
import { ReportTable } from "./report_table.js";
import { markdownNode } from "./report_text.js";
import { linkQuery, openShareOf } from "./share.js";
import { download, get } from "./api.js";
import { openMenu, toast } from "./menu.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

/** @typedef {{id: string, kind: string, text?: string, title?: string, rows?: number, view?: any, lost?: string | null}} Panel */

/** What a table's panel is called where nobody says. @param {any} view */
export function titleOf(view) {
  const source = view?.source;
  if (source?.kind === "union") return String(source.run_key);
  return String(source?.tables?.[0]?.path ?? "Table").replace(/\.table\.json$/, "");
}

/** Where the rows are from. @param {any} view */
export function sourceWords(view) {
  const source = view?.source;
  if (source?.kind === "union") return `${source.run_key}, logged by ${source.runs?.length ? `${source.runs.length} runs` : "all runs"} of ${source.project}`;
  return (source?.tables ?? []).map((/** @type {any} */ place) => `${place.project}/${place.artifact}:${String(place.version).slice(0, 20)} · ${place.path}`).join(" compared with ");
}

/** @param {{text: string, images: any[]}} props */
export function Prose({ text, images }) {
  const root = useRef(/** @type {any} */ (null));
  useEffect(() => {
    const sizes = new Map(images.map((image) => [String(image.digest).replace("SHA-256:", ""), image.size]));
    root.current.replaceChildren(markdownNode(text, (digest) => (sizes.has(digest) ? `/blob/${digest}?o=0&n=${sizes.get(digest)}` : null)));
  }, [text, images]);
  return html`<div ref=${root}></div>`;
}

/** @param {{panel: Panel, changed?: (view: any) => void}} props */
function Live({ panel, changed }) {
  const root = useRef(/** @type {any} */ (null));
  const latest = useRef(changed);
  latest.current = changed;
  const [sides, setSides] = useState(1);
  useEffect(() => {
    /** @type {ReportTable[]} */
    const tables = [];
    root.current.replaceChildren();
    const title = panel.title ?? titleOf(panel.view);
    const add = (/** @type {number} */ side) => {
      const source = new LiveSource(panel.view, side);
      const box = document.createElement("div");
      box.className = "report-table";
      if (sides > 1) {
        const head = document.createElement("h3");
        head.className = "side";
        head.textContent = `Side ${side}`;
        root.current.append(head);
      }
      root.current.append(box);
      const open = source.open.bind(source);
      source.open = async (signal) => {
        const shape = await open(signal);
        if (side === 0) setSides(source.sides);
        return shape;
      };
      tables.push(new ReportTable(box, source, {
        title: sides > 1 ? `${title}, side ${side}` : title, rows: panel.rows,
        changed: (pills, order) => {
          const view = source.seen(pills.filter((pill) => pill.on), order);
          const off = pills.filter((pill) => !pill.on && pill.kind === "filter").map((pill) => pill.text);
          latest.current?.({ ...view, off: off.length ? off : undefined });
        },
      }));
    };
    for (let side = 0; side < sides; side += 1) add(side);
    return () => tables.forEach((table) => table.close());
  }, [JSON.stringify([panel.id, panel.rows, panel.title, changed ? panel.view?.source : panel.view]), sides]);
  return html`<div ref=${root}></div>`;
}

/** What of a union is there no more: its rows are not the report's. @param {{panel: Panel, of: {project: string, name: string, number: number}}} props */
function Gone({ panel, of }) {
  const [text, setText] = useState("");
  useEffect(() => {
    const control = new AbortController();
    const asked = new URLSearchParams({ project: of.project, name: of.name, panel: panel.id, number: String(of.number) });
    // What cannot be asked is said by the rows themselves.
    get(`/api/reports/gone?${asked}`, control.signal).then((found) => setText(found.text ?? ""), () => undefined);
    return () => control.abort();
  }, [panel.id, of.project, of.name, of.number]);
  return text ? html`<p class="wrong gone" role="alert">${text}</p>` : null;
}

/**
 * @param {{panel: Panel, images: any[], of?: {project: string, name: string, number: number}, editing?: boolean, changed?: (change: Partial<Panel>) => void, tools?: any, insert?: (at: Element) => void}} props
 */
export function PanelView({ panel, images, of, editing, changed, tools, insert }) {
  if (panel.kind === "markdown") return html`<section class="panel-markdown" data-panel=${panel.id}><${Prose} text=${panel.text ?? ""} images=${images} /></section>`;
  const title = panel.title ?? titleOf(panel.view);
  if (panel.kind !== "table") return html`<section class="panel-other" data-panel=${panel.id}>${tools}<p class="note">A panel of the kind ${panel.kind}, which this version cannot show. It is kept as it is.</p></section>`;
  const isUnion = panel.view?.source?.kind === "union";
  const menu = (/** @type {any} */ event) => {
    const at = event.currentTarget;
    openMenu(at, `Panel ${title}`, [
      { label: "Open as a table", run: () => location.assign(`/?${linkQuery(panel.view)}`) },
      { label: "Share panel", run: () => openShareOf(panel.view, "Share panel") },
      { label: "Add to report…", run: () => openAdd(panel.view, title) },
      ...(insert ? [{ label: "Add table panel…", run: () => insert(at) }] : []),
      null,
      ...["csv", "parquet"].map((format) => ({ label: `Export as ${format === "csv" ? "CSV" : "Parquet"}`, run: () => void exported(panel.view, format, title) })),
    ]);
  };
  return html`<section class="panel-table" aria-label=${title} data-panel=${panel.id}>
    <div class="panel-head">
      ${editing ? html`<input class="input panel-title" aria-label="Title of the panel" placeholder=${titleOf(panel.view)} maxlength="200" value=${panel.title ?? ""} onInput=${(/** @type {any} */ event) => changed?.({ title: event.target.value || undefined })} />` : html`<h2 class="panel-title" dir="auto">${title}</h2>`}
      <span class="gap"></span>${tools}
      <button class="btn quiet icon" aria-label=${`Menu of ${title}`} title="Menu" aria-haspopup="menu" aria-expanded="false" onClick=${menu}>⋯</button></div>
    <p class="note source">${sourceWords(panel.view)}${isUnion ? ". What they log is shown as long as it is there: the report keeps none of it." : ""}</p>
    ${isUnion && of ? html`<${Gone} panel=${panel} of=${of} />` : null}
    ${panel.lost ? html`<div class="state lost" role="alert"><h2>What this panel shows is gone</h2><p>${panel.lost}</p></div>` : html`<${Live} panel=${panel} changed=${editing ? (/** @type {any} */ view) => changed?.({ view }) : undefined} />`}
  </section>`;
}

/** @param {any} view @param {string} format @param {string} title */
async function exported(view, format, title) {
  toast("Writing the file…");
  try {
    await download({ view, format }, `${title.replace(/[^\w.-]+/g, "_").slice(0, 60) || "table"}.${format}`);
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}
