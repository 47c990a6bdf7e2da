// What can be done to a view (spec 16). Each function takes a view and gives a new one; nothing here draws or asks.
import { conjuncts, joined, nameText } from "./expression.js";

/**
 * @typedef {{name: string, expression: string, side?: "left" | "right", beside?: string}} Named
 * @typedef {{expression: string, order?: "asc" | "desc", nulls?: "first" | "last"}} Sort
 * @typedef {{name: string, visible?: boolean, width?: number, pin?: "left" | "right", label?: string, display?: string, settings?: Record<string, unknown>}} Column
 * @typedef {{derive?: Named[], filter?: string | null, group?: string[], cells?: Named[], having?: string | null, sort?: Sort[], columns?: Column[], source?: unknown}} Spec
 */

const LISTS = ["derive", "group", "cells", "sort"];

/** What the columns of a view depend on. @param {any} view */
export function rowsOf({ source, derive }) {
  return JSON.stringify([source, derive ?? []]);
}

/**
 * The view without what is empty, so that equal views have equal links.
 * @param {Spec} spec
 * @returns {Spec}
 */
export function tidy(spec) {
  /** @type {Record<string, unknown>} */
  const out = {};
  for (const [key, value] of Object.entries(spec)) {
    if (value === null || value === undefined || value === "") continue;
    if (LISTS.includes(key) && Array.isArray(value) && value.length === 0) continue;
    out[key] = value;
  }
  if (!out.group) {
    delete out.cells;
    delete out.having;
  }
  return out;
}

/** @param {Spec} spec @param {string} expression @returns {{order: "asc" | "desc", at: number, nulls: "first" | "last"} | null} */
export function sortOf(spec, expression) {
  const at = (spec.sort ?? []).findIndex((key) => key.expression === expression);
  return at < 0 ? null : { order: spec.sort?.[at].order ?? "asc", at, nulls: spec.sort?.[at].nulls ?? "last" };
}

/** The view with the nulls of a sort key at the other end. @param {Spec} spec @param {string} expression */
export function nullsTurned(spec, expression) {
  return tidy({ ...spec, sort: (spec.sort ?? []).map((key) => {
    const { nulls, ...rest } = key;
    return key.expression !== expression ? key : nulls === "first" ? rest : { ...rest, nulls: /** @type {"first"} */ ("first") };
  }) });
}

/**
 * The view with a sort key set or, with null, removed; `add` keeps the other keys.
 * @param {Spec} spec @param {string} expression @param {"asc" | "desc" | null} order @param {boolean} [add]
 */
export function sorted(spec, expression, order, add = false) {
  const others = (spec.sort ?? []).filter((key) => key.expression !== expression);
  const at = (spec.sort ?? []).findIndex((key) => key.expression === expression);
  if (order === null) return tidy({ ...spec, sort: add || others.length ? others : [] });
  const key = { expression, ...(order === "desc" ? { order } : {}) };
  if (!add) return tidy({ ...spec, sort: [key] });
  if (at < 0) return tidy({ ...spec, sort: [...others, key] });
  return tidy({ ...spec, sort: (spec.sort ?? []).map((old, i) => (i === at ? { ...key, ...(old.nulls ? { nulls: old.nulls } : {}) } : old)) });
}

/** The next state of a header's click: ascending, descending, off. @param {Spec} spec @param {string} expression @param {boolean} add */
export function sortCycled(spec, expression, add) {
  const now = sortOf(spec, expression);
  return sorted(spec, expression, now === null ? "asc" : now.order === "asc" ? "desc" : null, add);
}

/** @param {Spec} spec @param {string} part */
export function filteredAlso(spec, part) {
  const parts = conjuncts(spec.filter);
  return parts.includes(part) ? spec : tidy({ ...spec, filter: joined([...parts, part]) });
}

/** @param {Spec} spec @param {string[]} parts */
export function filteredBy(spec, parts) {
  return tidy({ ...spec, filter: joined(parts) });
}

/** @param {Spec} spec @param {string} expression */
export function groupedBy(spec, expression) {
  const group = spec.group ?? [];
  if (group.includes(expression)) return spec;
  // Keys and counts come first, also where an order of columns was chosen.
  const first = [...group, expression].map((key) => ({ name: key }));
  const columns = spec.columns && [...first, { name: "count" }, ...spec.columns.filter((column) => column.name !== "count" && !first.some((key) => key.name === column.name))];
  return tidy({ ...spec, group: [...group, expression], sort: [], columns });
}

/** @param {Spec} spec @param {string} expression */
export function ungrouped(spec, expression) {
  return tidy({ ...spec, group: (spec.group ?? []).filter((key) => key !== expression), sort: [] });
}

/** @param {Spec} spec @param {string} old @param {string} expression */
export function regrouped(spec, old, expression) {
  const group = (spec.group ?? []).map((key) => (key === old ? expression : key));
  return tidy({ ...spec, group: [...new Set(group)], sort: [] });
}

/**
 * A name that no column has.
 * @param {string} base @param {string[]} taken
 */
export function freeName(base, taken) {
  if (!taken.includes(base)) return base;
  for (let i = 2; ; i += 1) if (!taken.includes(`${base}_${i}`)) return `${base}_${i}`;
}

/**
 * The view with a computed column put in, or changed where one has the name.
 * @param {Spec} spec @param {Named} column @param {string | null} before the name it had
 */
export function derived(spec, column, before = null) {
  const grouped = (spec.group ?? []).length > 0;
  const key = grouped ? "cells" : "derive";
  const list = spec[key] ?? [];
  const at = list.findIndex((old) => old.name === (before ?? column.name));
  const next = at < 0 ? [...list, column] : list.map((old, i) => (i === at ? { ...old, ...column } : old));
  /** @type {Spec} */
  let out = { ...spec, [key]: next };
  if (before !== null && before !== column.name && out.columns) {
    out.columns = out.columns.map((old) => (old.name === before ? { ...old, name: column.name } : old));
  }
  if (before !== null && before !== column.name) {
    const old = nameText(before);
    out = { ...out, sort: (out.sort ?? []).map((sort) => (sort.expression === old ? { ...sort, expression: nameText(column.name) } : sort)) };
  }
  return tidy(out);
}

/**
 * The view with a new column beside another, where the order of columns is the view's and not the table's.
 * @param {Spec} spec @param {string[]} names all there were @param {string} name @param {string} beside @param {"left" | "right"} side
 */
export function placed(spec, names, name, beside, side) {
  if (!spec.columns && !spec.group) return spec;
  const columns = columnsOf(spec, names).filter((column) => column.name !== name);
  const at = columns.findIndex((column) => column.name === beside);
  columns.splice(at < 0 ? columns.length : at + (side === "right" ? 1 : 0), 0, { name });
  return tidy({ ...spec, columns });
}

/** @param {Spec} spec @param {string} name */
export function underived(spec, name) {
  return tidy({
    ...spec,
    derive: (spec.derive ?? []).filter((column) => column.name !== name),
    cells: (spec.cells ?? []).filter((column) => column.name !== name),
    sort: (spec.sort ?? []).filter((key) => key.expression !== nameText(name)),
    columns: spec.columns?.filter((column) => column.name !== name),
  });
}

/**
 * The order of the columns: those of the view's list first as listed, then the others where they stand.
 * @param {Spec} spec @param {string[]} names all there are, in order
 * @returns {Column[]}
 */
export function columnsOf(spec, names) {
  const there = new Set(names);
  const listed = (spec.columns ?? []).filter((column) => there.has(column.name));
  if (listed.length === 0) return names.map((name) => ({ name }));
  const known = new Set(listed.map((column) => column.name));
  /** @type {Map<string | null, string[]>} new columns by the one they stand behind */
  const behind = new Map();
  /** @type {string | null} */
  let before = null;
  for (const name of names) {
    if (known.has(name)) before = name;
    else if (behind.has(before)) behind.get(before)?.push(name);
    else behind.set(before, [name]);
  }
  const after = (/** @type {string | null} */ name) => (behind.get(name) ?? []).map((found) => ({ name: found }));
  return [...after(null), ...listed.flatMap((column) => [column, ...after(column.name)])];
}

/**
 * The view with one column's setting changed; the list is written once a setting differs from none.
 * @param {Spec} spec @param {string[]} names @param {string} name @param {Partial<Column>} change
 */
export function columnSet(spec, names, name, change) {
  const columns = columnsOf(spec, names).map((column) => {
    if (column.name !== name) return column;
    /** @type {Record<string, unknown>} */
    const out = { ...column, ...change };
    for (const key of Object.keys(out)) if (out[key] === undefined || out[key] === null || (key === "visible" && out[key] === true)) delete out[key];
    return /** @type {Column} */ (/** @type {unknown} */ (out));
  });
  return columnsListed(spec, names, columns);
}

/** @param {Spec} spec @param {string[]} names @param {Column[]} columns */
export function columnsListed(spec, names, columns) {
  const plain = columns.length === names.length && columns.every((column, i) => column.name === names[i] && Object.keys(column).length === 1);
  return tidy({ ...spec, columns: plain ? undefined : columns });
}

/**
 * The view with a column moved to another's place.
 * @param {Spec} spec @param {string[]} names @param {string} name @param {number} to its number among all columns
 */
export function columnMoved(spec, names, name, to) {
  const columns = columnsOf(spec, names);
  const from = columns.findIndex((column) => column.name === name);
  if (from < 0) return spec;
  const [moved] = columns.splice(from, 1);
  columns.splice(Math.max(0, Math.min(to, columns.length)), 0, moved);
  return columnsListed(spec, names, columns);
}

/**
 * The query string of a view's link (VIEW-7).
 * @param {Spec} spec
 */
export function toQuery(spec) {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(tidy(spec)).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (key === "kind" || key === "format" || key === "features" || key === "refs") continue;
    out.set(key, key === "filter" || key === "having" ? String(value) : JSON.stringify(value));
  }
  const text = out.toString();
  return text ? `${text}&format=0.1` : "";
}

/**
 * The view of a link; what cannot be read is left out and named.
 * @param {string} query
 * @returns {{spec: Spec, wrong: string[]}}
 */
export function fromQuery(query) {
  /** @type {Record<string, any>} */
  const spec = {};
  const wrong = [];
  for (const [key, value] of new URLSearchParams(query)) {
    if (key === "filter" || key === "having") spec[key] = value;
    else if (LISTS.includes(key) || key === "columns") {
      try {
        const list = JSON.parse(value);
        if (!Array.isArray(list)) throw new Error("no list");
        const whole = list.every((item) => (key === "group" ? typeof item === "string" : item !== null && typeof item === "object"));
        if (!whole) throw new Error("no items");
        spec[key] = list;
      } catch {
        wrong.push(key);
      }
    }
  }
  return { spec: tidy(spec), wrong };
}
