// Point clouds and meshes become scenes. Nothing but the bytes of the cell is read, whatever they name.
import { colour } from "./media_labels.js";
import { load } from "./media_load.js";

const MOST = 64 << 20;

/** @param {any} three @param {any} media @param {Node} owner @returns {Promise<{group: any, labels: {text: string, at: any, colour: string}[], facts: string}>} */
export async function sceneOf(three, media, owner) {
  if (media.format === "pts.json") {
    if (Number(media.size) > MOST) throw new Error("The cloud has more than 64 MB of points: download it.");
    const blob = await load(`/blob/${media.ref}`, owner);
    return cloudOf(three, JSON.parse(await blob.text()));
  }
  const blob = await load(`/model/${media.ref}`, owner);
  const group = new three.Group();
  if (media.format === "obj") {
    const made = new three.OBJLoader().parse(await blob.text());
    made.traverse((/** @type {any} */ part) => part.isMesh && (part.material = plain(three, part.geometry)));
    group.add(made);
  } else if (media.format === "stl") {
    const geometry = new three.STLLoader().parse(await blob.arrayBuffer());
    // Many files have zeros for them.
    geometry.computeVertexNormals();
    const mesh = new three.Mesh(geometry, plain(three, geometry));
    mesh.rotation.x = -Math.PI / 2;
    group.add(mesh);
  } else group.add(await gltfOf(three, await blob.arrayBuffer()));
  let points = 0;
  group.traverse((/** @type {any} */ part) => (points += part.geometry?.attributes?.position?.count ?? 0));
  if (!points) throw new Error("The file has no shape in it.");
  return { group, labels: [], facts: `${points.toLocaleString("en")} corners` };
}

/** @param {any} three @param {any} geometry */
function plain(three, geometry) {
  if (!geometry.attributes.normal) geometry.computeVertexNormals();
  const hasColour = Boolean(geometry.attributes.color);
  return new three.MeshStandardMaterial({ color: hasColour ? 0xffffff : 0x9fb4d8, vertexColors: hasColour, roughness: 0.75, metalness: 0, side: three.DoubleSide });
}

/** @param {any} three @param {ArrayBuffer} data */
async function gltfOf(three, data) {
  const loader = new three.GLTFLoader();
  loader.register((/** @type {any} */ parser) => {
    // Pictures as <img>: what the loader would do is a fetch, which this page's policy refuses for anything but the server.
    parser.textureLoader = new three.TextureLoader(parser.options.manager);
    const own = parser.loadBuffer.bind(parser);
    parser.loadBuffer = async (/** @type {number} */ at) => {
      const { uri } = parser.json.buffers[at];
      return uri === undefined ? own(at) : bytesOf(uri);
    };
    return { name: "embedded" };
  });
  loader.manager.setURLModifier((/** @type {string} */ url) => {
    if (!/^(blob|data):/.test(url)) throw new Error("The mesh names something outside of itself.");
    return url;
  });
  try {
    const found = await loader.parseAsync(data, "");
    return found.scene;
  } catch (error) {
    const text = String(/** @type {Error} */ (error).message ?? error);
    if (/DRACO|Meshopt|KTX2/i.test(text)) throw new Error("The mesh is compressed in a way that is not read here (Draco, meshopt or KTX2): download it.");
    throw new Error(`The mesh cannot be read: ${text.replace(/^THREE\.\w+: /, "")}`);
  }
}

/** @param {string} uri */
function bytesOf(uri) {
  const found = /^data:[^,]*?(;base64)?,(.*)$/s.exec(uri);
  if (!found) throw new Error("The mesh names something outside of itself.");
  const text = found[1] ? atob(found[2]) : decodeURIComponent(found[2]);
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
}

/** sRGB, as files have it, in the linear light that colours are added in. */
const LINEAR = Float32Array.from({ length: 256 }, (_, i) => (i / 255 <= 0.04045 ? i / 255 / 12.92 : ((i / 255 + 0.055) / 1.055) ** 2.4));

/** @param {string} text */
const parts = (text) => [1, 3, 5].map((at) => LINEAR[parseInt(text.slice(at, at + 2), 16)]);
/** @param {any} list */
const hex = (list) => `#${[0, 1, 2].map((i) => Math.max(0, Math.min(255, Math.round(Number(list?.[i] ?? 128)))).toString(16).padStart(2, "0")).join("")}`;

/** @param {any} three @param {any} found */
function cloudOf(three, found) {
  const list = Array.isArray(found) ? found : found?.points;
  if (!Array.isArray(list)) throw new Error("The cloud has no points.");
  const places = new Float32Array(list.length * 3);
  const colours = new Float32Array(list.length * 3);
  let n = 0;
  let odd = 0;
  let low = Infinity;
  let high = -Infinity;
  for (const point of list) if (point?.[2] < low) low = point[2]; else if (point?.[2] > high) high = point[2];
  for (const point of list) {
    if (!Array.isArray(point) || !Number.isFinite(point[0]) || !Number.isFinite(point[1]) || !Number.isFinite(point[2])) {
      odd += 1;
      continue;
    }
    places.set([point[0], point[1], point[2]], n * 3);
    if (point.length >= 6) colours.set([point[3], point[4], point[5]].map((value) => LINEAR[Math.max(0, Math.min(255, Math.round(value))) || 0]), n * 3);
    else if (point.length === 4) colours.set(parts(colour(point[3])), n * 3);
    else {
      // Without colours of their own, points have that of their height.
      const share = high > low ? (point[2] - low) / (high - low) : 0.5;
      colours.set([0.05 + 0.5 * share, 0.25 + 0.35 * share, 0.75 - 0.5 * share], n * 3);
    }
    n += 1;
  }
  const group = new three.Group();
  const geometry = new three.BufferGeometry();
  geometry.setAttribute("position", new three.BufferAttribute(places.subarray(0, n * 3), 3));
  geometry.setAttribute("color", new three.BufferAttribute(colours.subarray(0, n * 3), 3));
  const cloud = new three.Points(geometry, new three.PointsMaterial({ size: 2.5, sizeAttenuation: false, vertexColors: true }));
  group.add(cloud);
  const labels = [];
  const boxes = Array.isArray(found?.boxes) ? found.boxes : [];
  for (const box of boxes) {
    const corners = box?.corners;
    if (!Array.isArray(corners) || corners.length !== 8 || !corners.every((each) => Array.isArray(each) && each.slice(0, 3).every(Number.isFinite))) {
      odd += 1;
      continue;
    }
    group.add(lines(three, edgesOf(corners).flatMap(([a, b]) => [corners[a], corners[b]]), hex(box.color)));
    const top = corners.reduce((best, each) => (each[2] > best[2] ? each : best), corners[0]);
    const text = [box.label, Number.isFinite(box.score) ? Number(box.score).toPrecision(2) : ""].filter(Boolean).join(" ");
    if (text) labels.push({ text, at: new three.Vector3(top[0], top[1], top[2]), colour: hex(box.color) });
  }
  for (const vector of Array.isArray(found?.vectors) ? found.vectors : []) {
    if ([...(vector?.start ?? []), ...(vector?.end ?? [])].length === 6) group.add(lines(three, [vector.start, vector.end], hex(vector.color ?? [255, 160, 0])));
  }
  // What a lidar sees has z upwards.
  group.rotation.x = -Math.PI / 2;
  return { group, labels, facts: [`${n.toLocaleString("en")} points`, boxes.length ? `${boxes.length} ${boxes.length === 1 ? "box" : "boxes"}` : "", odd ? `${odd} were no points or boxes and are left out` : ""].filter(Boolean).join(", ") };
}

/** @param {any} three @param {number[][]} places @param {string} text */
function lines(three, places, text) {
  const geometry = new three.BufferGeometry();
  geometry.setAttribute("position", new three.BufferAttribute(Float32Array.from(places.flatMap((each) => each.slice(0, 3))), 3));
  const made = new three.LineSegments(geometry, new three.LineBasicMaterial({ color: new three.Color(text) }));
  made.userData.isBox = true;
  return made;
}

/**
 * The edges of a box whose corners come in any order: three of them, with the first, make the others.
 * @param {number[][]} corners @returns {[number, number][]}
 */
export function edgesOf(corners) {
  const from = corners[0];
  const size = Math.max(...corners.map((each) => Math.hypot(each[0] - from[0], each[1] - from[1], each[2] - from[2]))) || 1;
  const find = (/** @type {number[]} */ at) => corners.findIndex((each) => Math.hypot(each[0] - at[0], each[1] - at[1], each[2] - at[2]) < size * 1e-3);
  const sum = (/** @type {number[]} */ which) => [0, 1, 2].map((axis) => from[axis] + which.reduce((total, i) => total + corners[i][axis] - from[axis], 0));
  for (let a = 1; a < 8; a += 1) for (let b = a + 1; b < 8; b += 1) for (let c = b + 1; c < 8; c += 1) {
    const others = [find(sum([a, b])), find(sum([a, c])), find(sum([b, c])), find(sum([a, b, c]))];
    if (new Set([0, a, b, c, ...others]).size !== 8 || others.includes(-1)) continue;
    const [ab, ac, bc, abc] = others;
    return [[0, a], [0, b], [0, c], [a, ab], [a, ac], [b, ab], [b, bc], [c, ac], [c, bc], [ab, abc], [ac, abc], [bc, abc]];
  }
  // Not a box: in the order that corners are mostly counted in, bit by bit.
  const out = /** @type {[number, number][]} */ ([]);
  for (let i = 0; i < 8; i += 1) for (const bit of [1, 2, 4]) if (!(i & bit)) out.push([i, i | bit]);
  return out;
}
