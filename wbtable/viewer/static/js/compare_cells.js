// Cells of columns that several sides have: each side's value with its sign, what changed, and numbers as bars of two colours.
import { bar, expand } from "./actions.js";
import { post } from "./api.js";
import { barsOf, groupCell } from "./group_bars.js";
import { isMedia, isNumeric, timeWidth, valueText } from "./cells.js";
import { pairBars } from "./compare_bars.js";
import { MARKS, SIGNS, baseOf, differ, difference, placeName } from "./compare_model.js";
import { el, svg } from "./dom.js";
import { show } from "./lightbox_state.js";
import { binText, valueCondition } from "./literals.js";
import { toast } from "./menu.js";
import { count, number } from "./numbers.js";
import { asked, opened, spec } from "./state.js";

/** @typedef {{tall: boolean, high?: number, row?: number, grid?: any, media: (cell: HTMLElement, values: any[], column: any, high?: number) => void, page: (cell: HTMLElement, found: any, column: any, high?: number) => void}} How */

/** How wide such a column is where nobody says. @param {any} column @param {number} rowHeight */
export function pairWidth(column, rowHeight) {
  const sides = column.pair.length;
  const name = Math.min(240, 80 + column.base.length * 7);
  if (column.role === "group") return Math.max(name, column.bars === "histogram" ? 200 : column.kind === "audio" ? 400 : 250);
  if (column.kind === "image" || column.kind === "video") return Math.max(name, Math.min(520, (rowHeight + 14) * sides + 20));
  if (isMedia(column)) return Math.max(name, 240);
  if (isNumeric(column)) return Math.max(name, 160);
  if (column.kind === "timestamp") return Math.max(name, 24 + Math.max(...column.pair.map(timeWidth)));
  return Math.max(name, column.kind === "string" ? 240 : 180);
}

/** @param {number} side */
export function mark(side) {
  const made = el("span", `mark mark-${side}`, MARKS[side]);
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** Which table a row is of. @param {HTMLElement} cell @param {any} value @param {string} name @returns {boolean} whether it says so */
export function fillOrigin(cell, value, name) {
  const source = /** @type {any} */ (spec.value.source);
  if (name === "_table" && source?.mode === "concat" && source.tables[Number(value)]) {
    cell.className = "cell";
    cell.append(mark(Number(value)), el("span", "t", `${value}`), el("span", "dim t", placeName(source.tables[Number(value)], source.tables, opened.value?.opened)));
    return true;
  }
  return false;
}

/** What happened to a row. @param {HTMLElement} cell @param {string | null} value */
export function fillChange(cell, value) {
  cell.className = "cell";
  const badge = el("span", `happened is-${value ?? "null"}`);
  badge.append(el("span", "sign", SIGNS[value ?? ""] ?? "?"), el("span", "t", value ?? "null"));
  cell.append(badge);
}

/**
 * @param {HTMLElement} cell @param {any} value `{pair, change}`; of groups each side's cell is among them
 * @param {any} column @param {How} how
 */
export function fillPair(cell, value, column, how) {
  const { info } = column;
  const { pair: values, change } = value;
  if (info.role === "group") return groupPair(cell, values, column, how);
  const isRetyped = info.change?.status === "retyped";
  const isWhole = info.isCompared && !isRetyped && !["added", "removed"].includes(change);
  const isChanged = isWhole ? differ(values, change) : false;
  cell.className = `cell pair-cell${isChanged ? " is-changed" : ""}${how.tall ? "" : " is-line"}`;
  cell.title = "";
  if (isMedia(info)) return mediaPair(cell, values, column, how, isChanged);
  const isNumber = isNumeric(info) && info.pair.every(isNumeric);
  if (isNumber) cell.classList.add("num");
  const lines = el("span", "lines-of");
  const isOne = isChanged === false && isWhole;
  if (isOne) lines.append(line(values[0], info.pair[0], column, null, change, info.pair.length));
  else values.forEach((/** @type {any} */ one, /** @type {number} */ i) => lines.append(line(one, info.pair[i], column, info.pair[i].side, change)));
  if (isNumber && !isOne && values.length === 2 && how.tall) {
    const delta = difference(values[0], values[1]);
    if (delta !== null) {
      const node = el("span", "delta", `Δ ${signed(delta)}`);
      node.title = `side 1 minus side 0: ${delta}`;
      lines.append(node);
    }
  }
  if (isNumber && !isOne) {
    const bars = valueBars(values, column, how);
    if (bars) cell.append(bars);
  }
  cell.append(lines);
  if (isChanged !== false && info.kind === "string" && values.every((/** @type {any} */ one) => one !== null)) cell.append(diffButton(values, column, how));
}

/** @param {number | string} delta */
const signed = (delta) => (typeof delta === "string" ? (delta.startsWith("-") ? `−${delta.slice(1)}` : `+${delta}`) : delta < 0 ? `−${number(-delta)}` : delta === 0 ? "0" : `+${number(delta)}`);

/** @param {any} value @param {any} info @param {any} column @param {number | null} side null: of all @param {string | null} change @param {number} [sides] */
function line(value, info, column, side, change, sides = 0) {
  const made = el("span", "side-line");
  if (side === null) {
    made.classList.add("is-same");
    made.append(el("span", "mark same", "="));
    made.title = `the same on all ${sides} sides`;
  } else made.append(mark(side));
  // A row that a side lacks has no value there, which is not the same as null.
  const isAbsent = value === null && (change === "added" || change === "removed");
  const text = isAbsent ? "—" : valueText(value, info.kind, column.settings);
  const node = el("span", "t", text === "" ? "(empty)" : text.length > 400 ? `${text.slice(0, 400)}…` : text.replace(/\s+/g, " "));
  if (value === null) node.classList.add("dim");
  if (isAbsent) node.title = "this side has no such row";
  node.dir = "auto";
  if (side !== null) made.append(el("span", "sr", `side ${side}: `));
  made.append(node);
  return made;
}

/** A bar for each side's number, from the least to the greatest of the column on all sides. @param {any[]} values @param {any} column @param {How} how */
function valueBars(values, column, how) {
  const summaries = column.info.pair.map((/** @type {any} */ one) => how.grid?.summaries.get(one.name));
  const edges = summaries.flatMap((/** @type {any} */ found) => (found?.histogram ? [Number(found.histogram.edges[0]), Number(found.histogram.edges.at(-1))] : []));
  if (!edges.length || !values.some((one) => typeof one === "number")) return null;
  const low = Math.min(0, ...edges);
  const high = Math.max(0, ...edges);
  if (!(high > low)) return null;
  const root = svg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", class: "value-bars", "aria-hidden": "true" });
  const zero = (100 * -low) / (high - low);
  const step = 100 / values.length;
  values.forEach((one, i) => {
    if (typeof one !== "number") return;
    const at = (100 * (one - low)) / (high - low);
    root.append(svg("rect", { x: Math.min(zero, at), width: Math.max(1, Math.abs(at - zero)), y: i * step + 8 / values.length, height: step - 16 / values.length, class: `bar side-${column.info.pair[i].side}`, "vector-effect": "non-scaling-stroke" }));
  });
  root.append(svg("line", { x1: zero, x2: zero, y1: 0, y2: 100, class: "base", "vector-effect": "non-scaling-stroke" }));
  return root;
}

/** @param {any[]} values @param {any} column @param {How} how */
function diffButton(values, column, how) {
  const button = el("button", "diff-of", "≠");
  button.tabIndex = -1;
  button.title = "Show word by word how they differ (Space)";
  button.setAttribute("aria-label", `How ${column.info.base} differs`);
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    const [first] = column.info.members;
    const row = how.row ?? -1;
    const open = (/** @type {any} */ text) => show({ media: text, values: [text], column: first, row });
    // Of a long text the cell has the beginning alone.
    if (typeof values[0]?.cut !== "string") open(values[0]);
    else post("/api/cell", { view: asked(), row, column: first.name }).then((found) => open(found.value), (error) => toast(error.message));
  });
  return button;
}

/** @param {HTMLElement} cell @param {any[]} values @param {any} column @param {How} how @param {boolean | null} isChanged */
function mediaPair(cell, values, column, how, isChanged) {
  cell.classList.add("media");
  const members = column.info.members;
  const isSame = isChanged === false && column.info.isCompared && values.every((one) => one !== null);
  const isStacked = column.info.kind === "audio";
  const shown = isSame ? values.slice(0, 1) : values;
  const box = el("span", `media-of${isStacked ? " is-stacked" : ""}`);
  const high = isStacked ? Math.max(24, Math.floor(((how.high ?? 28) - 4) / shown.length)) : (how.high ?? 28);
  shown.forEach((one, i) => {
    const side = el("span", "media-side");
    if (isSame) side.append(el("span", "mark same", "="));
    else side.append(mark(column.info.pair[i].side));
    const node = el("span", "media-in");
    if (isStacked) side.style.height = `${high}px`;
    side.append(node);
    if (one === null) node.append(el("span", "dim", "—"));
    else {
      const link = `${how.row}|${baseOf(column.name)}`;
      how.media(node, [one], { ...members[i], width: Math.floor((column.width - 12) / (isStacked ? 1 : shown.length)), link: column.link ?? link }, high);
    }
    box.append(side);
  });
  if (isSame) box.title = "the same on all sides";
  cell.append(box);
}

/** @param {HTMLElement} cell @param {any[]} values @param {any} column @param {How} how */
function groupPair(cell, values, column, how) {
  const members = column.info.pair.map((/** @type {any} */ info, /** @type {number} */ i) => ({ ...column.info.members[i], settings: column.settings, display: column.display, width: column.width, info }));
  if (values.some((one) => one === null)) return void cell.append(el("span", "dim", "no values"));
  const kinds = new Set(values.map((one) => one.bars));
  if (kinds.size === 1 && values[0].bars === "histogram" && String(values[0].edges) === String(values[1].edges)) {
    cell.className = "cell hist pair-hist";
    const odd = values.flatMap((one, i) => [one.nulls ? `${MARKS[i]} ${count(one.nulls)} null` : "", one.nan ? `${MARKS[i]} ${count(one.nan)} NaN` : ""]).filter(Boolean);
    cell.append(pairBars(values, members.map((/** @type {any} */ member) => member.info.side), {
      title: (at) => [binText(column.info, values[0].edges, at), ...values.map((one, i) => `${MARKS[members[i].info.side]} ${count(one.counts[at])}`), ...odd, "Click: these rows"].join("\n"),
      chosen: (at, i) => bar(how.row ?? 0, members[i], at, values[i]),
      log: column.settings?.scale === "log",
    }));
    return;
  }
  if (kinds.size === 1 && values[0].bars === "top") return topPair(cell, values, members, how);
  cell.className = "cell pair-stack";
  const isSame = values.every((one) => JSON.stringify(one) === JSON.stringify(values[0]));
  (isSame ? values.slice(0, 1) : values).forEach((one, i) => {
    const side = el("span", "stack-side");
    side.append(isSame ? el("span", "mark same", "=") : mark(members[i].info.side));
    const node = el("span", `cell-in ${one.bars === "histogram" ? "hist" : one.bars}`);
    side.append(node);
    cell.append(side);
    groupCell(node, one, members[i], { page: (box, found, of) => how.page(box, found, { ...of, width: column.width - 20 }, Math.floor((how.high ?? 84) / (isSame ? 1 : values.length))) });
  });
}

/** Each value once, with a bar for each side. @param {HTMLElement} cell @param {any[]} values @param {any[]} members @param {How} how */
function topPair(cell, values, members, how) {
  cell.className = "cell top pair-top";
  /** @type {Map<string, {value: any, counts: number[]}>} */
  const all = new Map();
  values.forEach((one, side) => one.values.forEach((/** @type {any} */ [value, n]) => {
    const key = JSON.stringify(value);
    const found = all.get(key) ?? { value, counts: values.map(() => 0) };
    found.counts[side] = n;
    all.set(key, found);
  }));
  const lines = [...all.values()].sort((a, b) => Math.max(...b.counts) - Math.max(...a.counts));
  const room = Math.max(1, Math.floor(((how.high ?? 84) - 8) / 17));
  const most = Math.max(1, ...lines.flatMap((one) => one.counts));
  const fits = lines.length <= room ? room : room - 1;
  for (const { value, counts } of lines.slice(0, Math.max(1, fits))) {
    const row = el("span", "top-line pair-line");
    const text = valueText(value, members[0].info.kind) || "(empty)";
    const bars = el("span", "two-bars");
    counts.forEach((n, i) => {
      const made = el("button", `two-bar side-${members[i].info.side}`);
      made.tabIndex = -1;
      made.style.width = `${(100 * n) / most}%`;
      made.title = `${MARKS[members[i].info.side]} ${text}: ${count(n)}\nClick: these rows`;
      made.setAttribute("aria-label", `side ${members[i].info.side}, ${text}: ${count(n)}`);
      const condition = valueCondition(members[i].info, value, false);
      made.addEventListener("click", (event) => (event.stopPropagation(), condition && void expand(how.row ?? 0, condition)));
      bars.append(made);
    });
    const label = el("span", "", text);
    label.dir = "auto";
    row.append(bars, label, el("span", "", counts.map((n, i) => `${MARKS[members[i].info.side]} ${count(n)}`).join(" ")));
    cell.append(row);
  }
  const left = lines.length - Math.max(1, fits);
  if (left > 0) cell.append(el("span", "top-line dim", `${count(left)} more`));
  if (!lines.length) cell.append(el("span", "dim", "no values"));
}

/** The bars of all sides, for the menu of a cell. @param {any[]} values @param {any} column */
export function barsOfPair(values, column) {
  return values.flatMap((one, i) => barsOf(one, { ...column, info: column.info.pair[i] }).map((found) => ({ ...found, text: `${MARKS[column.info.pair[i].side]} ${found.text}` })));
}
