// One column: what its values are, and how they are shown. What is written shows in the grid at once.
import { checkExpression } from "./api.js";
import { groupDisplaysOf, displaysOf } from "./display.js";
import { nameText } from "./expression.js";
import { ExpressionField } from "./field.js";
import { close, Panel } from "./panels.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const PAUSE = 350;
const SIZES = [1, 2, 3, 5, 10, 20, 50, 100];
const AGGREGATES = [["avg", "Average"], ["sum", "Sum"], ["min", "Least"], ["max", "Greatest"], ["median", "Median"], ["stddev", "Standard deviation"], ["distinct", "Distinct values"], ["count", "Values that are not null"], ["first", "First value"]];
const NUMERIC = new Set(["avg", "sum", "median", "stddev"]);

/** @param {{label: string, value: string, options: string[][], take: (value: string) => void, id: string}} props */
export function Choice({ label, value, options, take, id }) {
  return html`<label class="of" for=${id}>${label}</label><select class="input" id=${id} value=${value} onChange=${(/** @type {any} */ event) => take(event.target.value)}>
    ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}</select>`;
}

/** What the panel is about, as it stands in the view now. @param {any} panel @param {string} name */
function found(panel, name) {
  const view = state.spec.value;
  const column = state.laid.value.find((other) => other.name === name);
  const own = [...(view.derive ?? []), ...(view.cells ?? [])].find((other) => other.name === name);
  const isGroup = column?.info.role === "group";
  const isKey = column?.info.role === "key" || column?.info.role === "count";
  return { view, column, own, isGroup, isKey, isNew: panel.before === null };
}

/** @param {{panel: any}} props */
export function ColumnPanel({ panel }) {
  const grouped = state.grouped.value;
  const at = grouped ? "cells" : "derive";
  /** The name under which the column stands in the view; null as long as it is not there. */
  const there = useRef(/** @type {string | null} */ (panel.before));
  const start = useRef({ spec: state.spec.value, pushed: false });
  const first = useRef(panel.before ?? spec.freeName("column", state.names.value));
  const [name, setName] = useState(first.current);
  const [wrong, setWrong] = useState(/** @type {any} */ (null));
  const [kind, setKind] = useState("");
  const timer = useRef(0);
  const { column, own, isGroup, isKey, isNew } = found(panel, there.current ?? "");
  // An expression stands for the rows' own values until another is written.
  const plain = isNew ? "" : grouped ? (isGroup ? "" : nameText(panel.before)) : nameText(panel.before);
  const text = useRef(own?.expression ?? plain);
  const initial = useRef(text.current);

  /** Show a change at once: all that is done here is one step. @param {import("./spec.js").Spec} next */
  const show = (next) => {
    state.apply(next, { replace: start.current.pushed });
    start.current.pushed = true;
  };
  /** @param {string} expression @param {string} as */
  const write = async (expression, as) => {
    const given = expression.trim();
    const view = state.spec.value;
    const before = there.current;
    if (!as.trim()) return setWrong({ message: "Give the column a name." });
    if (as !== before && state.names.value.includes(as)) return setWrong({ message: `There is a column ${as} already: choose another name.` });
    if (!given || (!isNew && !own && given === plain)) {
      setWrong(null);
      if (before !== null && own && !isNew) show(spec.underived(view, before));
      return;
    }
    if (own && given === own.expression && as === before) return setWrong(null);
    try {
      const others = (view[at] ?? []).filter((other) => other.name !== before);
      const checked = await checkExpression({ view: { ...state.asked(), [at]: others }, expression: given, at });
      setKind(checked.type);
    } catch (error) {
      return setWrong(error);
    }
    setWrong(null);
    if (text.current.trim() !== given) return;
    const beside = isNew && before === null ? { side: panel.side, beside: grouped ? undefined : panel.beside } : {};
    const made = /** @type {any} */ (Object.fromEntries(Object.entries({ ...beside, name: as, expression: given }).filter(([, value]) => value !== undefined && value !== null)));
    let next = spec.derived(state.spec.value, made, before !== null && (own || isNew) ? before : null);
    if (isNew && before === null) next = spec.placed(next, state.names.value, as, panel.beside, panel.side);
    there.current = as;
    show(next);
    state.goColumn.value = { name: as, focus: false };
  };
  const later = (/** @type {string} */ expression, /** @type {string} */ as) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void write(expression, as), PAUSE);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const done = async () => {
    clearTimeout(timer.current);
    await write(text.current, name);
    if (isNew && there.current === null) return text.current.trim() ? undefined : setWrong({ message: "Write what the column's values are, such as score_0 + score_6." });
    if (there.current !== null) state.goColumn.value = { name: there.current, focus: true };
    close();
  };
  /** Close, and keep what shows. */
  const leave = async () => {
    clearTimeout(timer.current);
    if (text.current.trim() !== (own?.expression ?? plain)) await write(text.current, name);
    if (there.current !== null && isNew) state.goColumn.value = { name: there.current, focus: true };
    close();
  };
  const discard = () => {
    clearTimeout(timer.current);
    if (start.current.pushed) state.apply(start.current.spec, { replace: true, say: "Discarded" });
    close();
  };
  /** @param {Partial<import("./spec.js").Column>} change */
  const set = (change) => there.current !== null && show(spec.columnSet(state.spec.value, state.names.value, there.current, change));
  const setting = (/** @type {string} */ key, /** @type {unknown} */ value) => {
    const { [key]: _, ...rest } = /** @type {Record<string, unknown>} */ (column?.settings ?? {});
    const next = value === "" || value === undefined || value === null ? rest : { ...rest, [key]: value };
    set({ settings: Object.keys(next).length ? next : undefined });
  };
  const info = column?.info;
  const ways = info ? (isGroup ? groupDisplaysOf(info) : displaysOf(info)) : [];
  const way = ways.find((each) => each.id === column?.display) ?? ways[0];
  const aggregate = grouped && own ? /^(\w+)\((.*)\)$/.exec(own.expression) : null;
  const single = aggregate && aggregate[2] === nameText(panel.before ?? "") ? aggregate[1] : "";
  const numeric = (info?.kind === "number" || info?.kind === "boolean") || Boolean(single);
  const choose = (/** @type {string} */ value) => {
    if (value.startsWith("one:")) {
      text.current = `${value.slice(4)}(${nameText(panel.before)})`;
      initial.current = text.current;
      return void write(text.current, panel.before);
    }
    if (single) {
      text.current = initial.current = "";
      show(spec.columnSet(spec.underived(state.spec.value, panel.before), state.names.value, panel.before, { display: undefined }));
      return;
    }
    set({ display: value && value !== ways[0].id ? value : undefined });
  };
  const one = isGroup || single ? AGGREGATES.filter(([key]) => numeric || !NUMERIC.has(key)).map(([key, label]) => [`one:${key}`, `One number: ${label.toLowerCase()}`]) : [];
  const order = there.current === null || isGroup ? null : spec.sortOf(state.spec.value, isKey ? there.current : nameText(there.current));
  const sort = (/** @type {"asc" | "desc" | null} */ to) => there.current !== null && show(spec.sorted(state.spec.value, isKey ? there.current : nameText(there.current), to));
  const isOwn = Boolean(own) || isNew;
  return html`<${Panel} title=${isNew ? "New column" : `Column ${panel.before || "(no name)"}`} dismiss=${() => void leave()}
    foot=${html`<button class="btn primary" onClick=${() => void done()}>Done</button><button class="btn" onClick=${discard}>Discard</button><span class="gap"></span>
      ${own && !isNew ? html`<button class="btn quiet" onClick=${() => { show(spec.underived(state.spec.value, there.current ?? "")); close(); }}>${isReplaced(own.name) ? "Restore" : "Remove"}</button>` : null}`}>
    ${isKey ? html`<p class="note">${column?.info.role === "count" ? "How many rows each group has." : "Rows with equal values of this make a group."}</p>` : html`
      <label class="of">Expression${grouped ? " of each group" : ""}</label>
      <${ExpressionField} value=${initial.current} at=${at} label="Expression" hint=${grouped ? "such as avg(guess == truth)" : "such as score_0 + score_6"}
        changed=${(/** @type {string} */ now) => { text.current = now; later(now, name); }} take=${() => void done()} cancel=${() => void leave()} />
      ${wrong && !wrong.span ? html`<div class="wrong" role="alert">${wrong.message}${wrong.suggestion ? `; ${wrong.suggestion}` : ""}</div>` : html`<p class="note type">${info ? html`<code>${kind || info.type}</code>` : "It shows in the table as you write."}${isGroup ? html` · left empty, the column shows its rows` : ""}</p>`}`}
    ${isOwn && !single && !(own && !isNew && isReplaced(own.name)) ? html`<label class="of" for="column-name">Name</label><input class="input" id="column-name" value=${name} spellcheck="false" autocomplete="off"
      onInput=${(/** @type {any} */ event) => { setName(event.target.value); if (text.current.trim()) later(text.current, event.target.value); }}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && void done()} />` : null}
    ${info ? html`
      ${isGroup ? null : html`<div class="of">Sort</div><div class="segments" role="group" aria-label="Sort">
        ${/** @type {const} */ ([["Off", null], ["Ascending", "asc"], ["Descending", "desc"]]).map(([label, to]) => html`<button class="btn" aria-pressed=${(order?.order ?? null) === to} onClick=${() => sort(to)}>${label}</button>`)}</div>`}
      <${Choice} id="column-display" label="Shown as" value=${single ? `one:${single}` : way?.id ?? ""} take=${choose}
        options=${[...(single ? [["", "Its rows: histogram, values or media"]] : ways.map((each) => [each.id, each.label])), ...one]} />
      ${(single ? [] : way?.settings ?? []).map((each) => each.options
        ? html`<${Choice} id=${`set-${each.key}`} label=${each.label} value=${String(column?.settings?.[each.key] ?? "")} options=${each.options} take=${(/** @type {string} */ value) => setting(each.key, value)} />`
        : html`<label class="of" for=${`set-${each.key}`}>${each.label}</label><input class="input" id=${`set-${each.key}`} type="number" min=${each.number?.[0]} max=${each.number?.[1]} placeholder="automatic"
            value=${column?.settings?.[each.key] ?? ""} onInput=${(/** @type {any} */ event) => setting(each.key, event.target.value === "" ? "" : Math.max(each.number?.[0] ?? 0, Math.min(each.number?.[1] ?? 99, Math.round(Number(event.target.value) || 0))))} />`)}
      ${isGroup && way?.id === "page" && !single ? html`<${Choice} id="set-size" label="Objects at once" value=${String(column?.settings?.size ?? 5)} options=${SIZES.map((size) => [String(size), String(size)])}
        take=${(/** @type {string} */ value) => setting("size", value === "5" ? undefined : Number(value))} />` : null}
      ${info.kind === "image" ? html`<label class="check"><input type="checkbox" checked=${column?.settings?.overlays !== false} onChange=${(/** @type {any} */ event) => setting("overlays", event.target.checked ? undefined : false)} /> Boxes and masks over pictures</label>` : null}
      <label class="of" for="column-label">Display name</label><input class="input" id="column-label" value=${column?.label ?? ""} placeholder=${there.current ?? ""} autocomplete="off"
        onInput=${(/** @type {any} */ event) => set({ label: event.target.value || undefined })} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && void done()} />
    ` : null}</${Panel}>`;
}

/** Whether a computed column stands for one that the table has. @param {string} name */
function isReplaced(name) {
  return Boolean(state.info.value?.columns.some((/** @type {any} */ column) => column.name === name && (column.original || state.grouped.value)));
}
