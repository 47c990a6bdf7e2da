// The first rows of a table, where it is listed. They are read once they come into sight.
import { useLoaded } from "./workspace.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const ROWS = 5;

/** @param {{source: any, title: string}} props */
export function TablePreview({ source, title }) {
  const root = useRef(/** @type {any} */ (null));
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((found) => found.some((each) => each.isIntersecting) && setSeen(true), { rootMargin: "200px" });
    watch.observe(root.current);
    return () => watch.disconnect();
  }, []);
  return html`<div class="preview-box" ref=${root}>${seen ? html`<${Rows} source=${source} title=${title} />` : null}</div>`;
}

/** @param {{source: any, title: string}} props */
function Rows({ source, title }) {
  const host = useRef(/** @type {any} */ (null));
  const { part, broken } = useLoaded("preview", () => Promise.all([import("./report_table.js"), import("./report_live.js")]));
  useEffect(() => {
    if (!part) return;
    const [{ ReportTable }, { LiveSource }] = part;
    const rows = new LiveSource({ source });
    const open = rows.open.bind(rows);
    // What is done to rows is done in the table's own page.
    rows.open = async (/** @type {AbortSignal} */ signal) => ({ ...(await open(signal)), sortable: false });
    const table = new ReportTable(host.current, rows, { title, rows: ROWS });
    return () => table.close();
  }, [part, JSON.stringify(source), title]);
  return broken ? html`<p class="wrong" role="alert">The rows cannot be shown: ${String(broken)}</p>` : html`<div class="report-table" ref=${host}></div>`;
}
