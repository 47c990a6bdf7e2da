// What a report's page draws of documents, scenes, figures and molecules: what the server gives, as elsewhere in the page.
import { el } from "./dom.js";
import { frameNode } from "./media_frame.js";
import { mediaNode } from "./media_view.js";

/** @type {import("./report_media.js").Drawing} */
export const pageDrawing = {
  document: (media) => frameNode(media, { as: "html", scripts: false, still: true }),
  scene: (media, wide, high, into) => void import("./model3d.js").then(({ stillNode }) => into.append(stillNode(media, wide, high)), (error) => into.append(el("span", "why", error.message))),
  large: (media, column) => mediaNode(media, { ...column, settings: column.setting?.settings }, "", true),
};
