// How numbers, counts and times are written.

const counts = new Intl.NumberFormat("en", { useGrouping: true });

/** A count with separators. @param {number | bigint} value */
export function count(value) {
  return counts.format(value);
}

/** How many panels a report has. @param {number} value */
export function panelCount(value) {
  return value === 1 ? "1 panel" : `${count(value)} panels`;
}

/** A count in little space: 12.3k. @param {number} value */
export function short(value) {
  if (value < 10_000) return count(value);
  if (value < 1e6) return `${trim(value / 1e3)}k`;
  if (value < 1e9) return `${trim(value / 1e6)}M`;
  return `${trim(value / 1e9)}B`;
}

/** @param {number} value */
function trim(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

/**
 * A number in a cell: whole numbers in full, others with six digits that matter.
 * @param {number | string} value @param {number} [digits] behind the point
 */
export function number(value, digits) {
  if (typeof value === "string") return value;
  if (digits !== undefined && Number.isFinite(value)) return value.toFixed(digits);
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e9) return String(Number(value.toPrecision(6)));
  return value.toExponential(4);
}

/** An edge of a bin: short. @param {string} text */
export function edge(text) {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === "") return text;
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return text;
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e7) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** A share of a whole. @param {number} part @param {number} whole */
export function share(part, whole) {
  if (!whole) return "0%";
  const found = (100 * part) / whole;
  if (found > 0 && found < 0.1) return "<0.1%";
  return `${found < 10 && found > 0 ? found.toFixed(1) : Math.round(found)}%`;
}

/** @param {number} ms */
export function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
