// The panel from which one chooses what to compare with: versions, tables of runs, other artifacts, what was opened beside.
import { get } from "./api.js";
import * as compare from "./compare_state.js";
import { MARKS, MOST, placeName } from "./compare_model.js";
import { openMenu, toast } from "./menu.js";
import { count } from "./numbers.js";
import { Panel } from "./panels.js";
import * as state from "./state.js";
import { RunState, Waiting, When, useAnswer } from "./workspace.js";
import { html, useRef, useState } from "../vendor/preact.js";

const SHOWN = 50;

/** @param {any} place @param {any} now */
const isSame = (place, now) => place.url ? place.url === now.url : ["project", "artifact", "version", "path"].every((key) => place[key] === now[key]);

/** Compare with a version: with the table of the same name, else the only one, else one that is chosen. @param {any} head @param {any} event @param {string | undefined} path */
async function choose(head, event, path) {
  const target = event.currentTarget;
  try {
    const found = await get(`/api/version?${new URLSearchParams({ project: head.project, artifact: head.artifact, version: head.version })}`);
    const at = (/** @type {string} */ one) => compare.add({ project: head.project, artifact: head.artifact, version: found.version ?? head.version, path: one });
    if (path && found.tables.includes(path)) return void at(path);
    if (found.tables.length === 1) return void at(found.tables[0]);
    if (!found.tables.length) return toast(`${head.artifact}:${head.version} has no table.`);
    openMenu(target, "Which table", found.tables.map((/** @type {string} */ one) => ({ label: one, run: () => void at(one) })));
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

/** One thing to compare with. @param {{label: any, note?: any, title?: string, on: boolean, run: (event: any) => void}} props */
function Choice({ label, note, title, on, run }) {
  return html`<li><button class="pick" title=${title} disabled=${on || compare.busy.value} onClick=${run}><span class="n" dir="auto">${label}</span><span class="note">${note}</span><span class="go-of" aria-hidden="true">${on ? "shown" : "Compare"}</span></button></li>`;
}

export function ComparePanel() {
  const [search, setSearch] = useState("");
  const list = useRef(/** @type {any} */ (null));
  const tables = compare.tables();
  const opened = state.opened.value;
  const [first] = tables;
  const text = search.trim().toLowerCase();
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const buttons = /** @type {HTMLElement[]} */ ([...list.current.querySelectorAll("button:not(:disabled), summary")]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (event.key === "Enter" && at < 0) /** @type {HTMLElement | undefined} */ (buttons.find((button) => button.matches(".pick")))?.click();
    else if (event.key === "ArrowDown") buttons[Math.min(buttons.length - 1, at + 1)]?.focus();
    else if (event.key === "ArrowUp") at > 0 ? buttons[at - 1].focus() : list.current.querySelector("input")?.focus();
    else return;
    event.preventDefault();
  };
  const beside = (opened?.opened ?? []).filter((/** @type {any} */ each) => each.title.toLowerCase().includes(text));
  const project = first?.project ?? compare.source.value?.project ?? "";
  const isUnion = compare.source.value?.kind === "union";
  return html`<${Panel} title="Compare with"><div class="picks" ref=${list} onKeyDown=${(/** @type {KeyboardEvent} */ event) => (/** @type {HTMLElement} */ (event.target).matches("summary, .pick") && event.key === "Enter" ? undefined : keys(event))}>
    ${isUnion ? html`<p class="note">Here the tables of several runs stand one after another: group by <code>run</code> to compare them, or open one run's table and compare that.</p>` : html`
    <input class="input" type="search" placeholder="Find a version, run or artifact" aria-label="Find a version, run or artifact" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} />
    <p class="note" role="status">${compare.busy.value ? "Looking for a key that names the rows of all tables…" : tables.length > 1 ? html`Compared now: ${tables.map((place, side) => html`<span class="now-of" key=${side}><span class=${`mark mark-${side}`}>${MARKS[side]}</span> ${placeName(place, tables, opened?.opened)}</span>`)}. At most ${MOST}.` : html`<span class="mark mark-0">●</span> <b>${first ? placeName(first, tables, opened?.opened) : ""}</b> is side 0, what you choose side 1 <span class="mark mark-1">◆</span>.`}</p>
    ${project && first?.artifact ? html`<${Versions} place=${first} tables=${tables} text=${text} />` : null}
    ${beside.length > 1 || (beside.length && project) ? html`<h3>Opened beside</h3><ul class="pick-list">${beside.map((/** @type {any} */ each) => html`<${Choice} key=${each.id} label=${each.title} on=${tables.some((now) => isSame({ url: each.id }, now))} run=${() => void compare.add({ url: each.id })} />`)}</ul>` : null}
    ${project ? html`<${Artifacts} project=${project} tables=${tables} text=${text} /><${Runs} project=${project} tables=${tables} text=${text} />` : null}
    ${!project && beside.length < 2 ? html`<p class="note">Only this table is open. Start <code>wbtable view</code> with a store, or a folder with several tables, and they are offered here.</p>` : null}`}
  </div></${Panel}>`;
}

/** @param {{place: any, tables: any[], text: string}} props */
function Versions({ place, tables, text }) {
  const { project, artifact } = place;
  const answer = useAnswer(`/api/versions?${new URLSearchParams({ project, artifact, count: "200" })}`, undefined, `${project}/${artifact}`);
  const all = (answer.found?.versions ?? []).filter((/** @type {any} */ each) => !each.error);
  const found = all.filter((/** @type {any} */ each) => `${artifact}:${each.version} ${each.aliases.join(" ")} ${each.tags.join(" ")}`.toLowerCase().includes(text));
  if (!answer.found) return html`<${Waiting} answer=${answer} what="Versions" />`;
  if (text && !found.length) return null;
  return html`<h3 dir="auto">Versions of ${artifact}</h3><ul class="pick-list">${found.slice(0, SHOWN).map((/** @type {any} */ each) => html`<${Choice} key=${each.version} label=${`${artifact}:${each.version}`}
    note=${html`${each.aliases.map((/** @type {string} */ alias) => html`<span class="tag-of" key=${alias}>${alias}</span> `)}<${When} at=${each.created_at} />`}
    on=${tables.some((now) => isSame({ project, artifact, version: each.version, path: place.path }, now))} run=${(/** @type {any} */ event) => void choose(each, event, place.path)} />`)}</ul>
    ${all.length < 2 ? html`<p class="note">It has one version only.</p>` : null}${found.length > SHOWN ? html`<p class="note">The newest ${SHOWN} of ${count(found.length)} are listed: type to find others.</p>` : null}`;
}

/** @param {{project: string, tables: any[], text: string}} props */
function Artifacts({ project, tables, text }) {
  const own = tables[0]?.artifact;
  const answer = useAnswer(`/api/artifacts?${new URLSearchParams({ project, count: "200", ...(text && !text.includes(":") ? { search: text } : {}) })}`, undefined, project);
  const [open, setOpen] = useState("");
  const found = (answer.found?.artifacts ?? []).filter((/** @type {any} */ each) => !each.error && each.artifact !== own && (!text.includes(":") || each.artifact.toLowerCase().startsWith(text.split(":")[0])));
  const exact = text.includes(":") ? text.split(":")[1] : "";
  if (!answer.found) return html`<${Waiting} answer=${answer} what="Artifacts" />`;
  if (!found.length) return null;
  return html`<h3>Other artifacts</h3><ul class="pick-list">${found.slice(0, SHOWN).map((/** @type {any} */ each) => html`<li key=${each.artifact} class="with-more"><ul>
    <${Choice} label=${`${each.artifact}:${exact || each.version}`} note=${exact ? "" : each.type} on=${false} run=${(/** @type {any} */ event) => void choose(exact ? { ...each, version: exact } : each, event, tables[0]?.path)} />
    <li><button class="more-of" aria-expanded=${open === each.artifact} aria-label=${`Versions of ${each.artifact}`} title="Other versions" onClick=${() => setOpen(open === each.artifact ? "" : each.artifact)}>${open === each.artifact ? "▾" : "▸"}</button></li></ul>
    ${open === each.artifact ? html`<${Versions} place=${{ project, artifact: each.artifact, path: tables[0]?.path }} tables=${tables} text="" />` : null}</li>`)}</ul>
    ${answer.found.total > found.length + 1 && found.length >= SHOWN ? html`<p class="note">The first ${SHOWN} of ${count(answer.found.total)}: type to find others.</p>` : null}`;
}

/** @param {{project: string, tables: any[], text: string}} props */
function Runs({ project, tables, text }) {
  const answer = useAnswer("/api/runs", { project, offset: 0, count: 100, columns: [] }, project);
  const [open, setOpen] = useState("");
  const runs = (answer.found?.runs ?? []).filter((/** @type {any} */ run) => run.state !== "damaged" && `${run.name} ${run.run}`.toLowerCase().includes(text));
  if (!answer.found || !runs.length) return answer.error ? html`<${Waiting} answer=${answer} what="Runs" />` : null;
  return html`<h3>Tables of runs</h3><ul class="pick-list">${runs.slice(0, SHOWN).map((/** @type {any} */ run) => html`<li key=${run.run}>
    <button class="pick run-of" aria-expanded=${open === run.run} onClick=${() => setOpen(open === run.run ? "" : run.run)}><span aria-hidden="true">${open === run.run ? "▾" : "▸"}</span><span class="n" dir="auto">${run.name}</span><span class="note"><${RunState} state=${run.state} short=${true} /></span></button>
    ${open === run.run ? html`<${RunTables} project=${project} run=${run.run} tables=${tables} />` : null}</li>`)}</ul>
    ${runs.length > SHOWN || answer.found.total > answer.found.runs.length ? html`<p class="note">The newest ${Math.min(SHOWN, runs.length)} of ${count(answer.found.total)} are listed: type to find others among the newest ${answer.found.runs.length}.</p>` : null}`;
}

/** @param {{project: string, run: string, tables: any[]}} props */
function RunTables({ project, run, tables }) {
  const answer = useAnswer(`/api/run?${new URLSearchParams({ project, run })}`);
  if (!answer.found) return html`<${Waiting} answer=${answer} what="The run" />`;
  const { tables: logged, logged: artifacts } = answer.found;
  const at = (/** @type {string} */ name) => /^([^/]+)\/([^:]+):(.+)$/s.exec(name);
  return html`<ul class="pick-list inner">${logged.flatMap((/** @type {any} */ table) => [...table.steps].reverse().slice(0, SHOWN).map((/** @type {any} */ step) => {
    const [, where, artifact, version] = at(step.artifact) ?? [];
    const place = { project: where, artifact, version, path: step.path };
    return html`<${Choice} key=${step.artifact} label=${table.key} note=${step.step === null ? version : `step ${step.step}`} on=${tables.some((now) => isSame(place, now))} run=${() => void compare.add(place)} />`;
  }))}
    ${artifacts.slice(-SHOWN).reverse().map((/** @type {string} */ name) => {
      const [, where, artifact, version] = at(name) ?? [];
      return artifact && !logged.some((/** @type {any} */ table) => table.steps.some((/** @type {any} */ step) => step.artifact === name)) ? html`<${Choice} key=${name} label=${`${artifact}:${version}`} on=${tables.some((now) => now.artifact === artifact && now.version === version)} run=${(/** @type {any} */ event) => void choose({ project: where, artifact, version }, event, tables[0]?.path)} />` : null;
    })}
    ${!logged.length && !artifacts.length ? html`<li class="note">It logged no table.</li>` : null}</ul>`;
}
