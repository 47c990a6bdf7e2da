// The script of an exported report: all that it shows lies in the file (spec 18, REPORT-6).
import { el } from "./dom.js";
import { bytesFrom } from "./media_load.js";
import { blobOf, bytesUrl } from "./report_bytes.js";
import { drawFigure, fileDrawing } from "./report_file_media.js";
import { EmbeddedSource } from "./report_source.js";
import { ReportTable } from "./report_table.js";
import { markdownNode } from "./report_text.js";

const media = {
  local: true,
  picture: (/** @type {any} */ value) => bytesUrl(value.file ?? ""),
  bytes: (/** @type {any} */ value) => bytesUrl(value.file ?? ""),
  mask: (/** @type {any} */ mask) => bytesUrl(mask.file ?? ""),
  drawing: fileDrawing,
};

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

function begin() {
  const report = JSON.parse(document.getElementById("data")?.textContent ?? "{}");
  const root = /** @type {HTMLElement} */ (document.getElementById("report"));
  const head = el("header", "report-head");
  const line = el("div", "title-line");
  const switcher = el("button", "btn quiet", "Light or dark");
  switcher.addEventListener("click", theme);
  line.append(el("h1", "", report.title), switcher);
  head.append(line);
  if (report.description) head.append(el("p", "description", report.description));
  head.append(el("p", "note", `${report.project} · saved ${new Date(report.created_at).toLocaleString()}`));
  for (const text of report.notes) head.append(el("p", "note left-out", text));
  root.replaceChildren(head);
  for (const panel of report.panels) root.append(section(panel));
}

/** @param {any} panel */
function section(panel) {
  const node = el("section", `panel-${panel.kind}`);
  if (panel.kind === "markdown") node.append(markdownNode(panel.text, (digest) => bytesUrl(digest)));
  else if (panel.kind === "table") {
    node.append(el("h2", "panel-title", panel.title));
    node.append(el("p", "note source", panel.source));
    node.setAttribute("aria-label", panel.title);
    for (const table of panel.tables) {
      const box = el("div", "report-table");
      if (table.heading) node.append(el("h3", "side", table.heading));
      node.append(box);
      new ReportTable(box, new EmbeddedSource(table, media), { title: table.heading ? `${panel.title}, ${table.heading}` : panel.title, rows: panel.rows });
    }
  } else node.append(el("p", "note", panel.text));
  return node;
}

// What the page asks the server for lies here.
bytesFrom((url) => blobOf(/^\/(?:blob|model)\/([\w-]+)/.exec(url)?.[1]));
if ("figure" in document.documentElement.dataset) void drawFigure();
else begin();
