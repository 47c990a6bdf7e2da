// A field for an expression: completed and checked as it is written.
import { checkExpression } from "./api.js";
import { makeEditor } from "./editor.js";
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
 * @param {{value: string, at: string, label: string, hint: string, take: (text: string) => void, fieldRef?: any, changed?: (text: string) => void, cancel?: () => void, autofocus?: boolean}} props
 */
export function ExpressionField({ value, at, label, hint, take, fieldRef, changed, cancel: left, autofocus }) {
  const host = useRef(/** @type {any} */ (null));
  const plain = useRef(/** @type {any} */ (null));
  const editor = useRef(/** @type {any} */ (null));
  const latest = useRef({ take, value, changed, left });
  latest.current = { take, value, changed, left };
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
  useEffect(() => {
    if (autofocus) plain.current?.focus();
    return () => editor.current?.close();
  }, []);
  const cancel = () => {
    if (latest.current.left) return latest.current.left();
    set(latest.current.value);
    editor.current?.set(latest.current.value);
    setWrong(null);
    /** @type {HTMLElement | null} */ (document.querySelector(".grid [tabindex='0'][data-column]") ?? document.querySelector(".grid"))?.focus();
  };
  const submit = async (/** @type {string} */ given) => {
    const next = given.trim();
    if (next && at !== "derive" && at !== "cells") {
      try {
        await checkExpression({ view: { ...state.asked(), filter: undefined }, expression: next, at });
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
  // That the server did not answer is no fault of the expression, and is over once it answers.
  const shown = wrong?.code === "offline" && state.online.value ? null : wrong;
  const id = `wrong-${at}${left ? "-part" : ""}`;
  return html`<div>
    <div class=${`field${shown ? " is-wrong" : ""}`}>
      <span class="icon" aria-hidden="true">${at === "filter" && !left ? html`<svg width="14" height="14" viewBox="0 0 14 14"><path d="M1.5 2.5h11L8.5 7.5v4l-3 -1.5v-2.5z" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linejoin="round"/></svg>` : "ƒ"}</span>
      <div class=${`editor cm-host${ready ? "" : " is-waiting"}`} ref=${host}></div>
      ${ready ? null : html`<input class="plain" ref=${plain} value=${text} aria-label=${label} placeholder=${hint} spellcheck="false"
        autocomplete="off" aria-invalid=${shown ? "true" : "false"} onFocus=${load} onInput=${(/** @type {any} */ event) => set(event.target.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" ? submit(now.current) : event.key === "Escape" ? cancel() : undefined} />`}
      ${text && at === "filter" && !left ? html`<button class="btn quiet icon" aria-label="Clear the filter" onClick=${() => take("")}>×</button>` : null}
    </div>
    <${Wrong} wrong=${shown} text=${text} id=${id} />
  </div>`;
}
