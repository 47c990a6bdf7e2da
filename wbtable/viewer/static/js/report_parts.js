// What of a file's script is in it only where a report needs it; the server puts it there when it makes the file.

/** @type {{scenes: {sceneNode: (media: any) => HTMLElement, stillNode: (media: any, wide: number, high: number) => HTMLElement} | null, plotly: (() => any) | null}} */
export const parts = { scenes: null, plotly: null };
