// A picture to look at closely: zoom, pan, what lies under the pointer, with boxes and masks over it; stages beside each other are linked.
import { el, svg } from "./dom.js";
import { boxesOf, labelOf, labelsOf } from "./media_labels.js";
import { overlayOf } from "./media_link.js";
import { isGone, load, loadedSrc, reasonOf, srcOf } from "./media_load.js";
import { maskNode, maskOf, readMask } from "./media_mask.js";
import { described, thumbUrl } from "./media_picture.js";

/** Types that browsers show; others are shown as the server draws them. */
const SHOWN = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const MOST_ZOOM = 200;
const MOST_LABELS = 300;

/** @typedef {import("./media_link.js").Zoom} Zoom */

export class Stage {
  /**
   * @param {any} media @param {any} column
   * @param {{zoom: import("./media_link.js").Linked<Zoom>, part?: "all" | "plain" | "over", said?: (text: string) => void, name?: string}} how
   */
  constructor(media, column, { zoom, part = "all", said = () => undefined, name = "" }) {
    this.media = media;
    this.column = column;
    this.zoom = zoom;
    this.part = part;
    this.said = said;
    this.overlay = overlayOf(column);
    this.width = media.width || 0;
    this.height = media.height || 0;
    /** Where one pixel is drawn to be read. @type {HTMLCanvasElement | null} */
    this.spot = null;
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    this.node = el("div", `stage-pic${part === "over" ? " is-bare" : ""}`);
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "img");
    this.node.setAttribute("aria-label", `${name ? `${name}: ` : ""}${described(media)}`);
    this.sheet = el("div", "sheet");
    this.boxes = svg("svg", { class: "stage-boxes", "aria-hidden": "true" });
    this.note = el("div", "stage-note");
    this.note.hidden = true;
    this.node.append(this.sheet, this.boxes, this.note);
    if (part !== "over") this.#picture();
    if (part !== "plain") {
      for (const [layer, mask] of Object.entries(media.masks ?? {})) this.sheet.append(maskNode(mask, layer, column, this.overlay, 0, part === "over"));
      this.overlay.watch(this.node, () => this.#drawBoxes());
    }
    this.node.addEventListener("mask-failed", (event) => this.#say(/** @type {CustomEvent} */ (event).detail));
    zoom.watch(this.node, () => this.draw());
    this.#mouse();
    new ResizeObserver(() => this.draw()).observe(this.node);
  }

  /** @param {string} text */
  #say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  #picture() {
    const { media } = this;
    const image = /** @type {HTMLImageElement} */ (el("img"));
    image.alt = "";
    this.image = image;
    this.sheet.append(image);
    const small = thumbUrl(media, 512);
    const isWhole = SHOWN.has(media.content_type);
    const url = isWhole ? `/blob/${media.ref}` : `/thumb/${media.ref}&side=4096`;
    const had = loadedSrc(url);
    if (had) {
      image.src = had;
      return this.#say("");
    }
    this.#say("Reading…");
    // Browsers show what they can of a damaged picture, and say nothing: the server decodes all of it.
    load(small, this.node).then((blob) => image.src || (image.src = srcOf(small, blob)), (error) => error.code === "damaged" && this.#wrong(error));
    load(url, this.node).then(async (blob) => {
      const whole = new Image();
      whole.src = srcOf(url, blob);
      await whole.decode();
      image.src = whole.src;
      if (!this.width || !this.height) [this.width, this.height] = [whole.naturalWidth, whole.naturalHeight];
      if (!this.node.classList.contains("is-broken")) this.#say(isWhole || Math.max(this.width, this.height) <= 4096 ? "" : "Shown with at most 4,096 pixels a side.");
      this.draw();
    }).catch((error) => {
      if (!isGone(error)) this.#wrong(error);
    });
  }

  /** @param {unknown} error */
  #wrong(error) {
    const { word, text } = reasonOf(error);
    this.node.classList.add("is-broken");
    this.note.setAttribute("role", "alert");
    this.#say(error instanceof DOMException ? "⚠ damaged: this browser cannot decode it" : `⚠ ${word}: ${text}`);
  }

  /** The size in which all of it shows. */
  #fit() {
    const wide = this.node.clientWidth;
    const high = this.node.clientHeight;
    const fit = Math.min(wide / (this.width || 1), high / (this.height || 1));
    return { wide, high, fit: Math.min(fit, 16) };
  }

  draw() {
    const { wide, high, fit } = this.#fit();
    if (!wide || !this.width) return;
    const { zoom } = this.zoom.value;
    const { x, y } = this.#kept(this.zoom.value);
    this.scale = fit * zoom;
    this.left = wide / 2 - x * this.width * this.scale;
    this.top = high / 2 - y * this.height * this.scale;
    this.sheet.style.width = `${this.width}px`;
    this.sheet.style.height = `${this.height}px`;
    this.sheet.style.transform = `translate(${this.left}px, ${this.top}px) scale(${this.scale})`;
    this.sheet.classList.toggle("pixels", this.scale >= 2);
    this.#drawBoxes();
  }

  /** The place with the picture kept in the room. @param {Zoom} wanted @returns {Zoom} */
  #kept(wanted) {
    const { wide, high, fit } = this.#fit();
    const zoom = Math.max(1, Math.min(MOST_ZOOM, wanted.zoom));
    const inside = (/** @type {number} */ at, /** @type {number} */ room, /** @type {number} */ size) => {
      const half = room / 2 / (size * fit * zoom);
      return half >= 0.5 ? 0.5 : Math.max(half, Math.min(1 - half, at));
    };
    return { zoom, x: inside(wanted.x, wide, this.width), y: inside(wanted.y, high, this.height) };
  }

  /** @param {number} factor @param {number} [px] @param {number} [py] what stays where it is, in the room */
  zoomBy(factor, px, py) {
    const { wide, high, fit } = this.#fit();
    const now = this.#kept(this.zoom.value);
    const zoom = Math.max(1, Math.min(MOST_ZOOM, now.zoom * factor));
    const dx = ((px ?? wide / 2) - wide / 2) / (this.width * fit);
    const dy = ((py ?? high / 2) - high / 2) / (this.height * fit);
    this.zoom.set(this.#kept({ zoom, x: now.x + dx / now.zoom - dx / zoom, y: now.y + dy / now.zoom - dy / zoom }));
  }

  /** @param {number} dx @param {number} dy pixels on the screen */
  panBy(dx, dy) {
    const now = this.#kept(this.zoom.value);
    this.zoom.set(this.#kept({ ...now, x: now.x - dx / (this.width * this.scale), y: now.y - dy / (this.height * this.scale) }));
  }

  /** All of it, or one pixel of it in one of the screen. @param {boolean} whole */
  reset(whole) {
    const { fit } = this.#fit();
    this.zoom.set(whole ? { zoom: 1, x: 0.5, y: 0.5 } : this.#kept({ ...this.zoom.value, zoom: 1 / fit }));
  }

  #mouse() {
    const { node } = this;
    node.addEventListener("wheel", (event) => {
      event.preventDefault();
      const area = node.getBoundingClientRect();
      this.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : event.deltaMode === 1 ? 0.05 : 0.002)), event.clientX - area.left, event.clientY - area.top);
      this.#read(event);
    }, { passive: false });
    node.addEventListener("pointerdown", (event) => {
      if (event.button === 0) node.setPointerCapture(event.pointerId);
    });
    node.addEventListener("pointermove", (event) => {
      if (node.hasPointerCapture(event.pointerId)) this.panBy(event.movementX, event.movementY);
      this.#read(event);
    });
    node.addEventListener("pointerleave", () => this.said(""));
    node.addEventListener("dblclick", (event) => {
      const area = node.getBoundingClientRect();
      if (this.zoom.value.zoom > 1.01) this.reset(true);
      else this.zoomBy(4, event.clientX - area.left, event.clientY - area.top);
    });
  }

  /** @param {MouseEvent} event */
  #read(event) {
    const area = this.node.getBoundingClientRect();
    this.readAt((event.clientX - area.left - this.left) / this.scale, (event.clientY - area.top - this.top) / this.scale);
  }

  /** Say what is in the middle, for who moves by keys. */
  readMiddle() {
    const { wide, high } = this.#fit();
    this.readAt((wide / 2 - this.left) / this.scale, (high / 2 - this.top) / this.scale);
  }

  /** @param {number} x @param {number} y in pixels of the picture */
  readAt(x, y) {
    if (!(x >= 0 && y >= 0 && x < this.width && y < this.height)) return this.said("");
    const parts = [`x ${Math.floor(x)}, y ${Math.floor(y)}`];
    const pixel = this.#pixel(x, y);
    if (pixel) parts.push(pixel);
    for (const [layer, mask] of Object.entries(this.media.masks ?? {})) {
      const found = readMask(mask, 0);
      if (!found) continue;
      const id = found.ids[Math.floor((y / this.height) * found.height) * found.width + Math.floor((x / this.width) * found.width)];
      parts.push(`${layer}: ${labelOf(labelsOf(this.column.info?.params, "masks", layer), id)} (${id})`);
    }
    const inside = boxesOf(this.media, this.overlay.value, this.column.info?.params).filter((box) => x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height);
    if (inside.length) parts.push(inside.slice(0, 4).map((box) => `${box.layer}: ${box.text}`).join("; "));
    this.said(parts.join(" · "));
  }

  /** @param {number} x @param {number} y */
  #pixel(x, y) {
    const { image } = this;
    if (!image?.naturalWidth) return "";
    this.spot ??= Object.assign(/** @type {HTMLCanvasElement} */ (el("canvas")), { width: 1, height: 1 });
    const context = this.spot.getContext("2d", { willReadFrequently: true });
    if (!context) return "";
    context.clearRect(0, 0, 1, 1);
    context.drawImage(image, Math.floor((x / this.width) * image.naturalWidth), Math.floor((y / this.height) * image.naturalHeight), 1, 1, 0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return `${r === g && g === b ? `grey ${r}` : `rgb ${r} ${g} ${b}`}${a < 255 ? ` alpha ${a}` : ""}`;
  }

  #drawBoxes() {
    if (this.part === "plain") return;
    const found = boxesOf(this.media, this.overlay.value, this.column.info?.params);
    const nodes = [];
    const hasText = found.length <= MOST_LABELS;
    for (const box of found) {
      const at = { x: this.left + box.left * this.scale, y: this.top + box.top * this.scale, width: box.width * this.scale, height: box.height * this.scale };
      nodes.push(svg("rect", { ...at, fill: "none", stroke: box.colour, "stroke-width": 2, ...(box.dashed ? { "stroke-dasharray": "6 3" } : {}) }));
      if (!hasText || !box.text) continue;
      const wide = box.text.length * 6.4 + 8;
      const y = at.y > 17 ? at.y - 17 : at.y;
      const text = svg("text", { x: at.x + 4, y: y + 12.5 });
      text.textContent = box.text;
      nodes.push(svg("rect", { x: at.x - 1, y, width: wide, height: 17, fill: box.colour }), text);
    }
    this.boxes.replaceChildren(...nodes);
  }

  /** The masks whole, so that their classes are known. @returns {Promise<unknown>} */
  masks() {
    return Promise.allSettled(Object.values(this.media.masks ?? {}).map((mask) => maskOf(mask, 0, this.node)));
  }
}
