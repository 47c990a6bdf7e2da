// The strip that says what is compared with what, and how: sides, mode, key, what happened to the rows.
import * as compare from "./compare_state.js";
import { MARKS, MOST, SIGNS, isBeside, isMerged, placeName } from "./compare_model.js";
import { Stepper } from "./compare_steps.js";
import { conjuncts } from "./expression.js";
import { openMenu } from "./menu.js";
import { count } from "./numbers.js";
import * as state from "./state.js";
import { tableAt } from "./workspace.js";
import { html, signal, useEffect, useState } from "../vendor/preact.js";

const MODES = /** @type {["join" | "concat" | "side_by_side", string, string][]} */ ([
  ["join", "Merged", "Rows of one key in one row, with each side's values"],
  ["concat", "One after another", "All rows of all tables, with a column that says whose they are"],
  ["side_by_side", "Side by side", "Each table for itself, looked at in the same way (B)"],
]);

/** Whether a low window, as zoom makes one, shows rows instead of how they are compared; others show both. */
const isFolded = signal(true);

/** What two to eight tables are compared by. */
export function CompareBar() {
  const source = compare.source.value;
  useEffect(() => compare.watch(), []);
  if (source?.kind !== "compare") return html`<${Joined} />`;
  const mode = source.mode ?? "join";
  const folded = isFolded.value && !(isMerged(source) && compare.wrong.value);
  return html`<section class=${`compare${folded ? " is-folded" : ""}`} aria-label="Comparison">
    <div class="compare-line"><${Sides} source=${source} /><${Fold} source=${source} folded=${folded} />
      <span class="gap"></span>
      <span class="segments" role="radiogroup" aria-label="How tables are compared">${MODES.map(([id, name, title]) => html`<button role="radio" aria-checked=${mode === id} tabindex=${mode === id ? 0 : -1} title=${title} key=${id}
        onClick=${() => mode !== id && void compare.setMode(id)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => moved(event, id)}>${name}</button>`)}</span>
      ${isMerged(source) ? html`<${Key} source=${source} />` : null}</div>
    ${isMerged(source) ? html`<${Counts} />` : isBeside(source) ? html`<${Beside} />` : html`<${Concat} />`}</section>`;
}

/** What a low window shows of the comparison, and the way to the rest. @param {{source: any, folded: boolean}} props */
function Fold({ source, folded }) {
  const counts = isMerged(source) ? compare.answer.value?.counts : null;
  const name = MODES.find(([id]) => id === (source.mode ?? "join"))?.[1] ?? "";
  return html`<button class="btn compare-fold" aria-expanded=${!folded} title="How they are compared" onClick=${() => (isFolded.value = !folded)}>${name}${counts ? html` · <b>${count(counts.changed)}</b> changed` : ""} <span aria-hidden="true">${folded ? "▾" : "▴"}</span></button>`;
}

/** Arrow keys choose among modes. @param {KeyboardEvent} event @param {string} id */
function moved(event, id) {
  const by = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 })[event.key];
  if (!by) return;
  event.preventDefault();
  const at = (MODES.findIndex(([other]) => other === id) + by + MODES.length) % MODES.length;
  const group = /** @type {HTMLElement} */ (event.currentTarget).parentElement;
  /** @type {HTMLElement} */ (group?.children[at])?.focus();
  void compare.setMode(MODES[at][0]);
}

/** @param {{source: any}} props */
function Sides({ source }) {
  const { tables } = source;
  const opened = state.opened.value?.opened ?? [];
  return html`<ol class="sides">${tables.map((/** @type {any} */ place, /** @type {number} */ side) => {
    const name = placeName(place, tables, opened);
    return html`<li key=${side} class=${`side-chip side-${side}`}><span class=${`mark mark-${side}`} aria-hidden="true">${MARKS[side]}</span><span class="side-number">${side}</span>
      <span class="side-name" dir="auto" title=${place.url ? name : `${place.project}/${place.artifact}:${place.version}, ${place.path}`}>${name}</span>
      <${Stepper} place=${place} put=${(/** @type {any} */ to) => compare.put(side, to)} name=${`side ${side}`} />
      <button class="chip-x" aria-label=${`Take away side ${side}, ${name}`} title="Take away" onClick=${() => compare.remove(side)}>×</button></li>`;
  })}</ol>
    <button class="btn quiet icon" aria-label="Turn the sides round" title="Turn the sides round" onClick=${compare.swap}>⇄</button>
    <button class="btn quiet" disabled=${tables.length >= MOST || compare.busy.value} title="Compare with a further table (V)" onClick=${() => (state.panel.value = { kind: "compare" })}>+ Add</button>`;
}

/** @param {{source: any}} props */
function Key({ source }) {
  const found = compare.keys.value;
  const key = source.key?.length ? source.key : (state.info.value?.key ?? []);
  const candidates = found?.candidates ?? key;
  const text = key.join(" + ") || "—";
  const isSuggested = found && key.length === 1 && found.suggested === key[0];
  const open = (/** @type {any} */ event) => openMenu(event.currentTarget, "Key that names a row on all sides", [
    ...candidates.map((/** @type {string} */ name) => ({ label: name, keys: name === found?.suggested ? "suggested" : "", checked: key.length === 1 && key[0] === name, run: () => compare.setKey([name]) })),
    ...(key.length && candidates.some((/** @type {string} */ name) => !key.includes(name)) ? [null, ...candidates.filter((/** @type {string} */ name) => !key.includes(name)).slice(0, 20).map((/** @type {string} */ name) => ({ label: `${text} + ${name}`, run: () => compare.setKey([...key, name]) }))] : []),
  ]);
  const how = source.how ?? "outer";
  return html`<button class="btn" aria-haspopup="menu" aria-expanded="false" title="The column that names a row on all sides" onClick=${open}><span class="dim">Key</span> <b dir="auto">${text}</b>${isSuggested ? html` <span class="tag-of">suggested</span>` : null} <span aria-hidden="true">▾</span></button>
    <button class="btn" aria-haspopup="menu" aria-expanded="false" title="Which rows are merged" onClick=${(/** @type {any} */ event) => openMenu(event.currentTarget, "Rows", [
      { label: "All rows (outer)", checked: how === "outer", run: () => compare.setHow("outer") },
      { label: "Rows on all sides (inner)", checked: how === "inner", run: () => compare.setHow("inner") },
    ])}><span class="dim">Rows</span> ${how === "outer" ? "all" : "on all sides"} <span aria-hidden="true">▾</span></button>`;
}

function Counts() {
  const found = compare.answer.value;
  const wrong = compare.wrong.value;
  const parts = conjuncts(state.spec.value.filter);
  if (wrong) return html`<div class="compare-line" role="alert"><span class="wrong">${wrong.message}</span> <button class="btn" onClick=${compare.retry}>Try again</button>
    ${compare.keys.value && compare.keys.value.suggested === null ? html`<button class="btn" onClick=${() => void compare.setMode("concat")}>Put them one after another</button>` : null}</div>`;
  if (!found) return html`<div class="compare-line"><${Waiting} /></div>`;
  const { counts } = found;
  const total = counts.added + counts.removed + counts.changed + counts.equal;
  const odd = counts.duplicates.flatMap((/** @type {number} */ n, /** @type {number} */ side) => [
    ...(n ? [`${MARKS[side]} ${count(n)} ${n === 1 ? "row has" : "rows have"} the key of an earlier row: the n-th is compared with the n-th`] : []),
    ...(counts.nulls[side] ? [`${MARKS[side]} ${count(counts.nulls[side])} ${counts.nulls[side] === 1 ? "row has" : "rows have"} no key: compared with none`] : []),
  ]);
  const changed = found.columns.filter((/** @type {any} */ column) => column.status !== "equal").length;
  const only = parts.includes(compare.ONLY_CHANGED);
  return html`<div class="compare-line"><span class="tally" role="group" aria-label=${`Of ${count(total)} rows`}>${["added", "removed", "changed", "equal"].map((kind) => {
    const n = counts[kind];
    const on = parts.includes(compare.happened(kind));
    return html`<button key=${kind} class=${`tally-of is-${kind}`} aria-pressed=${on} disabled=${!n && !on} title=${HINTS[kind]} onClick=${() => compare.toggle(compare.happened(kind))}><span class="sign" aria-hidden="true">${SIGNS[kind]}</span> <b>${count(n)}</b> ${kind}</button>`;
  })}</span>
    <label class="switch"><input type="checkbox" checked=${only} onChange=${() => compare.toggle(compare.ONLY_CHANGED)} /> Only changed rows</label>
    <button class="btn quiet" aria-pressed=${state.panel.value?.kind === "differences"} title="What changed in each column (W)" onClick=${() => (state.panel.value = state.panel.value?.kind === "differences" ? null : { kind: "differences" })}>${count(changed)} of ${count(found.columns.length)} columns differ</button>
    ${odd.map((/** @type {string} */ text) => html`<span class="note odd" key=${text}>${text}</span>`)}
    <span class="gap"></span><span class="note hint">In filters <code>0.x</code> is a side's column, <code>*.x</code> any side's</span></div>`;
}

/** @type {Record<string, string>} */
const HINTS = { added: "Only rows that side 0 lacks", removed: "Only rows that another side lacks", changed: "Only rows whose values differ", equal: "Only rows that are the same on all sides" };

/** How long it already takes to count what differs. */
function Waiting() {
  const since = compare.since.value;
  const [slow, setSlow] = useState(0);
  useEffect(() => {
    if (!since) return;
    const timer = setInterval(() => setSlow((performance.now() - since) / 1000), 300);
    return () => clearInterval(timer);
  }, [since]);
  return html`<span class="note" role="status">Counting what differs…${slow > 1 ? ` ${slow.toFixed(0)} s` : ""}</span>${slow > 1 ? html`<button class="btn quiet" onClick=${compare.stop}>Cancel</button>` : null}`;
}

function Concat() {
  const conflicts = state.info.value?.conflicts ?? [];
  const none = compare.keys.value && compare.keys.value.suggested === null;
  return html`<div class="compare-line"><span class="note">${none ? "No column names the rows of all tables, each once: they stand one after another. " : ""}<code>_table</code> says which table a row is of; group by it to compare.</span>
    ${none && compare.keys.value?.candidates.length ? html`<button class="btn quiet" aria-haspopup="menu" aria-expanded="false" onClick=${(/** @type {any} */ event) => openMenu(event.currentTarget, "Merge on", (compare.keys.value?.candidates ?? []).map((/** @type {string} */ name) => ({ label: name, run: () => compare.setKey([name]) })))}>Merge on a column all the same ▾</button>` : null}
    ${conflicts.map((/** @type {string} */ text) => html`<span class="note odd" key=${text}>${text}</span>`)}</div>`;
}

function Beside() {
  const { free, stacked, views } = state.beside.value;
  const tandem = !views;
  const independent = () => {
    const { source, ...view } = state.spec.value;
    state.setBeside({ views: tandem ? compare.tables().map(() => view) : undefined }, true);
    state.loads.value += 1;
  };
  return html`<div class="compare-line"><label class="switch"><input type="checkbox" checked=${tandem} onChange=${independent} /> In tandem</label><span class="note">${tandem ? "What is done to one table is done to all." : html`Filter, groups and columns above are those of <b>side ${state.beside.value.side}</b>.`}</span>
    <label class="switch"><input type="checkbox" checked=${!free} onChange=${() => state.setBeside({ free: !free })} /> Scroll together</label>
    <span class="segments" role="group" aria-label="Layout"><button aria-pressed=${!stacked} onClick=${() => state.setBeside({ stacked: false })} title="Beside each other">▯▯</button><button aria-pressed=${Boolean(stacked)} onClick=${() => state.setBeside({ stacked: true })} title="One above the other">▭</button></span></div>`;
}

/** What a joined table puts beside each other. */
function Joined() {
  const join = state.info.value?.join;
  if (!join) return null;
  const keys = join.keys.map((/** @type {[string, string]} */ [left, right]) => (left === right ? left : `${left} = ${right}`)).join(", ");
  return html`<section class="compare" aria-label="Join"><div class="compare-line"><ol class="sides">${join.tables.map((/** @type {any} */ table, /** @type {number} */ side) => html`<li key=${side} class=${`side-chip is-plain side-${side}`}><span class=${`mark mark-${side}`} aria-hidden="true">${MARKS[side]}</span><span class="side-number">${side}</span>
    ${table ? html`<a class="side-name" dir="auto" href=${tableAt(table.version, table.path)}>${table.version.replace(/^[^/]+\//, "")}</a>` : html`<span class="side-name">table ${side}</span>`}</li>`)}</ol>
    <span class="note">joined on <b dir="auto">${keys}</b>, ${JOINS[join.how] ?? join.how}. <code>0.x</code> and <code>1.x</code> are the columns of each.</span></div></section>`;
}

/** @type {Record<string, string>} */
const JOINS = { outer: "keeping rows without a match", inner: "rows that match only", left: "with all rows of side 0", right: "with all rows of side 1" };
