// Objects as maps: names that people chose, such as "constructor", are not looked for in what every object has.

/** What a map has under a key of its own. @template T @param {Record<string, T> | null | undefined} map @param {string} key @returns {T | undefined} */
export const own = (map, key) => (map && Object.hasOwn(map, key) ? map[key] : undefined);
