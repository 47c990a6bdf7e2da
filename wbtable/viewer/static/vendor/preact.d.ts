// What the page uses of the bundle, for the checker of types.
export const h: any, Fragment: any, createContext: any;
export function render(node: any, root: Element): void;
export function html(strings: TemplateStringsArray, ...values: any[]): any;
export function signal<T>(value: T): { value: T; peek(): T };
export function computed<T>(run: () => T): { readonly value: T; peek(): T };
export function effect(run: () => void | (() => void)): () => void;
export function batch<T>(run: () => T): T;
export function useState<T>(value: T): [T, (next: T) => void];
export function useEffect(run: () => void | (() => void), when?: any[]): void;
export function useLayoutEffect(run: () => void | (() => void), when?: any[]): void;
export function useRef<T>(value: T): { current: T };
export function useMemo<T>(run: () => T, when: any[]): T;
export function useCallback<T>(run: T, when: any[]): T;
export function useSignal<T>(value: T): { value: T; peek(): T };
export function useComputed<T>(run: () => T): { readonly value: T };
