// What can be shown over the whole page: asked of each cell that is opened, before the rest of that is needed.
import { isMedia } from "./cells.js";

/** Whether a value can be shown over the whole page. @param {any} value @param {any} info of its column */
export function canShow(value, info) {
  if (value === null || value === undefined) return false;
  if (info.role === "group") return false;
  return isMedia(info) ? Boolean(value.ref) : info.kind === "string" || (info.kind === "ndarray" && Boolean(value.shape)) || (info.kind === "histogram" && Boolean(value.counts));
}
