// Scenes to look at from all sides: drawn when something changes, never by themselves.
import { el } from "./dom.js";
import { Linked, playKey } from "./media_link.js";
import { reasonOf, whenSeen } from "./media_load.js";
import { described } from "./media_picture.js";
import { sceneOf } from "./model3d_load.js";

const MOST_LABELS = 200;
/** Where scenes that are looked at together are seen from. @type {Map<string, Linked<{turn: number, tilt: number, far: number}>>} */
const views = new Map();

/** @param {string} key */
function viewOf(key) {
  const had = views.get(key);
  if (had) return had;
  if (views.size > 100) views.clear();
  const made = new Linked({ turn: 0.7, tilt: 1.1, far: 1 });
  views.set(key, made);
  return made;
}

/** @param {any} three @param {any} group */
function lit(three, group) {
  const scene = new three.Scene();
  scene.add(new three.HemisphereLight(0xffffff, 0x667788, 2.2), group);
  const sun = new three.DirectionalLight(0xffffff, 1.8);
  sun.position.set(1, 2, 1.5);
  scene.add(sun);
  scene.updateMatrixWorld(true);
  const box = new three.Box3().setFromObject(group);
  const ball = box.getBoundingSphere(new three.Sphere());
  if (!Number.isFinite(ball.radius) || ball.radius <= 0) ball.radius = 1;
  if (!Number.isFinite(ball.center.x)) ball.center.set(0, 0, 0);
  return { scene, ball };
}

/** @param {any} three @param {any} camera @param {any} ball @param {{turn: number, tilt: number, far: number}} view */
function placed(three, camera, ball, view) {
  const high = (camera.fov * Math.PI) / 360;
  const narrow = Math.min(high, Math.atan(Math.tan(high) * camera.aspect));
  const distance = (ball.radius / Math.sin(narrow)) * 1.1 * view.far;
  camera.position.setFromSpherical(new three.Spherical(distance, view.tilt, view.turn)).add(ball.center);
  camera.near = distance / 1000;
  camera.far = distance + ball.radius * 20;
  camera.lookAt(ball.center);
  camera.updateProjectionMatrix();
}

/** @param {any} scene */
function freed(scene) {
  scene.traverse((/** @type {any} */ part) => {
    part.geometry?.dispose();
    for (const material of [part.material].flat()) {
      for (const value of Object.values(material ?? {})) if (/** @type {any} */ (value)?.isTexture) /** @type {any} */ (value).dispose();
      material?.dispose?.();
    }
  });
}

/** @param {any} three @param {Record<string, any>} how */
function rendererOf(three, how) {
  try {
    return new three.WebGLRenderer({ antialias: true, alpha: true, ...how });
  } catch {
    throw new Error("This browser draws no WebGL, which scenes need: download the file.");
  }
}

/** @param {HTMLElement} box @param {unknown} error */
function wrong(box, error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  box.classList.add("is-broken");
  const known = reasonOf(error);
  const text = error instanceof Error && !("code" in error) ? error.message : known.text;
  const note = el("div", "unshown");
  note.setAttribute("role", "alert");
  note.append(el("span", "sign", "⚠"), el("span", "", text));
  box.replaceChildren(note);
}

/** A scene. @param {any} media @param {any} [column] @param {number | string} [row] */
export function sceneNode(media, column = {}, row = "") {
  const box = el("div", "scene");
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  box.setAttribute("aria-roledescription", "3-D view");
  box.setAttribute("aria-label", `${described(media)}. Arrow keys turn it, plus and minus zoom, 0 starts again.`);
  box.append(el("p", "note", "Reading…"));
  whenSeen(box, () => void begin(box, media, viewOf(`${playKey(media, column, row)}`)).catch((error) => wrong(box, error)));
  return box;
}

/** @param {HTMLElement} box @param {any} media @param {Linked<any>} linked */
async function begin(box, media, linked) {
  const three = await import("../vendor/three.js");
  const { group, labels, facts } = await sceneOf(three, media, box);
  const { scene, ball } = lit(three, group);
  const renderer = rendererOf(three, {});
  const camera = new three.PerspectiveCamera(45, 1, 0.01, 1000);
  const canvas = renderer.domElement;
  canvas.setAttribute("aria-hidden", "true");
  const names = el("div", "scene-labels");
  const nodes = labels.slice(0, MOST_LABELS).map((label) => {
    const node = el("span", "", label.text);
    node.style.borderColor = label.colour;
    names.append(node);
    return { node, at: group.localToWorld(label.at.clone()) };
  });
  const bar = el("div", "scene-bar");
  const grid = new three.GridHelper(ball.radius * 4, 20, 0x8890a0, 0x8890a0);
  grid.material.transparent = true;
  grid.material.opacity = 0.25;
  grid.position.set(ball.center.x, new three.Box3().setFromObject(group).min.y, ball.center.z);
  scene.add(grid);
  box.replaceChildren(canvas, names, bar);

  let frame = 0;
  const draw = () => {
    frame = 0;
    if (!box.isConnected || !box.clientWidth) return;
    const { clientWidth: wide, clientHeight: high } = box;
    renderer.setPixelRatio(Math.min(2, devicePixelRatio || 1));
    renderer.setSize(wide, high);
    camera.aspect = wide / Math.max(1, high);
    placed(three, camera, ball, linked.value);
    renderer.render(scene, camera);
    for (const { node, at } of nodes) {
      const to = at.clone().project(camera);
      node.hidden = to.z > 1 || Math.abs(to.x) > 1 || Math.abs(to.y) > 1 || !shows.boxes;
      node.style.transform = `translate(${((to.x + 1) / 2) * wide}px, ${((1 - to.y) / 2) * high}px) translate(-50%, -100%)`;
    }
  };
  const again = () => (frame ||= requestAnimationFrame(draw));
  const change = (/** @type {any} */ by) => {
    const { turn, tilt, far } = { ...linked.value, ...by };
    linked.set({ turn, tilt: Math.max(0.05, Math.min(Math.PI - 0.05, tilt)), far: Math.max(0.02, Math.min(20, far)) });
  };
  const shows = { boxes: true, grid: true };
  const toggle = (/** @type {string} */ text, /** @type {"boxes" | "grid"} */ name, /** @type {() => void} */ run) => {
    const button = el("button", "btn", text);
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      shows[name] = !shows[name];
      button.setAttribute("aria-pressed", String(shows[name]));
      run();
      again();
    });
    bar.append(button);
  };
  if (group.children.some((/** @type {any} */ part) => part.userData.isBox)) toggle("Boxes", "boxes", () => group.traverse((/** @type {any} */ part) => part.userData.isBox && (part.visible = shows.boxes)));
  toggle("Floor", "grid", () => (grid.visible = shows.grid));
  const cloud = group.children.find((/** @type {any} */ part) => part.isPoints);
  if (cloud) {
    for (const [text, by] of /** @type {[string, number][]} */ ([["Smaller points", 1 / 1.4], ["Larger points", 1.4]])) {
      const button = el("button", "btn icon", by > 1 ? "●" : "·");
      button.setAttribute("aria-label", text);
      button.title = text;
      button.addEventListener("click", () => ((cloud.material.size = Math.max(1, Math.min(16, cloud.material.size * by))), again()));
      bar.append(button);
    }
  }
  const home = el("button", "btn", "Reset");
  home.title = "Look from where it began (0)";
  home.addEventListener("click", () => linked.set({ turn: 0.7, tilt: 1.1, far: 1 }));
  bar.append(home, el("span", "note", facts));

  box.addEventListener("keydown", (event) => {
    const { turn, tilt, far } = linked.value;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey && event.key.startsWith("Arrow") || /** @type {Element} */ (event.target).closest("button")) return;
    const to = /** @type {Record<string, any>} */ ({ ArrowLeft: { turn: turn - 0.15 }, ArrowRight: { turn: turn + 0.15 }, ArrowUp: { tilt: tilt - 0.12 }, ArrowDown: { tilt: tilt + 0.12 }, "+": { far: far / 1.2 }, "=": { far: far / 1.2 }, "-": { far: far * 1.2 }, 0: { turn: 0.7, tilt: 1.1, far: 1 } })[event.key];
    if (!to) return;
    change(to);
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("pointerdown", (event) => event.button === 0 && (canvas.setPointerCapture(event.pointerId), box.focus()));
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) change({ turn: linked.value.turn - event.movementX * 0.008, tilt: linked.value.tilt - event.movementY * 0.008 });
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    change({ far: linked.value.far * Math.exp(event.deltaY * 0.001) });
  }, { passive: false });
  canvas.addEventListener("webglcontextlost", () => {
    if (box.isConnected) wrong(box, new Error("The browser took away what scenes are drawn with: open this again."));
  });
  linked.watch(box, again);
  new ResizeObserver((_, observer) => {
    if (box.isConnected) return void again();
    observer.disconnect();
    freed(scene);
    renderer.dispose();
    renderer.forceContextLoss();
  }).observe(box);
  again();
}

/** The one that draws stills; browsers give few. @type {any} */
let still = null;
/** @type {Promise<unknown>} */
let queue = Promise.resolve();
/** @type {Map<string, string>} */
const stills = new Map();

/** A picture of a scene, for a cell. @param {any} media @param {number} wide @param {number} high */
export function stillNode(media, wide, high) {
  const box = el("span", "still");
  const key = `${media.ref}|${wide}x${high}`;
  const show = (/** @type {string} */ src) => {
    const image = /** @type {HTMLImageElement} */ (el("img"));
    image.alt = "";
    image.src = src;
    box.replaceChildren(image, el("span", "length", media.points ? `${media.points.toLocaleString("en")} points` : String(media.format ?? "").toUpperCase()));
  };
  const had = stills.get(key);
  if (had) {
    show(had);
    return box;
  }
  queue = queue.then(async () => {
    if (!box.isConnected) return;
    try {
      const three = await import("../vendor/three.js");
      const { group } = await sceneOf(three, media, box);
      const { scene, ball } = lit(three, group);
      still ??= rendererOf(three, {});
      still.setPixelRatio(Math.min(2, devicePixelRatio || 1));
      still.setSize(wide, high);
      const camera = new three.PerspectiveCamera(45, wide / high, 0.01, 1000);
      placed(three, camera, ball, { turn: 0.7, tilt: 1.1, far: 1 });
      still.render(scene, camera);
      const copy = /** @type {HTMLCanvasElement} */ (el("canvas"));
      copy.width = still.domElement.width;
      copy.height = still.domElement.height;
      copy.getContext("2d")?.drawImage(still.domElement, 0, 0);
      const blob = await new Promise((resolve) => copy.toBlob(resolve));
      freed(scene);
      const src = URL.createObjectURL(/** @type {Blob} */ (blob));
      stills.set(key, src);
      if (stills.size > 200) for (const [old, url] of [...stills].slice(0, 50)) (URL.revokeObjectURL(url), stills.delete(old));
      show(src);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      const known = reasonOf(error);
      box.classList.add("is-broken");
      box.title = error instanceof Error && !("code" in error) ? error.message : known.text;
      box.replaceChildren(el("span", "sign", "⚠"), el("span", "why", known.word));
    }
  });
  return box;
}
