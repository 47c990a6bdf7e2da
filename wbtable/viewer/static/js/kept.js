// What the address says beside the view: which named view it is, and which panel of a workspace shows it.
import { signal } from "../vendor/preact.js";

/** @typedef {{project: string, name: string, number: number}} Named */

/** The named view that was opened, and the number that was seen. */
export const named = signal(/** @type {Named | null} */ (null));
/** The name of the workspace's panel, whose state is kept; "" where the address alone holds the state. */
export const panelName = signal("");

export function keptQuery() {
  const out = new URLSearchParams();
  if (named.value) out.set("named", JSON.stringify(named.value));
  if (panelName.value) out.set("panel", panelName.value);
  return out.toString();
}

/** @param {URLSearchParams} params */
export function takeKept(params) {
  panelName.value = (params.get("panel") ?? "").slice(0, 1000);
  named.value = readNamed(params.get("named"));
}

/** @param {string | null} text @returns {Named | null} */
export function readNamed(text) {
  try {
    const found = JSON.parse(text ?? "");
    const { project, name, number } = found;
    return typeof project === "string" && typeof name === "string" && (number === undefined || Number.isSafeInteger(number)) ? { project, name, number: number ?? -1 } : null;
  } catch {
    return null;
  }
}

/** What an address has more so that a panel of a workspace stays as it is left. @param {string} name */
export function panelQuery(name) {
  return `&panel=${encodeURIComponent(name)}`;
}
