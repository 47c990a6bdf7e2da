// Text of expressions (spec 15): quoting, and the parts that `and` joins. The server alone decides what they mean.

const WORDS = new Set("and between contains false in is like not null or row true True False None".split(" "));

/**
 * A column's name as an expression has it.
 * @param {string} name
 * @returns {string}
 */
export function nameText(name) {
  if (/^[A-Za-z_][A-Za-z_0-9]*$/.test(name) && !WORDS.has(name)) return name;
  const sided = /^((?:\d+\.)+)(.+)$/s.exec(name);
  if (sided) return sided[1] + nameText(sided[2]);
  return "`" + name.replace(/`/g, "``") + "`";
}

/**
 * A string's literal.
 * @param {string} text
 * @returns {string}
 */
export function stringText(text) {
  const shown = text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t");
  return `"${shown}"`;
}

/**
 * The places of the words and brackets that lie outside strings, names and brackets.
 * @param {string} text
 * @returns {{word: string, start: number, end: number}[]}
 */
function outerWords(text) {
  const found = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    if (char === '"' || char === "'" || char === "`") {
      at += 1;
      while (at < text.length && text[at] !== char) at += char !== "`" && text[at] === "\\" ? 2 : 1;
      at += 1;
    } else if ("([{".includes(char)) {
      depth += 1;
      at += 1;
    } else if (")]}".includes(char)) {
      depth -= 1;
      at += 1;
    } else if (/[A-Za-z_0-9]/.test(char)) {
      const start = at;
      while (at < text.length && /[A-Za-z_0-9.]/.test(text[at])) at += 1;
      if (depth === 0) found.push({ word: text.slice(start, at).toLowerCase(), start, end: at });
    } else at += 1;
  }
  return found;
}

/**
 * The parts of a filter that `and` joins: each is a pill. An outer `or` makes it one part.
 * @param {string | null | undefined} text
 * @returns {string[]}
 */
export function conjuncts(text) {
  if (!text || !text.trim()) return [];
  const words = outerWords(text);
  if (words.some((found) => found.word === "or")) return [text.trim()];
  const parts = [];
  let start = 0;
  let between = false;
  for (const { word, start: at, end } of words) {
    if (word === "between") between = true;
    else if (word === "and" && between) between = false;
    else if (word === "and") {
      parts.push(text.slice(start, at).trim());
      start = end;
    }
  }
  parts.push(text.slice(start).trim());
  return parts.flatMap(withoutBrackets).filter(Boolean);
}

/** The parts of a part that stands in brackets. @param {string} text @returns {string[]} */
function withoutBrackets(text) {
  if (!text.startsWith("(") || !text.endsWith(")")) return [text];
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"' || char === "'" || char === "`") {
      at += 1;
      while (at < text.length && text[at] !== char) at += char !== "`" && text[at] === "\\" ? 2 : 1;
    } else if (char === "(") depth += 1;
    else if (char === ")") {
      depth -= 1;
      if (depth === 0 && at < text.length - 1) return [text];
    }
  }
  return conjuncts(text.slice(1, -1));
}

/**
 * One filter of several parts; null of none.
 * @param {string[]} parts
 * @returns {string | null}
 */
export function joined(parts) {
  if (parts.length === 0) return null;
  if (parts.length === 1) return parts[0];
  return parts
    .map((part) => (outerWords(part).some((found) => found.word === "or" || found.word === "and") ? `(${part})` : part))
    .join(" and ");
}

/**
 * A condition on a column's number: from an edge up to another.
 * @param {string} name an expression
 * @param {string} low
 * @param {string} high
 * @param {boolean} last whether the upper edge belongs to it
 */
export function rangeText(name, low, high, last) {
  if (low === high) return `${name} == ${low}`;
  return last ? `${name} >= ${low} and ${name} <= ${high}` : `${name} >= ${low} and ${name} < ${high}`;
}
