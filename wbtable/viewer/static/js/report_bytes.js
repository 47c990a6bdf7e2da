// The bytes that lie in a report's file, by their names.

/** @type {Map<string, Blob>} */
const blobs = new Map();
/** @type {Map<string, string>} */
const urls = new Map();

/** The bytes of a name; null if they are not in the file. @param {string | undefined} name @returns {Blob | null} */
export function blobOf(name) {
  const known = blobs.get(name ?? "");
  if (known) return known;
  const node = name ? document.getElementById(`b-${name}`) : null;
  if (!node?.textContent) return null;
  const text = atob(node.textContent);
  const blob = new Blob([Uint8Array.from(text, (char) => char.charCodeAt(0))], { type: node.dataset.type ?? "application/octet-stream" });
  blobs.set(String(name), blob);
  return blob;
}

/** Their address; null if they are not in the file. @param {string} name */
export function bytesUrl(name) {
  const known = urls.get(name);
  if (known) return known;
  const blob = blobOf(name);
  if (!blob) return null;
  const url = URL.createObjectURL(blob);
  urls.set(name, url);
  return url;
}
