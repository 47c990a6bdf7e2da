export { EditorState, Compartment, Prec } from "@codemirror/state";
export { EditorView, keymap, placeholder, tooltips } from "@codemirror/view";
export { history, historyKeymap, standardKeymap } from "@codemirror/commands";
export { autocompletion, completionKeymap, acceptCompletion, closeCompletion, completionStatus, startCompletion } from "@codemirror/autocomplete";
export { linter, setDiagnostics, lintKeymap } from "@codemirror/lint";
