// The expression that picks runs: a field that proposes the names of config, summary and facts, and says what is wrong.
import { set } from "./workspace.js";
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

const FACTS = ["state", "name", "id", "group", "job_type", "tags", "notes", "created_at", "updated_at", "exit_code", "steps"];
const STATES = ['"running"', '"finished"', '"failed"', '"crashed"'];
const MOST = 12;

/**
 * What could stand at the cursor: names that begin with the word before it, or have it inside.
 * @param {string} text @param {number} cursor @param {any[]} columns
 * @returns {{start: number, words: {text: string, detail: string}[]}}
 */
export function proposals(text, cursor, columns) {
  const before = text.slice(0, cursor);
  const state = /\bstate\s*(?:==|!=|=)\s*("?\w*)$/.exec(before);
  if (state) return { start: cursor - state[1].length, words: STATES.filter((word) => word.startsWith(state[1] || '"')).map((word) => ({ text: word, detail: "state" })) };
  const word = /(?:[A-Za-z_][\w.]*(?:`[^`]*`?)?|`[^`]*)$/.exec(before)?.[0] ?? "";
  if (!word && /\S$/.test(before) && !/[(\[,=<>]$/.test(before)) return { start: cursor, words: [] };
  const inside = (before.match(/"/g) ?? []).length % 2 === 1;
  if (inside) return { start: cursor, words: [] };
  const all = [...columns.map((column) => ({ text: column.name, detail: column.kind })), ...FACTS.map((name) => ({ text: name, detail: "fact" }))];
  const low = word.toLowerCase();
  const found = all.filter((each) => each.text.toLowerCase().includes(low) && each.text !== word);
  found.sort((a, b) => Number(!a.text.toLowerCase().startsWith(low)) - Number(!b.text.toLowerCase().startsWith(low)));
  return { start: cursor - word.length, words: found.slice(0, MOST) };
}

/** @param {{text: string, columns: any[], error: any, warnings: string[]}} props */
export function RunsFilter({ text, columns, error, warnings }) {
  const [now, setNow] = useState(text);
  const [at, setAt] = useState(-1);
  const [open, setOpen] = useState(false);
  const input = useRef(/** @type {any} */ (null));
  useEffect(() => setNow(text), [text]);
  const { start, words } = open ? proposals(now, input.current?.selectionStart ?? now.length, columns) : { start: 0, words: [] };
  // Keys come faster than the field is drawn: what they act on is what the field holds, and the choice as it is by now.
  const chosen = useRef(-1);
  const choose = (/** @type {number} */ next) => ((chosen.current = next), setAt(next));
  const submit = () => (setOpen(false), set({ filter: input.current.value.trim(), page: "" }));
  const take = (/** @type {string} */ word, /** @type {number} */ from) => {
    const field = input.current;
    const end = field.selectionStart ?? field.value.length;
    field.value = `${field.value.slice(0, from)}${word} ${field.value.slice(end).replace(/^\s+/, "")}`;
    field.focus();
    field.setSelectionRange(from + word.length + 1, from + word.length + 1);
    setNow(field.value);
    choose(-1);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const field = input.current;
    const { start: from, words: offered } = open ? proposals(field.value, field.selectionStart ?? field.value.length, columns) : { start: 0, words: [] };
    const { length } = offered;
    const last = Math.min(chosen.current, length - 1);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!length) return setOpen(true);
      choose((last + (event.key === "ArrowDown" ? 1 : length + (last < 0 ? 0 : -1))) % length);
    } else if ((event.key === "Enter" || event.key === "Tab") && last >= 0) take(offered[last].text, from);
    else if (event.key === "Enter") submit();
    else if (event.key === "Escape" && open) setOpen(false);
    else if (event.key === "Escape") setNow(text);
    else return;
    event.preventDefault();
  };
  const wrong = error && now.trim() === text ? error : null;
  const [from, to] = wrong?.span ?? [0, 0];
  return html`<div class="filter runs-filter"><div class=${`field${wrong ? " is-wrong" : ""}`}><span class="icon" aria-hidden="true">⌕</span>
      <input class="plain" ref=${input} data-search role="combobox" aria-label="Filter runs" aria-autocomplete="list" aria-expanded=${words.length ? "true" : "false"} aria-controls="run-words" aria-activedescendant=${at >= 0 && words.length ? `run-word-${at}` : undefined}
        aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? "run-wrong" : undefined} placeholder='Filter runs: config.lr > 0.01 and summary.acc > 0.9' value=${now} spellcheck=${false} autocomplete="off"
        onInput=${(/** @type {any} */ event) => (setNow(event.target.value), setOpen(true), choose(-1))} onFocus=${() => setOpen(now === "")} onBlur=${() => setTimeout(() => setOpen(false), 150)} onKeyDown=${key} />
      ${now !== text ? html`<button class="btn quiet" onClick=${submit}>Apply</button>` : text ? html`<button class="btn quiet icon" aria-label="Remove the filter" onClick=${() => set({ filter: "", page: "" })}>×</button>` : null}</div>
    ${words.length ? html`<ul class="words" id="run-words" role="listbox" aria-label="Names">${words.map((word, i) => html`<li id=${`run-word-${i}`} role="option" aria-selected=${i === at ? "true" : "false"} onPointerDown=${(/** @type {Event} */ event) => (event.preventDefault(), take(word.text, start))}><span>${word.text}</span><span class="note">${word.detail}</span></li>`)}</ul>` : null}
    ${wrong ? html`<div class="wrong" id="run-wrong" role="alert">${wrong.message}${wrong.span ? html`<div class="mono">${text.slice(Math.max(0, from - 20), from)}<mark>${text.slice(from, to) || "here"}</mark>${text.slice(to, to + 20)}</div>` : null}${wrong.suggestion ? html`<div>${wrong.suggestion}</div>` : null}</div>` : null}
    ${!wrong && warnings.length ? html`<div class="wrong is-note" role="status">${warnings.slice(0, 3).map((warning) => html`<div>${warning}</div>`)}${warnings.length > 3 ? html`<div>and ${warnings.length - 3} more</div>` : null}</div>` : null}</div>`;
}
