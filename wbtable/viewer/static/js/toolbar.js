// The bar above the table: the filter as text, and a pill for each thing that is done to the rows.
import { moreMenu } from "./actions.js";
import { post } from "./api.js";
import { makeEditor } from "./editor.js";
import { conjuncts, joined, nameText } from "./expression.js";
import { openMenu } from "./menu.js";
import * as spec from "./spec.js";
import * as state from "./state.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const nonce = () => document.querySelector('meta[name="wbtable-nonce"]')?.getAttribute("content") ?? "";

/** An error of an expression, with the place that is meant. @param {{wrong: any, text: string, id: string}} props */
export function Wrong({ wrong, text, id }) {
  if (!wrong) return null;
  const [from, to] = wrong.span ?? [0, 0];
  return html`<div class="wrong" id=${id} role="alert">${wrong.message}${wrong.suggestion ? `; ${wrong.suggestion}` : ""}
    ${to > from && text.slice(from, to) ? html` — at <mark>${text.slice(from, to)}</mark>` : null}</div>`;
}

/**
 * A field for an expression. Enter takes it if it is right.
 * @param {{value: string, at: string, label: string, hint: string, take: (text: string) => void, fieldRef?: any, changed?: (text: string) => void}} props
 */
export function ExpressionField({ value, at, label, hint, take, fieldRef, changed }) {
  const host = useRef(/** @type {any} */ (null));
  const plain = useRef(/** @type {any} */ (null));
  const editor = useRef(/** @type {any} */ (null));
  const latest = useRef({ take, value, changed });
  latest.current = { take, value, changed };
  const [text, setText] = useState(value);
  const [wrong, setWrong] = useState(/** @type {any} */ (null));
  const [ready, setReady] = useState(false);
  const now = useRef(text);
  const set = (/** @type {string} */ next) => {
    now.current = next;
    setText(next);
    latest.current.changed?.(next);
  };
  useEffect(() => {
    set(value);
    setWrong(null);
    editor.current?.set(value);
  }, [value]);
  useEffect(() => () => editor.current?.close(), []);
  const cancel = () => {
    set(latest.current.value);
    editor.current?.set(latest.current.value);
    setWrong(null);
    /** @type {HTMLElement | null} */ (document.querySelector(".grid [tabindex='0'][data-column]") ?? document.querySelector(".grid"))?.focus();
  };
  const submit = async (/** @type {string} */ given) => {
    const next = given.trim();
    if (next && at === "filter") {
      try {
        await post("/api/check", { view: { ...state.asked(), filter: undefined }, expression: next, at });
      } catch (error) {
        return setWrong(error);
      }
    }
    setWrong(null);
    latest.current.take(next);
  };
  const load = async () => {
    if (editor.current || host.current.dataset.loading) return;
    host.current.dataset.loading = "1";
    try {
      const made = await makeEditor(host.current, { text: now.current, label, at, hint, nonce: nonce(), changed: set, submit, cancel, checked: setWrong });
      // What was typed while it came is kept, and so is the focus: the field must show before it can have it.
      const had = document.activeElement === plain.current;
      editor.current = made;
      made.set(now.current);
      host.current.classList.remove("is-waiting");
      if (had) made.focus();
      setReady(true);
    } catch {
      // Without the editor the plain field does: the server checks what is entered.
    }
  };
  if (fieldRef) fieldRef.current = { focus: () => (editor.current ? editor.current.focus() : plain.current?.focus()) };
  const id = `wrong-${at}`;
  return html`<div>
    <div class=${`field${wrong ? " is-wrong" : ""}`}>
      <span class="icon" aria-hidden="true">${at === "filter" ? html`<svg width="14" height="14" viewBox="0 0 14 14"><path d="M1.5 2.5h11L8.5 7.5v4l-3 -1.5v-2.5z" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linejoin="round"/></svg>` : "ƒ"}</span>
      <div class=${`editor cm-host${ready ? "" : " is-waiting"}`} ref=${host}></div>
      ${ready ? null : html`<input class="plain" ref=${plain} value=${text} aria-label=${label} placeholder=${hint} spellcheck="false"
        autocomplete="off" aria-invalid=${wrong ? "true" : "false"} onFocus=${load} onInput=${(/** @type {any} */ event) => set(event.target.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" ? submit(now.current) : event.key === "Escape" ? cancel() : undefined} />`}
      ${text && at === "filter" ? html`<button class="btn quiet icon" aria-label="Clear the filter" onClick=${() => take("")}>×</button>` : null}
    </div>
    <${Wrong} wrong=${wrong} text=${text} id=${id} />
  </div>`;
}

const HEIGHTS = { s: "Small rows", m: "Medium rows", l: "Large rows", xl: "Very large rows" };

/** @param {{filterRef: any}} props */
export function Toolbar({ filterRef }) {
  const view = state.spec.value;
  const panel = state.panel.value;
  const toggle = (/** @type {string} */ kind) => (state.panel.value = panel?.kind === kind ? null : { kind });
  const group = (/** @type {any} */ event) => openMenu(event.currentTarget, "Group by", (state.info.value?.columns ?? []).slice(0, 200).map((/** @type {any} */ column) => {
    const name = nameText(column.name);
    const on = (view.group ?? []).includes(name);
    return { label: column.name, checked: on, run: () => state.apply(on ? spec.ungrouped(state.spec.value, name) : spec.groupedBy(state.spec.value, name)) };
  }));
  return html`<section class="toolbar" aria-label="View">
    <div class="filter"><${ExpressionField} value=${view.filter ?? ""} at="filter" label="Filter" fieldRef=${filterRef}
      hint='Filter rows, such as guess != truth and score > 0.9' take=${(/** @type {string} */ text) => state.apply({ ...state.spec.value, filter: text || null })} /></div>
    <button class="btn" aria-haspopup="menu" aria-expanded="false" onClick=${group}>Group</button>
    <button class="btn" aria-pressed=${panel?.kind === "columns"} onClick=${() => toggle("columns")}>Columns</button>
    <button class="btn icon" aria-label="Row height" title="Row height" aria-haspopup="menu" aria-expanded="false" onClick=${(/** @type {any} */ event) =>
      openMenu(event.currentTarget, "Row height", Object.entries(HEIGHTS).map(([size, label]) => ({ label, checked: (state.height.value || "s") === size, run: () => state.setHeight(size) })))}>☰</button>
    <button class="btn icon" aria-label="More" title="More" aria-haspopup="menu" aria-expanded="false" onClick=${(/** @type {any} */ event) => moreMenu(event.currentTarget)}>⋯</button>
  </section>`;
}

export function Pills() {
  const view = state.spec.value;
  const parts = conjuncts(view.filter);
  const off = state.off.value;
  const pills = [
    ...parts.map((part) => html`<${Pill} key=${`on${part}`} kind="filter" text=${part} on=${true}
      toggle=${() => state.apply(spec.filteredBy(view, parts.filter((other) => other !== part)), { off: [...off, part] })}
      remove=${() => state.apply(spec.filteredBy(view, parts.filter((other) => other !== part)))} />`),
    ...off.map((part) => html`<${Pill} key=${`off${part}`} kind="filter" text=${part} on=${false}
      toggle=${() => state.apply({ ...view, filter: joined([...parts, part]) }, { off: off.filter((other) => other !== part) })}
      remove=${() => state.apply(view, { off: off.filter((other) => other !== part) })} />`),
    ...(view.group ?? []).map((key) => html`<${Pill} key=${`group${key}`} kind="group" text=${key} remove=${() => state.apply(spec.ungrouped(view, key))} />`),
    ...(view.sort ?? []).map((key) => html`<${Pill} key=${`sort${key.expression}`} kind="sort" text=${`${key.expression} ${key.order === "desc" ? "↓" : "↑"}`}
      toggle=${() => state.apply(spec.sorted(view, key.expression, key.order === "desc" ? "asc" : "desc", true))} remove=${() => state.apply(spec.sorted(view, key.expression, null, true))} />`),
  ];
  if (!pills.length) return null;
  return html`<section class="pills" aria-label="What is done to the rows">${pills}</section>`;
}

/** @param {{kind: string, text: string, on?: boolean, toggle?: () => void, remove: () => void}} props */
function Pill({ kind, text, on, toggle, remove }) {
  const what = kind === "filter" ? (on ? "Switch off" : "Switch on") : "Turn round";
  return html`<span class=${`pill${on === false ? " is-off" : ""}`}>
    <span class="kind">${kind}</span>
    ${toggle
      ? html`<button class="pill-text" title=${what} aria-pressed=${on === undefined ? undefined : String(on)} onClick=${toggle}>${text}</button>`
      : html`<span class="pill-text" style=${{ alignSelf: "center", padding: "0 6px" }}>${text}</span>`}
    <button aria-label=${`Remove ${kind} ${text}`} onClick=${remove}>×</button></span>`;
}
