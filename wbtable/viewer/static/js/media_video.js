// Videos: nothing of them is loaded before somebody plays; those beside each other play together, from the same place.
import { el } from "./dom.js";
import { isAskedToPlay, playKey, positionOf } from "./media_link.js";
import { isGone, load, probe, reasonOf, srcOf, whenSeen } from "./media_load.js";
import { described, fitted, thumbUrl } from "./media_picture.js";
import { alone } from "./media_sound.js";

/** Why it does not play, in its place; the keyboard stays there, so that its keys still lead on. @param {HTMLElement} box @param {Element} player @param {string} text */
function unplayable(box, player, text) {
  // Picture and player may both fail, one after the other: what is said first may have the keyboard, and stands.
  const said = box.querySelector(":scope > .unshown span:last-child");
  if (said) return void (said.textContent = text);
  const note = el("div", "unshown");
  note.tabIndex = -1;
  note.setAttribute("role", "alert");
  note.append(el("span", "sign", "⚠"), el("span", "", text));
  const hadFocus = document.activeElement === player;
  player.remove();
  box.append(note);
  if (hadFocus) note.focus();
}

/** A GIF as a video: still until somebody plays it. @param {any} media @param {HTMLElement} box @param {HTMLElement} room @param {boolean} asked */
function gifNode(media, box, room, asked) {
  const image = /** @type {HTMLImageElement} */ (el("img"));
  image.alt = described(media);
  const button = el("button", "btn", "▶ Play");
  let plays = false;
  const wrong = (/** @type {unknown} */ error) => isGone(error) || (button.remove(), unplayable(box, image, reasonOf(error).text));
  const still = () => load(thumbUrl(media, 512), image).then((blob) => (image.src = srcOf(thumbUrl(media, 512), blob)), wrong);
  button.addEventListener("click", () => {
    plays = !plays;
    button.textContent = plays ? "❚❚ Stop" : "▶ Play";
    if (plays) image.src = `/blob/${media.ref}`;
    else void still();
  });
  whenSeen(image, () => void still());
  image.addEventListener("error", () => void probe(media, box).then(() => wrong(null), wrong));
  room.append(image);
  box.append(room, button);
  if (asked) button.click();
  return box;
}

/**
 * A player.
 * @param {any} media @param {any} column @param {number | string} row @param {boolean} large @param {boolean} [quiet] the sound of another one is heard
 */
export function videoNode(media, column, row, large, quiet) {
  const box = el("div", `video${large ? " is-large" : ""}`);
  const room = el("div", "room");
  // Its size is known before anything is loaded: nothing moves when it is.
  room.style.aspectRatio = `${media.width || 16} / ${media.height || 9}`;
  room.style.setProperty("--ratio", String((media.width || 16) / (media.height || 9)));
  if (!large) room.style.width = `${Math.max(240, fitted(media, 400, 300).width)}px`;
  const asked = large && isAskedToPlay(media);
  if (media.content_type === "image/gif") return gifNode(media, box, room, asked);
  const player = /** @type {HTMLVideoElement} */ (el("video"));
  const key = playKey(media, column, row);
  const place = positionOf(key);
  player.controls = true;
  player.preload = "none";
  player.muted = Boolean(quiet);
  player.setAttribute("aria-label", described(media));
  player.dataset.group = key;
  const wrong = (/** @type {string} */ text) => unplayable(box, player, text);
  whenSeen(player, () => load(thumbUrl(media, 512), player).then((blob) => (player.poster = srcOf(thumbUrl(media, 512), blob)), (error) => {
    // Without a decoder at the server there is no picture, but the browser may play it; what is damaged or gone plays nowhere.
    if (["damaged", "not_found"].includes(error.code) && player.isConnected) wrong(reasonOf(error).text);
  }));
  player.src = `/blob/${media.ref}`;
  alone(player, key);
  const others = () => [...document.querySelectorAll("video")].filter((other) => other !== player && other.dataset.group === key && other.isConnected);
  player.addEventListener("play", () => {
    if (Math.abs(player.currentTime - place.value) > 0.3 && place.value < (media.duration ?? Infinity)) player.currentTime = place.value;
    for (const other of others()) if (other.paused) other.play().catch(() => undefined);
  });
  player.addEventListener("pause", () => {
    if (!player.ended) for (const other of others()) if (!other.paused) other.pause();
  });
  player.addEventListener("timeupdate", () => player.paused || (place.value = player.currentTime));
  player.addEventListener("ended", () => (place.value = 0));
  player.addEventListener("seeked", () => {
    place.value = player.currentTime;
    for (const other of others()) if (Math.abs(other.currentTime - player.currentTime) > 0.25) other.currentTime = player.currentTime;
  });
  player.addEventListener("error", () => {
    probe(media, box).then(() => wrong(`This browser cannot play ${media.content_type ?? "it"}: download it.`), (error) => wrong(reasonOf(error).text));
  });
  room.append(player);
  box.append(room);
  if (asked) player.play().catch(() => undefined);
  return box;
}
