// What changes while runs go on: one stream for a whole browser. The page that holds a lock listens for all of them and
// passes on what it hears; where there are no locks, each asks now and then.
import { post } from "./api.js";
import { signal } from "../vendor/preact.js";

/** How changes arrive: `live` by the stream, `asking` now and then, `off` not at all. */
export const liveState = signal(/** @type {"off" | "live" | "asking"} */ ("off"));

const LOCK = "wbtable-live";
const EVERY = 5_000;
const RETRY = 3_000;

/** @type {Map<string, Set<(runs: any[]) => void>>} */
const listeners = new Map();
/** @type {BroadcastChannel | null} */
let channel = null;
/** @type {EventSource | null} */
let stream = null;
/** @type {Map<string, Set<string>>} projects that other pages want to hear of, by page */
const others = new Map();
const me = String(Math.random()).slice(2);
let leads = false;
let asked = "";
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;

/** @param {any[]} runs */
function tell(runs) {
  /** @type {Map<string, any[]>} */
  const byProject = new Map();
  for (const run of runs) byProject.set(run.project, [...(byProject.get(run.project) ?? []), run]);
  for (const [project, found] of byProject) for (const hear of listeners.get(project) ?? []) hear(found);
}

function wanted() {
  const all = new Set(listeners.keys());
  for (const projects of others.values()) for (const project of projects) all.add(project);
  return [...all].sort();
}

/** Open the stream anew if it should tell of other projects. */
function listen() {
  if (!leads) return;
  const projects = wanted();
  const path = projects.length ? `/api/events?${new URLSearchParams(projects.map((project) => ["project", project]))}` : "";
  if (path === asked && stream) return;
  asked = path;
  stream?.close();
  stream = null;
  clearTimeout(retry);
  if (!path) return;
  const made = (stream = new EventSource(path));
  made.onopen = () => (liveState.value = "live");
  made.addEventListener("runs", (event) => {
    try {
      const { runs } = JSON.parse(/** @type {MessageEvent} */ (event).data);
      tell(runs);
      channel?.postMessage({ kind: "runs", runs });
    } catch {
      // A part of a stream that broke off; the next one is whole.
    }
  });
  made.onerror = () => {
    if (stream !== made) return;
    liveState.value = "asking";
    if (made.readyState !== EventSource.CLOSED) return; // it tries again by itself
    stream = null;
    retry = setTimeout(listen, RETRY);
  };
}

function want() {
  channel?.postMessage({ kind: "want", page: me, projects: [...listeners.keys()] });
}

/** Ask now and then: for browsers without locks, or pages of a name that is not the machine's own. */
function askNowAndThen() {
  if (timer || !listeners.size) return;
  liveState.value = "asking";
  timer = setInterval(() => {
    if (document.hidden) return;
    for (const project of listeners.keys()) {
      post("/api/runs", { project, count: 100, columns: [], sort: [{ expression: "updated_at", order: "desc" }] }).then((found) => tell(found.runs), () => undefined);
    }
  }, EVERY);
}

function begin() {
  if (channel) return;
  channel = new BroadcastChannel(LOCK);
  channel.onmessage = ({ data }) => {
    if (data.kind === "runs") {
      liveState.value = "live";
      tell(data.runs);
    } else if (data.kind === "want" && data.page !== me) {
      others.set(data.page, new Set(data.projects));
      listen();
    } else if (data.kind === "who") want();
  };
  addEventListener("pagehide", () => channel?.postMessage({ kind: "want", page: me, projects: [] }));
  void navigator.locks.request(LOCK, () => {
    leads = true;
    channel?.postMessage({ kind: "who" });
    listen();
    return new Promise(() => undefined); // held until the page closes
  });
}

/**
 * Hear of the runs of a project that change. Returns what ends it.
 * @param {string} project @param {(runs: any[]) => void} hear
 */
export function follow(project, hear) {
  const known = listeners.get(project) ?? new Set();
  known.add(hear);
  listeners.set(project, known);
  if (navigator.locks && "BroadcastChannel" in window) {
    begin();
    if (liveState.value === "off") liveState.value = "live";
    want();
    listen();
  } else askNowAndThen();
  return () => {
    known.delete(hear);
    if (known.size) return;
    listeners.delete(project);
    want();
    listen();
    if (!listeners.size && timer) timer = void clearInterval(timer);
  };
}
