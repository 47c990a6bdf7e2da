// Where a version comes from and what came of it, as lists with links: what led to it, step by step, and what it led to.
import { count } from "./numbers.js";
import { Empty, Problems, Waiting, runLink, set, useAnswer, versionLink } from "./workspace.js";
import { html } from "../vendor/preact.js";

const DEPTHS = [1, 2, 4, 10];
const WORDS = /** @type {Record<string, [string, string]>} */ ({
  used: ["used", "used by"], logged: ["made by", "made"], base: ["made from", "became"], input: ["made from", "went into"],
});

/** @typedef {{id: string, kind: string, type: string | null, deleted: boolean}} Node */

/**
 * What lies above or below a node, nearest first; each once.
 * @param {any} graph @param {string} root @param {"source" | "target"} side where the others stand
 * @returns {{node: Node, how: string, from: string, depth: number}[]}
 */
export function steps(graph, root, side) {
  const other = side === "source" ? "target" : "source";
  const byId = new Map(graph.nodes.map((/** @type {Node} */ node) => [node.id, node]));
  /** @type {any[]} */
  const out = [];
  const seen = new Set([root]);
  let level = [root];
  for (let depth = 1; level.length; depth += 1) {
    /** @type {string[]} */
    const next = [];
    for (const at of level) {
      for (const edge of graph.edges) {
        if (edge[other] !== at || seen.has(edge[side]) || !byId.has(edge[side])) continue;
        seen.add(edge[side]);
        next.push(edge[side]);
        out.push({ node: byId.get(edge[side]), how: edge.how, from: at, depth });
      }
    }
    level = next;
  }
  return out;
}

/** @param {{node: Node}} props */
function NodeLink({ node }) {
  const cut = node.id.indexOf("/");
  if (node.kind === "run") return html`<a href=${runLink(node.id.slice(0, cut), node.id.slice(cut + 1))} dir="auto">${node.id}</a><span class="tag">run</span>`;
  if (node.deleted) return html`<span dir="auto" class="dim">${node.id}</span><span class="tag">deleted</span>`;
  return html`<a href=${versionLink(node.id)} dir="auto">${node.id}</a>${node.type ? html`<span class="tag">${node.type}</span>` : null}`;
}

/** @param {{title: string, found: ReturnType<typeof steps>, side: number, empty: string, root: string}} props */
function Side({ title, found, side, empty, root }) {
  return html`<section><h2>${title}</h2>${found.length ? html`<ul class="links lineage">${found.map(({ node, how, from, depth }) => html`<li key=${node.id} class=${`depth-${Math.min(depth, 6)}`}><span class="what"><span class="how">${WORDS[how]?.[side] ?? how}</span><${NodeLink} node=${node} /></span>${from === root ? null : html`<span class="note" dir="auto"><span class="sr">${side ? "came from" : "led to"}</span><span aria-hidden="true">${side ? "←" : "→"}</span> ${from}</span>`}</li>`)}</ul>` : html`<p class="note">${empty}</p>`}</section>`;
}

/** @param {{found: any, where: any}} props */
export function LineageList({ found, where }) {
  const depth = DEPTHS.includes(Number(where.depth)) ? Number(where.depth) : 2;
  const answer = useAnswer(`/api/lineage?${new URLSearchParams({ project: found.project, artifact: found.artifact, version: found.version, depth: String(depth) })}`, undefined, found.name);
  if (!answer.found) return html`<${Waiting} answer=${answer} what="Lineage" />`;
  const graph = answer.found;
  const above = steps(graph, graph.root, "source");
  const below = steps(graph, graph.root, "target");
  const control = html`<div class="head-line"><label>Follow <select class="input" value=${String(depth)} onChange=${(/** @type {any} */ event) => set({ depth: event.target.value }, true)}>${DEPTHS.map((n) => html`<option value=${n}>${n} ${n === 1 ? "step" : "steps"}</option>`)}</select></label>
    ${graph.cut || graph.left_out ? html`<span class="note">${graph.left_out ? `${count(graph.left_out)} more are not listed. ` : ""}${graph.cut ? `It goes on behind ${count(graph.cut)} of these.` : ""}</span>` : null}</div>`;
  if (!above.length && !below.length) return html`<${Empty} title="Nothing led to it, nothing came of it"><p>A run that says <code>run.use_artifact("${found.project}/${found.artifact}:${found.version}")</code> is listed here.</p></${Empty}>`;
  return html`<${Problems} problems=${graph.problem ? [graph.problem] : []} what="its lineage" />${control}<div class="columns-2"><${Side} title="Comes from" found=${above} side=${0} root=${graph.root} empty="It was made without a run, of nothing that the store knows." />
    <${Side} title="Led to" found=${below} side=${1} root=${graph.root} empty="No run used it yet." /></div>`;
}
