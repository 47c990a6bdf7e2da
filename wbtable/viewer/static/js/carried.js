// Which values of the view before are those of the view now, so that a column that is written does not blank the others.

/** @typedef {import("./spec.js").Spec} Spec */

/**
 * Whether a column has the same values in the same rows; null if the rows are others.
 * @param {Spec} before @param {Spec} now
 * @returns {((name: string) => boolean) | null}
 */
export function sameColumns(before, now) {
  const rest = (/** @type {Spec} */ spec) => JSON.stringify([spec.source, spec.filter, spec.group, spec.having, spec.sort]);
  if (rest(before) !== rest(now)) return null;
  const changed = new Set();
  for (const key of /** @type {("derive" | "cells")[]} */ (["derive", "cells"])) {
    const old = new Map((before[key] ?? []).map((column) => [column.name, column.expression]));
    const next = new Map((now[key] ?? []).map((column) => [column.name, column.expression]));
    for (const name of new Set([...old.keys(), ...next.keys()])) if (old.get(name) !== next.get(name)) changed.add(name);
  }
  const rows = JSON.stringify([now.filter, now.group, now.having, now.sort]);
  if ([...changed].some((name) => rows.includes(name))) return null;
  // What is computed of a column that changed changes with it; who names it anywhere is taken for that.
  const computed = new Map([...(now.derive ?? []), ...(now.cells ?? [])].map((column) => [column.name, column.expression]));
  for (let more = true; more;) {
    more = false;
    for (const [name, expression] of computed) {
      if (!changed.has(name) && [...changed].some((other) => expression.includes(other))) {
        changed.add(name);
        more = true;
      }
    }
  }
  return (name) => !changed.has(name);
}
