// The expression field: CodeMirror, loaded when a field is first used; until then a plain field does the same work.
import { checkExpression, post } from "./api.js";
import * as state from "./state.js";

/**
 * Turn a host element into an editor of one line.
 * @param {HTMLElement} host
 * @param {{text: string, label: string, at: string, hint: string, nonce: string, changed: (text: string) => void, submit: (text: string) => void, cancel: () => void, checked?: (wrong: any) => void}} options
 */
export async function makeEditor(host, options) {
  const cm = await import("../vendor/codemirror.js");
  /** @param {any} context */
  const source = async (context) => {
    const text = context.state.doc.toString();
    const found = await post("/api/complete", { view: state.asked(), text, cursor: context.pos, at: options.at }).catch(() => null);
    if (!found || context.aborted || found.completions.length === 0) return null;
    const from = found.completions[0].start;
    // What is written in full already needs no offer.
    const [only] = found.completions;
    if (!context.explicit && found.completions.length === 1 && only.text === text.slice(only.start, context.pos)) return null;
    if (from === context.pos && !context.explicit && !/[\s(.]$/.test(text.slice(0, context.pos)) && text !== "") return null;
    return {
      from,
      to: found.completions[0].end,
      filter: false,
      options: found.completions.map((/** @type {any} */ each) => ({
        label: each.text,
        detail: each.detail,
        type: { column: "variable", value: "constant", operator: "keyword" }[/** @type {string} */ (each.kind)] ?? each.kind,
        apply: each.kind === "function" && !each.text.endsWith("(") ? `${each.text}(` : each.kind === "operator" || each.kind === "keyword" ? `${each.text} ` : each.text,
      })),
    };
  };
  const linter = cm.linter(async (/** @type {any} */ view) => {
    const text = view.state.doc.toString();
    if (!text.trim()) return options.checked?.(null), [];
    try {
      await checkExpression({ view: { ...state.asked(), ...(options.at === "filter" ? { filter: undefined } : {}) }, expression: text, at: options.at });
      options.checked?.(null);
      return [];
    } catch (error) {
      const wrong = /** @type {any} */ (error);
      options.checked?.(wrong);
      const [from, to] = wrong.span ?? [0, text.length];
      const size = text.length;
      return [{ from: Math.min(from, size), to: Math.min(Math.max(to, from + 1), size), severity: "error", message: wrong.message }];
    }
  }, { delay: 600, tooltipFilter: () => [] });
  const down = cm.completionKeymap.find((/** @type {any} */ binding) => binding.key === "ArrowDown");
  const view = new cm.EditorView({
    parent: host,
    state: cm.EditorState.create({
      doc: options.text,
      extensions: [
        cm.EditorView.cspNonce.of(options.nonce),
        cm.EditorState.transactionFilter.of((/** @type {any} */ change) => (change.newDoc.lines > 1 ? [] : [change])),
        cm.history(),
        cm.tooltips({ parent: /** @type {HTMLElement} */ (document.querySelector("main") ?? document.body) }),
        cm.autocompletion({ override: [source], icons: false, interactionDelay: 30, selectOnOpen: false }),
        linter,
        cm.Prec.highest(cm.keymap.of([
          // Nothing is chosen before somebody chooses: Enter takes what is written, Tab the first that is offered.
          { key: "Tab", run: (/** @type {any} */ at) => cm.completionStatus(at.state) === "active" && (cm.acceptCompletion(at) || (down?.run?.(at), cm.acceptCompletion(at))) },
          { key: "Enter", run: (/** @type {any} */ at) => {
            if (cm.completionStatus(at.state) === "active" && cm.acceptCompletion(at)) return true;
            options.submit(at.state.doc.toString());
            return true;
          } },
          { key: "Escape", run: (/** @type {any} */ at) => cm.closeCompletion(at) || (options.cancel(), true) },
        ])),
        cm.keymap.of([...cm.completionKeymap, ...cm.historyKeymap, ...cm.standardKeymap]),
        cm.placeholder(options.hint),
        cm.EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", autocapitalize: "off" }),
        cm.EditorView.updateListener.of((/** @type {any} */ update) => update.docChanged && options.changed(update.state.doc.toString())),
      ],
    }),
  });
  return {
    focus: () => (view.focus(), view.dispatch({ selection: { anchor: view.state.doc.length } })),
    select: () => view.dispatch({ selection: { anchor: 0, head: view.state.doc.length } }),
    set: (/** @type {string} */ text) => {
      if (view.state.doc.toString() !== text) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    close: () => view.destroy(),
  };
}
