// One cell: its text, and how it is drawn. What stands in data becomes text, never markup.
import { count, edge, number } from "./numbers.js";
import { el } from "./dom.js";
import { histogramNode } from "./histogram.js";

/** @typedef {import("./state.js").ColumnInfo} ColumnInfo */

const NUMERIC = new Set(["number", "integer", "decimal", "duration", "link"]);
const MEDIA = new Set(["image", "audio", "video", "html", "object3d", "molecule", "figure"]);

/** @param {ColumnInfo} column */
export function isNumeric(column) {
  return NUMERIC.has(column.kind) || column.role === "count";
}

/** @param {ColumnInfo} column */
export function isMedia(column) {
  return MEDIA.has(column.kind);
}

/** How wide a column is where nobody says. @param {ColumnInfo} column @param {number} rowHeight */
export function widthOf(column, rowHeight) {
  const name = Math.min(220, 62 + column.name.length * 7);
  if (column.role === "group") return Math.max(name, column.bars === "histogram" ? 170 : isMedia(column) ? 270 : 200);
  if (column.kind === "image" || column.kind === "video") return Math.max(name, 104, Math.min(300, rowHeight + 16));
  if (isMedia(column)) return Math.max(name, 180);
  if (column.kind === "boolean") return Math.max(name, 112);
  if (isNumeric(column)) return Math.max(name, 140);
  if (column.kind === "timestamp") return Math.max(name, 190);
  if (column.kind === "string") return Math.max(name, 190);
  return Math.max(name, 170);
}

/**
 * A value as text for a cell.
 * @param {any} value @param {string} kind @param {Record<string, any>} [settings]
 * @returns {string}
 */
export function valueText(value, kind, settings = {}) {
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return number(value, settings.digits);
  if (typeof value === "string") {
    if (kind === "number" && value === "Infinity") return "∞";
    if (kind === "number" && value === "-Infinity") return "−∞";
    return value;
  }
  if (typeof value.cut === "string") return `${value.cut}…`;
  if (kind === "binary" && typeof value.hex === "string") return `${value.hex}${value.size > 32 ? "…" : ""} (${count(value.size)} bytes)`;
  if (kind === "ndarray" && value.shape) return `${value.dtype} ${value.shape.join(" × ")}`;
  if (MEDIA.has(kind) && value.digest) return String(value.caption ?? `${kind} ${String(value.digest).slice(0, 8)}`);
  return JSON.stringify(value);
}

/**
 * The literal that an expression has for a value; null where it has none.
 * @param {any} value @param {ColumnInfo} column
 */
export function isPlainValue(value, column) {
  return value === null || ["string", "number", "boolean"].includes(typeof value) || (MEDIA.has(column.kind) && Boolean(value.digest));
}

/**
 * Draw a value into a cell.
 * @param {HTMLElement} cell @param {any} value undefined while it is not here
 * @param {{info: ColumnInfo, display?: string, settings?: Record<string, any>}} column
 * @param {{tall: boolean, media: (cell: HTMLElement, values: any[], column: any) => void, page: (cell: HTMLElement, found: any, column: any) => void}} how
 */
export function fill(cell, value, column, how) {
  const { info } = column;
  cell.textContent = "";
  let className = "cell";
  cell.removeAttribute("aria-busy");
  if (value === undefined) {
    cell.className = className + (isNumeric(info) ? " num" : "");
    cell.setAttribute("aria-busy", "true");
    cell.append(el("span", "skeleton"));
    return;
  }
  if (info.role === "group" && value !== null) {
    cell.className = `${className} ${value.bars === "histogram" ? "hist" : value.bars}`;
    group(cell, value, column, how);
    return;
  }
  if (value !== null && isMedia(info) && column.display !== "text") {
    cell.className = `${className} media`;
    how.media(cell, [value], column);
    return;
  }
  if (value !== null && info.kind === "histogram" && value.counts) {
    cell.className = `${className} hist`;
    cell.append(histogramNode([{ counts: value.counts, edges: value.bins.map(String) }]));
    return;
  }
  if (isNumeric(info)) className += " num";
  if (value === null) className += " is-null";
  if (info.role === "key") className += " is-key";
  if (["struct", "list", "map", "any", "ndarray", "binary", "uuid"].includes(info.kind)) className += " mono";
  if (how.tall && !isNumeric(info)) className += " tall";
  cell.className = className;
  const text = valueText(value, info.kind, column.settings);
  const shown = how.tall ? text : text.length > 400 ? `${text.slice(0, 400)}…` : text;
  const node = el("span", "t", shown === "" ? "(empty)" : how.tall ? shown : shown.replace(/\s+/g, " "));
  if (shown === "") node.classList.add("dim");
  node.dir = "auto";
  cell.append(node);
}

/** @param {HTMLElement} cell @param {any} found @param {any} column @param {any} how */
function group(cell, found, column, how) {
  if (found.bars === "histogram") {
    if (!found.counts.length || !found.counts.some(Boolean)) cell.append(el("span", "dim", found.nulls ? "all null" : "no values"));
    else {
      cell.append(histogramNode([found]));
      const extra = [found.nulls ? `${count(found.nulls)} null` : "", found.nan ? `${count(found.nan)} NaN` : ""].filter(Boolean);
      cell.title = [`${edge(found.edges[0])} to ${edge(found.edges.at(-1))}`, ...extra].join(" · ");
    }
  } else if (found.bars === "top") {
    const room = Math.max(1, Math.floor(((cell.clientHeight || 68) - 8) / 16));
    const most = found.values[0]?.[1] ?? 1;
    const fits = found.values.length <= room ? room : room - 1;
    for (const [value, n] of found.values.slice(0, Math.max(1, fits))) {
      const line = el("div", "top-line");
      const bar = el("i");
      bar.style.width = `${(100 * n) / most}%`;
      const text = el("span", "", valueText(value, column.info.kind) || "(empty)");
      text.dir = "auto";
      line.append(bar, text, el("span", "", count(n)));
      cell.append(line);
    }
    const more = found.distinct - Math.max(1, fits);
    if (more > 0 && fits > 0) cell.append(el("div", "top-line dim", `${count(more)} more`));
    if (!found.values.length) cell.append(el("span", "dim", found.nulls ? "all null" : "no values"));
  } else how.page(cell, found, column);
}
