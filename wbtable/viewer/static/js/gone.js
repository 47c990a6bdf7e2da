// A table that is not there any more: what became of it, and where to go from here.
import { fileName, placeName } from "./compare_model.js";
import * as state from "./state.js";
import { address, useAnswer } from "./workspace.js";
import { html } from "../vendor/preact.js";

/** Whether an error says of a version that it holds no such table. @param {any} wrong */
const lacksTable = (wrong) => wrong.message.startsWith("there is no table ");

/** The place of a view that an error is about: the one that its message names. @param {any} source @param {any} wrong */
function placeOf(source, wrong) {
  const named = (/** @type {(place: any) => string} */ name) => (source?.tables ?? []).find((/** @type {any} */ place) => place.artifact && wrong.message.includes(name(place)));
  const version = (/** @type {any} */ place) => `${place.project}/${place.artifact}:${place.version}`;
  // Of two tables of one version the message names one, between quotes that its name does not have.
  const table = lacksTable(wrong) ? named((place) => `'${place.path}' in ${version(place)}`) ?? named((place) => `"${place.path}" in ${version(place)}`) : undefined;
  return table ?? named(version) ?? named((place) => `${place.project}/${place.artifact}`) ?? null;
}

/** Whether an error says that a table of the store is not there. @param {any} source @param {any} wrong */
export const isGone = (source, wrong) => wrong.code === "not_found" && placeOf(source, wrong) !== null;

/** @param {{wrong: any, source: any}} props */
export function Gone({ wrong, source }) {
  const place = placeOf(source, wrong);
  const { project, artifact } = place;
  const answer = useAnswer(`/api/versions?${new URLSearchParams({ project, artifact, count: "1" })}`);
  const newest = answer.found?.versions.find((/** @type {any} */ each) => !each.error)?.version ?? "";
  const other = newest && newest !== place.version ? newest : "";
  const lacks = lacksTable(wrong);
  const show = () => state.apply({ ...state.spec.value, source: { ...source, tables: source.tables.map((/** @type {any} */ each) => (each === place ? { ...place, version: other } : each)) } });
  return html`<div class="grid-state is-wrong"><div class="state" role="alert"><h2>${lacks ? fileName(place) : placeName(place, source.tables, [])} is not there</h2><p>${wrong.message}.</p>
    <div class="actions">${lacks ? html`<a class="btn" href=${address({ project, artifact, version: place.version })}>Tables of ${placeName(place, [place], [])}</a>` : other ? html`<button class="btn" onClick=${show}>Show ${other}</button>` : null}
      ${newest ? html`<a class="btn" href=${address({ project, artifact })}>Versions of ${artifact}</a>` : html`<a class="btn" href=${address({ project, tab: "artifacts" })}>Artifacts of ${project}</a>`}
      <button class="btn" onClick=${() => void state.load()}>Try again</button></div></div></div>`;
}
