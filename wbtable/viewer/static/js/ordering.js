// Orders that the server finds while questions for rows wait for them: how far they are, and how to end them.
import { post, watchOrdering } from "./api.js";
import { signal } from "../vendor/preact.js";

/** How far the order is that rows wait for; null: none does. */
export const ordering = signal(/** @type {import("./api.js").Ordering | null} */ (null));

/** The questions that wait. @type {Map<RequestInit, import("./api.js").Ordering>} */
const waiting = new Map();

watchOrdering((question, found) => {
  if (found) waiting.set(question, found);
  else if (!waiting.delete(question)) return;
  ordering.value = [...waiting.values()].at(-1) ?? null;
});

/** End what is being ordered: nobody wants it any more. */
export function stopOrdering() {
  const views = new Set([...waiting.keys()].map((question) => {
    const { view, side } = JSON.parse(String(question.body));
    return JSON.stringify({ view, side });
  }));
  // A server that is gone orders nothing.
  for (const view of views) post("/api/cancel", JSON.parse(view)).catch(() => undefined);
}
