// The bundle of CodeMirror is used by one module alone, without types.
export const EditorState: any, Compartment: any, Prec: any, EditorView: any, keymap: any, placeholder: any, tooltips: any;
export const history: any, historyKeymap: any[], standardKeymap: any[];
export const autocompletion: any, completionKeymap: any[], acceptCompletion: any, closeCompletion: any, completionStatus: any, startCompletion: any;
export const linter: any, setDiagnostics: any, lintKeymap: any[];
