// Curves as arithmetic: smoothing, groups of runs, and lines side by side over one axis. Nothing here draws or asks.

/**
 * @typedef {{id: string, label: string, slot: number, x: number[], y: (number | null)[], low?: (number | null)[], high?: (number | null)[], raw?: (number | null)[], runs?: number, rows: number}} Line
 */

const PARTS = 100;
const MOST_X = 600;

/**
 * An exponential moving average. The weight is that of what lies a hundredth of the axis back, so that it smooths alike
 * wherever points are dense or few.
 * @param {number[]} x @param {(number | null)[]} y @param {number} weight from 0 to below 1
 */
export function smoothed(x, y, weight) {
  if (!(weight > 0) || x.length < 2) return y;
  const range = x[x.length - 1] - x[0] || 1;
  let sum = 0;
  let total = 0;
  let last = x[0];
  return y.map((value, i) => {
    if (value === null) return null;
    const fade = weight ** Math.max(0.01, ((x[i] - last) / range) * PARTS);
    last = x[i];
    sum = sum * fade + value;
    total = total * fade + 1;
    return sum / total;
  });
}

/** The neighbours between which a place lies. @param {number[]} x sorted, not empty @param {number} at @returns {[number, number]} */
function around(x, at) {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= at) low = middle;
    else high = middle;
  }
  return [low, high];
}

/** The value of a line at a place, between its points in proportion; null outside of it. @param {Line} line @param {number} at */
export function valueAt(line, at) {
  const { x, y } = line;
  if (!x.length || at < x[0] || at > x[x.length - 1]) return null;
  const [low, high] = around(x, at);
  const [a, b] = [y[low], y[high]];
  if (x[low] === at || x[low] === x[high]) return a;
  if (x[high] === at) return b;
  if (a === null || b === null) return null;
  return a + ((b - a) * (at - x[low])) / (x[high] - x[low]);
}

/** The place of the point of a line that is nearest; -1 if it has none. @param {number[]} x sorted @param {number} at */
export function nearest(x, at) {
  if (!x.length) return -1;
  const [low, high] = around(x, at);
  return Math.abs(x[low] - at) <= Math.abs(x[high] - at) ? low : high;
}

/** All places of some lines, in order; of very many some, evenly. @param {Line[]} lines @param {number} most */
export function places(lines, most = Infinity) {
  const all = Float64Array.from(new Set(lines.flatMap((line) => line.x))).sort();
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]);
}

/**
 * One line for each group of runs: their mean, with the least and greatest beside it.
 * @param {Line[]} lines @param {(id: string) => string} groupOf @param {(group: string) => number} slotOf
 * @returns {Line[]}
 */
export function grouped(lines, groupOf, slotOf) {
  /** @type {Map<string, Line[]>} */
  const groups = new Map();
  for (const line of lines) groups.set(groupOf(line.id), [...(groups.get(groupOf(line.id)) ?? []), line]);
  return [...groups].map(([name, members]) => {
    const x = places(members, MOST_X);
    /** @type {(number | null)[]} */
    const y = [];
    /** @type {(number | null)[]} */
    const low = [];
    /** @type {(number | null)[]} */
    const high = [];
    for (const at of x) {
      const found = members.map((line) => valueAt(line, at)).filter((value) => value !== null);
      y.push(found.length ? found.reduce((sum, value) => sum + value, 0) / found.length : null);
      low.push(found.length ? Math.min(...found) : null);
      high.push(found.length ? Math.max(...found) : null);
    }
    const rows = members.reduce((sum, line) => sum + line.rows, 0);
    return { id: name, label: `${name} (${members.length})`, slot: slotOf(name), x, y, low, high, runs: members.length, rows };
  });
}

/**
 * Lines over one axis: undefined where a line has no point, null where it has a gap.
 * @param {Line[]} lines
 * @returns {{data: any[], at: {line: number, y: number, raw: number, low: number, high: number}[]}} with the place of each in `data`
 */
export function aligned(lines) {
  const x = places(lines);
  const where = new Map(x.map((value, i) => [value, i]));
  /** @type {any[]} */
  const data = [x];
  const put = (/** @type {Line} */ line, /** @type {(number | null)[] | undefined} */ values) => {
    if (!values) return -1;
    const out = new Array(x.length).fill(undefined);
    line.x.forEach((value, i) => (out[/** @type {number} */ (where.get(value))] = values[i]));
    return data.push(out) - 1;
  };
  // Ranges and what was not smoothed come first, so that the lines lie over them.
  const under = lines.map((line) => ({ low: put(line, line.low), high: put(line, line.high), raw: put(line, line.raw) }));
  const at = lines.map((line, i) => ({ line: i, y: put(line, line.y), ...under[i] }));
  return { data, at };
}

/** Which values have none beside them, so that no line leads to them: they need a mark to be seen. @param {(number | null | undefined)[]} values @returns {number[]} */
export function alone(values) {
  /** @type {number[]} */
  const found = [];
  let before = -1;
  let isOpen = false;
  values.forEach((value, i) => {
    if (value === undefined) return;
    if (value === null || !isOpen) {
      if (before >= 0) found.push(before);
      before = value === null ? -1 : i;
    } else before = -1;
    isOpen = value !== null;
  });
  if (before >= 0) found.push(before);
  return found;
}

/** What a line comes to, for who reads instead of looking. @param {Line} line */
export function facts(line) {
  let least = Infinity;
  let greatest = -Infinity;
  let leastAt = 0;
  let greatestAt = 0;
  /** @type {number | null} */
  let last = null;
  line.y.forEach((value, i) => {
    if (value === null) return;
    last = value;
    if ((line.low?.[i] ?? value) < least) [least, leastAt] = [line.low?.[i] ?? value, line.x[i]];
    if ((line.high?.[i] ?? value) > greatest) [greatest, greatestAt] = [line.high?.[i] ?? value, line.x[i]];
  });
  return { least, leastAt, greatest, greatestAt, last, first: line.y.find((value) => value !== null) ?? null };
}
