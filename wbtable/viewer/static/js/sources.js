// What the rows of a page are of: a table, tables compared, the tables of runs as one. Its name, and the way to it.
import { placeName, sourceName } from "./compare_model.js";
import { count } from "./numbers.js";
import * as state from "./state.js";
import { html } from "../vendor/preact.js";

/** @param {any} source @param {any} opened */
export const titled = (source, opened) => sourceName(source, opened?.opened ?? []);

/** @param {Record<string, string>} values */
const link = (values) => `/?${new URLSearchParams(values)}`;

/** Where the rows stand. */
export function Crumbs() {
  const opened = state.opened.value;
  const source = /** @type {any} */ (state.spec.value.source);
  const [first] = source?.tables ?? [];
  const project = first?.project ?? source?.project;
  if (!opened?.store || !project) return null;
  const runs = source.runs?.length ? { runs: JSON.stringify(source.runs) } : {};
  return html`<a href="/?projects=all">${opened.store.name}</a> / <a href=${link({ project })}>${project}</a> / ${source.kind === "union"
    ? html`<a href=${link({ project, show: "tables", .../** @type {any} */ (runs) })}>${source.runs?.length ? `${count(source.runs.length)} ${source.runs.length === 1 ? "run" : "runs"}` : "all runs"}</a> / `
    : first && source.kind !== "compare" ? html`<a href=${link({ project, artifact: first.artifact, version: first.version })}>${placeName(first)}</a> / ` : null}`;
}
