// Points in time as people read them: zoned ones in the reader's zone with its offset, naive ones as written.

/** @param {number} value @param {number} [digits] */
function padded(value, digits = 2) {
  return String(value).padStart(digits, "0");
}

/** How far the reader's clock was from UTC; before there were zones by seconds, too. @param {Date} at */
function offset(at) {
  const here = new Date(0);
  here.setUTCFullYear(at.getFullYear(), at.getMonth(), at.getDate());
  here.setUTCHours(at.getHours(), at.getMinutes(), at.getSeconds());
  const seconds = Math.round((here.getTime() - Math.floor(at.getTime() / 1000) * 1000) / 1000);
  const size = Math.abs(seconds);
  return `${seconds < 0 ? "−" : "+"}${padded(Math.floor(size / 3600))}:${padded(Math.floor(size / 60) % 60)}${size % 60 ? `:${padded(size % 60)}` : ""}`;
}

/** @param {Date} at @param {string} fraction @param {string} form day, or whole */
function local(at, fraction, form) {
  const day = `${padded(at.getFullYear(), 4)}-${padded(at.getMonth() + 1)}-${padded(at.getDate())}`;
  if (form === "day") return day;
  return `${day} ${padded(at.getHours())}:${padded(at.getMinutes())}:${padded(at.getSeconds())}${fraction} ${offset(at)}`;
}

/** @param {Date} at */
function ago(at) {
  const seconds = (at.getTime() - Date.now()) / 1000;
  const units = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]]);
  const form = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of units) if (Math.abs(seconds) >= size) return form.format(Math.round(seconds / size), unit);
  return form.format(Math.round(seconds), "second");
}

/**
 * A time as text.
 * @param {string} text as the server writes it @param {{zone?: string, form?: string}} [how] zone: "utc" or the reader's; form: "day", "ago" or whole
 */
export function timeText(text, how = {}) {
  const isZoned = /(Z|[+-]\d\d:?\d\d)$/.test(text);
  const fraction = /\.\d+/.exec(text)?.[0].replace(/\.?0+$/, "") ?? "";
  const at = new Date(isZoned ? text.replace(/\.(\d{3})\d+/, ".$1") : `${text.replace(/\.\d+$/, "")}Z`);
  if (how.form === "ago" && !Number.isNaN(at.getTime())) return ago(at);
  if (!isZoned || how.zone === "utc" || Number.isNaN(at.getTime())) {
    const plain = text.replace("T", " ").replace(/\.\d+/, fraction).replace(/Z$/, " UTC");
    return how.form === "day" ? plain.slice(0, 10) : plain;
  }
  return local(at, fraction, how.form ?? "");
}

/** A number that counts from 1970 as text. @param {number} value @param {{unit?: string, zone?: string, form?: string}} how */
export function epochText(value, how) {
  // Seconds until the year 5138, milliseconds after that: nobody has to say which.
  const scale = { s: 1e3, ms: 1, us: 1e-3, ns: 1e-6 }[how.unit ?? ""] ?? (Math.abs(value) < 1e11 ? 1e3 : Math.abs(value) < 1e14 ? 1 : Math.abs(value) < 1e17 ? 1e-3 : 1e-6);
  const at = new Date(value * scale);
  return Number.isNaN(at.getTime()) ? null : timeText(at.toISOString(), how);
}
