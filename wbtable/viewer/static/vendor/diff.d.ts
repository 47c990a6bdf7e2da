// What the page uses of the bundle, for the checker of types.
export type Part = { value: string; added: boolean; removed: boolean; count: number };
export type Options = { timeout?: number; maxEditLength?: number; intlSegmenter?: Intl.Segmenter };
export function diffWordsWithSpace(before: string, after: string, options?: Options): Part[] | undefined;
export function diffChars(before: string, after: string, options?: Options): Part[] | undefined;
export function diffLines(before: string, after: string, options?: Options): Part[] | undefined;
