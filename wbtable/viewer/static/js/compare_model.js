// Tables beside each other, as the page sees them (spec 17): which columns are one column on several sides, and what a
// comparison's source says. Nothing here draws or asks.
import { conjuncts, joined, nameText } from "./expression.js";

/**
 * @typedef {{project?: string, artifact?: string, version?: string, path?: string, url?: string}} Place
 * @typedef {{kind: string, tables?: Place[], key?: string[], mode?: string, how?: string, project?: string, run_key?: string, runs?: string[]}} Source
 */

/** The column that says what happened to a row. */
export const CHANGE = "_change";
export const MOST = 8;
/** A sign for each side: colour is the second sign only. */
export const MARKS = ["●", "◆", "▲", "■", "▼", "★", "✚", "⬟"];
/** What may happen to a row, with a sign for each. @type {Record<string, string>} */
export const SIGNS = { added: "+", removed: "−", changed: "≠", equal: "=" };

/** @param {any} source @returns {boolean} whether rows of several tables are put beside each other */
export const isMerged = (source) => source?.kind === "compare" && (source.mode ?? "join") === "join";
/** @param {any} source @returns {boolean} */
export const isBeside = (source) => source?.kind === "compare" && source.mode === "side_by_side";

/** The name of a column without its side. @param {string} name */
export const baseOf = (name) => name.replace(/^\d+\./, "");

/** The name of a table in its version. @param {Place} place */
export const fileName = (place) => String(place.path).replace(/\.(joined-table|partitioned-table|table)\.json$/, "");

/** What a table is called among others: as short as tells it apart. @param {Place} place @param {Place[]} [all] @param {{id: string, title: string}[]} [opened] */
export function placeName(place, all = [place], opened = []) {
  if (place.url) return opened.find((each) => each.id === place.url)?.title ?? place.url;
  const version = String(place.version);
  const short = `${place.artifact}:${/^[0-9a-f]{64}$/.test(version) ? version.slice(0, 12) : version}`;
  const same = all.filter((other) => other.artifact === place.artifact && other.version === place.version);
  const file = fileName(place);
  const isElsewhere = all.some((other) => other.project !== place.project);
  return `${isElsewhere ? `${place.project}/` : ""}${short}${new Set(same.map((other) => other.path)).size > 1 ? ` ${file}` : ""}`;
}

/** What a source is called. @param {any} source @param {{id: string, title: string}[]} [opened] */
export function sourceName(source, opened = []) {
  const tables = source?.tables ?? [];
  if (source?.kind === "union") return source.run_key;
  if (!tables.length) return "Table";
  if (source.kind === "compare") {
    const names = tables.map((/** @type {Place} */ place) => placeName(place, tables, opened));
    return source.mode === "concat" ? names.join(" then ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  }
  return tables[0].url ? placeName(tables[0], tables, opened) : fileName(tables[0]);
}

/**
 * Columns of several sides in the order in which they are looked at: keys, what happened, then each column of one name
 * together; computed ones stay with those beside which they were put.
 * @template {{name: string, side?: number | null, key?: boolean, derived?: boolean}} C
 * @param {C[]} columns @param {{name: string, beside?: string, side?: string}[]} [derive]
 * @returns {C[]}
 */
export function interleaved(columns, derive = []) {
  if (!columns.some((column) => typeof column.side === "number")) return columns;
  const first = columns.filter((column) => column.key);
  first.push(...columns.filter((column) => column.name === CHANGE && !column.derived));
  /** @type {Map<string, C[]>} */
  const blocks = new Map();
  const rest = [];
  for (const column of columns) {
    if (typeof column.side === "number") {
      const base = baseOf(column.name);
      blocks.set(base, [...(blocks.get(base) ?? []), column]);
    } else if (!first.includes(column)) rest.push(column);
  }
  const out = [...first.map((column) => [column]), ...blocks.values()];
  for (const column of rest) {
    const where = derive.find((other) => other.name === column.name);
    const at = out.findIndex((block) => block.some((other) => other.name === where?.beside));
    if (at < 0) out.push([column]);
    else out.splice(where?.side === "left" ? at : at + 1, 0, [column]);
  }
  return out.flat();
}

/**
 * Laid-out columns with those of one name on several sides as one, which has the first one's name and settings.
 * @param {any[]} laid @param {Map<string, any>} changes what a comparison says of a column, by its name
 * @returns {any[]}
 */
export function paired(laid, changes) {
  /** @type {Map<string, any[]>} */
  const groups = new Map();
  for (const column of laid) {
    if (typeof column.info?.side !== "number" || !["row", "group"].includes(column.info.role)) continue;
    const base = baseOf(column.name);
    groups.set(base, [...(groups.get(base) ?? []), column]);
  }
  if (!groups.size) return laid;
  const isCompared = laid.some((column) => column.name === CHANGE && !column.info?.derived);
  const out = [];
  for (const column of laid) {
    const base = baseOf(column.name);
    const group = (groups.get(base) ?? []).includes(column) ? [...(groups.get(base) ?? [])].sort((a, b) => a.info.side - b.info.side) : null;
    const change = typeof column.info?.side === "number" ? changes.get(base) : undefined;
    if (!group || group.length < 2) out.push(change ? { ...column, info: { ...column.info, change } } : column);
    else if (group[0] === column) {
      out.push({ ...column, label: column.label ?? base, info: { ...column.info, base, change, isCompared, pair: group.map((other) => other.info), members: group } });
    }
  }
  return out;
}

/** The names of all columns of the table that columns show. @param {any[]} columns @returns {string[]} */
export function namesOf(columns) {
  const found = columns.flatMap((column) => (column.info?.pair ? [...column.info.pair.map((/** @type {any} */ one) => one.name), ...(column.info.isCompared && column.info.role === "row" ? [CHANGE] : [])] : [column.name]));
  return [...new Set(found)];
}

/**
 * The values that a column shows in a row: of one on several sides all of them and what happened to the row.
 * @param {(name: string) => any} get @param {any} column
 * @returns {any} undefined while one is not here
 */
export function valueIn(get, column) {
  const { pair } = column.info ?? {};
  if (!pair) return get(column.name);
  const values = pair.map((/** @type {any} */ one) => get(one.name));
  return values.some((/** @type {any} */ value) => value === undefined) ? undefined : { pair: values, change: get(CHANGE) ?? null };
}

/** Whether values of the sides differ: null where their beginnings alone are known. @param {any[]} values @param {string | null} change @returns {boolean | null} */
export function differ(values, change) {
  if (change === "equal") return false;
  const text = (/** @type {any} */ value) => JSON.stringify(value?.digest === undefined ? value : whatOf(value));
  const [first] = values;
  if (values.some((value) => text(value) !== text(first))) return true;
  return typeof first?.cut === "string" ? null : false;
}

/** What makes media another: bytes, what is drawn over them, caption; not where they are kept. @param {any} media */
function whatOf({ digest, boxes, masks, caption }) {
  const digestOf = (/** @type {any} */ mask) => /[0-9a-f]{64}/.exec(mask.ref ?? "")?.[0];
  return [digest, boxes, Object.entries(masks ?? {}).map(([layer, mask]) => [layer, digestOf(mask)]), caption];
}

/** This side's number minus the first one's, exact for whole numbers; null where there is none. @param {any} first @param {any} other @returns {number | string | null} */
export function difference(first, other) {
  if (typeof first === "number" && typeof other === "number") return other - first;
  const whole = /^-?\d+$/;
  if ([first, other].every((value) => whole.test(String(value)))) return String(BigInt(other) - BigInt(first));
  return null;
}

/** The expression of a pair's difference. @param {any} column @param {number} [side] */
export const differenceText = (column, side = 1) => `${side}.${nameText(column.info.base)} - 0.${nameText(column.info.base)}`;

/** The condition that a column differs on some side. @param {any} column */
export function changedText(column) {
  const base = nameText(column.info.base ?? baseOf(column.name));
  const parts = (column.info.pair ?? []).slice(1).map((/** @type {any} */ one) => `0.${base} != ${one.side}.${base}`);
  return parts.length > 1 ? `(${parts.join(" or ")})` : parts[0];
}

const SIDED = /(^|[^\w.])(\d+|\*)\.(?=[A-Za-z_`])/;
const SIMPLE = /^(?:\d+\.)?(?:[A-Za-z_][A-Za-z_0-9]*|`[^`]*`)$/;

/**
 * A view of one source as far as it means something in another: names gain a side, or lose it.
 * @param {import("./spec.js").Spec} view @param {any} from @param {any} to
 * @returns {import("./spec.js").Spec}
 */
export function translated(view, from, to) {
  const was = isMerged(from);
  const is = isMerged(to);
  if (was === is) return { ...view, source: to };
  const keys = new Set([...(from?.key ?? []), ...(to?.key ?? [])]);
  const plain = (/** @type {string} */ text) => text.replace(/^\d+\./, "").replace(/^`|`$/g, "");
  const turned = (/** @type {string} */ text) => {
    if (!SIMPLE.test(text) || keys.has(plain(text)) || text === "count" || text === CHANGE) return text;
    return is ? (/^\d+\./.test(text) ? text : `0.${text}`) : text.replace(/^\d+\./, "");
  };
  const cells = new Set((view.cells ?? []).map((cell) => cell.name));
  /** @type {import("./spec.js").Column[] | undefined} */
  let columns = view.columns?.flatMap((column) => {
    if (keys.has(column.name) || cells.has(column.name)) return [column];
    if (is) return (to.tables ?? []).map((/** @type {any} */ _, /** @type {number} */ side) => ({ ...column, name: `${side}.${column.name}` }));
    return [{ ...column, name: baseOf(column.name) }];
  });
  columns = columns?.filter((column, i) => columns?.findIndex((other) => other.name === column.name) === i);
  // What happened to rows, and what differs between sides, is known of merged ones only.
  const filter = is ? view.filter : joined(conjuncts(view.filter).filter((part) => !part.includes(CHANGE) && !SIDED.test(part)));
  return {
    ...view, source: to, filter, columns, group: view.group?.map(turned),
    sort: view.sort?.map((key) => (cells.has(key.expression) ? key : { ...key, expression: turned(key.expression) })),
  };
}
