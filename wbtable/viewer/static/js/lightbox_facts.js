// What is known of media, in words, and the name of the file that it is downloaded as.
import { characters } from "./long_text.js";
import { count, duration, number } from "./numbers.js";

/** @param {any} media @param {number} row @param {any} column @returns {[string, string][]} */
export function factsOf(media, row, column) {
  /** @type {[string, any][]} */
  const found = [["Column", column.label ?? column.name], ["Row", row >= 0 ? count(row + 1) : null]];
  if (media && typeof media === "object") {
    found.push(
      ["Caption", media.caption], ["Size", media.width ? `${count(media.width)} × ${count(media.height)} pixels` : null],
      ["Duration", media.duration ? duration(media.duration * 1000) : null], ["Sample rate", media.sample_rate ? `${count(media.sample_rate)} Hz` : null],
      ["Channels", media.channels], ["Frames", media.frames ? count(media.frames) : null], ["Frame rate", media.fps ? `${number(media.fps)} per second` : null],
      ["Format", media.format], ["Points", media.points ? count(media.points) : null], ["Group", media.grouping],
      ["Array", media.shape ? `${media.dtype} ${media.shape.join(" × ")}` : null], ["Bins", media.counts ? count(media.counts.length) : null],
      ["Type", media.content_type], ["Bytes", media.ref && media.size !== undefined ? count(media.size) : null],
      ["Digest", media.digest ? String(media.digest).replace(/^sha-?256:/i, "") : null],
    );
  } else if (typeof media === "string") found.push(["Characters", count(characters(media))]);
  return found.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => [name, String(value)]);
}

const ENDINGS = /** @type {Record<string, string>} */ ({
  "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/bmp": "bmp", "image/tiff": "tif", "audio/wav": "wav", "audio/x-wav": "wav",
  "audio/flac": "flac", "audio/mpeg": "mp3", "audio/ogg": "ogg", "video/mp4": "mp4", "video/webm": "webm", "video/quicktime": "mov", "video/x-matroska": "mkv", "video/ogg": "ogv", "text/html": "html",
});

/** A name that is made here: nothing of the data decides over a file's path. @param {any} media @param {any} column @param {number} row */
export function fileName(media, column, row) {
  const name = String(column.name ?? media.kind).replace(/[^\w-]+/g, "_").slice(0, 40) || "media";
  const ending = media.kind === "figure" ? "json" : media.format ?? ENDINGS[media.content_type] ?? "bin";
  return `${name}${row >= 0 ? `-${row + 1}` : ""}.${String(ending).replace(/[^a-z0-9.]/g, "").slice(0, 10)}`;
}
