// What is copied of the grid: a cell, rows with their header, the view as Python.
import { post } from "./api.js";
import { copyText } from "./clipboard.js";
import { toast } from "./menu.js";
import { count } from "./numbers.js";
import * as state from "./state.js";

const MAX_ROWS = 10_000;
const CELLS = 100_000;

/** A value as text that can be read back: exact, not as it is shown. @param {any} value @returns {string} */
export function plainText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  if (value.digest && value.kind) return String(value.caption ?? value.digest);
  return typeof value.cut === "string" ? value.cut : JSON.stringify(value);
}

/** @param {string} text @param {string} done */
export async function copied(text, done) {
  toast((await copyText(text)) ? done : "The browser did not let the page copy");
}

/** Copy a cell in full. @param {number} row @param {any} column @param {any} value */
export async function copyCell(row, column, value) {
  if (value === undefined) return;
  if (column.info.role === "group") return void (await copied(JSON.stringify(value), "Copied as JSON"));
  try {
    const whole = value?.cut === undefined ? value : (await post("/api/cell", { view: state.asked(), row, column: column.name })).value;
    await copied(plainText(whole), "Copied");
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

/** @param {string} text */
function field(text) {
  return /[\t\n\r"]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** Copy rows with a header, columns parted by tabs, as spreadsheets take them. @param {{from: number, to: number}} range */
export async function copyRows(range) {
  const rows = range.to - range.from + 1;
  if (rows > MAX_ROWS) return toast(`${count(rows)} rows are too many to copy: at most ${count(MAX_ROWS)}. Export the view to a file.`);
  const columns = state.laid.value.flatMap((column) => column.info?.members ?? [column]).filter((column) => column.visible !== false && column.info.role !== "group");
  const names = columns.map((column) => column.name);
  const lines = [columns.map((column) => field(column.label ?? column.name)).join("\t")];
  const each = Math.max(1, Math.min(1000, Math.floor(CELLS / Math.max(1, names.length))));
  let cut = 0;
  try {
    for (let at = range.from; at <= range.to; at += each) {
      const found = await post("/api/rows", { view: state.asked(), offset: at, count: Math.min(each, range.to - at + 1), columns: names });
      for (let i = 0; i < found.rows; i += 1) {
        lines.push(found.columns.map((/** @type {any} */ column) => {
          if (column.values[i]?.cut !== undefined) cut += 1;
          return field(plainText(column.values[i]));
        }).join("\t"));
      }
    }
  } catch (error) {
    return toast(/** @type {Error} */ (error).message);
  }
  await copied(lines.join("\n"), `${count(rows)} ${rows === 1 ? "row" : "rows"} copied${cut ? `; of ${count(cut)} long cells the beginning` : ""}`);
}

export async function copyPython() {
  try {
    const { text } = await post("/api/python", { view: state.spec.value });
    await copied(text, "Python copied");
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}
