// Menus that open at a place: arrow keys, letters, Escape; focus returns to where it was.
import { el } from "./dom.js";
import { keepFocus } from "./focus.js";

/**
 * @typedef {{label: string, keys?: string, checked?: boolean, disabled?: boolean, run?: () => void} | null} Item
 */

/** @type {(() => void) | null} */
let closeOpen = null;

/**
 * Open a menu; null among the items is a rule.
 * @param {Element | {x: number, y: number}} at @param {string} name @param {Item[]} items
 */
export function openMenu(at, name, items) {
  closeOpen?.();
  const giveBack = keepFocus();
  const menu = el("div", "menu");
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", name);
  for (const item of items) {
    if (item === null) {
      const rule = el("div", "rule");
      rule.setAttribute("role", "separator");
      menu.append(rule);
      continue;
    }
    const button = el("button");
    button.setAttribute("role", item.checked === undefined ? "menuitem" : "menuitemcheckbox");
    if (item.checked !== undefined) button.setAttribute("aria-checked", String(item.checked));
    // All of a menu's words begin below each other.
    if (items.some((other) => other?.checked !== undefined)) button.append(el("span", "tick", item.checked ? "✓" : ""));
    button.tabIndex = -1;
    button.append(el("span", "label", item.label));
    if (item.keys) button.append(el("kbd", "", item.keys));
    if (item.disabled) button.setAttribute("aria-disabled", "true");
    else
      button.addEventListener("click", () => {
        close();
        item.run?.();
      });
    menu.append(button);
  }
  (document.querySelector("dialog[open]") ?? document.querySelector("main") ?? document.body).append(menu);
  const anchor = at instanceof Element ? at.getBoundingClientRect() : new DOMRect(at.x, at.y, 0, 0);
  const size = menu.getBoundingClientRect();
  const below = anchor.bottom + 2 + size.height <= innerHeight - 8;
  menu.style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - size.width - 8))}px`;
  menu.style.top = `${below ? anchor.bottom + 2 : Math.max(8, Math.min(anchor.top - size.height - 2, innerHeight - size.height - 8))}px`;
  if (at instanceof Element) at.setAttribute("aria-expanded", "true");
  const buttons = () => /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button")]);
  /** @param {PointerEvent} event */
  const outside = (event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) close();
  };
  function close() {
    closeOpen = null;
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    if (at instanceof Element) at.setAttribute("aria-expanded", "false");
    giveBack();
  }
  closeOpen = close;
  document.addEventListener("pointerdown", outside, true);
  menu.addEventListener("keydown", (event) => {
    const list = buttons();
    const now = list.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown") list[(now + 1) % list.length].focus();
    else if (event.key === "ArrowUp") list[(now + list.length - 1) % list.length].focus();
    else if (event.key === "Home") list[0].focus();
    else if (event.key === "End") list[list.length - 1].focus();
    else if (event.key.length === 1 && /\S/.test(event.key)) {
      const found = [...list.slice(now + 1), ...list.slice(0, now + 1)].find((button) =>
        button.querySelector(".label")?.textContent?.toLowerCase().startsWith(event.key.toLowerCase()));
      found?.focus();
      return;
    } else return;
    event.preventDefault();
  });
  (buttons().find((button) => button.ariaDisabled !== "true") ?? buttons()[0])?.focus();
}

/** A short word at the edge of the page, also for screen readers. @param {string} text */
export function toast(text) {
  document.querySelector(".toast")?.remove();
  const made = el("div", "toast", text);
  made.setAttribute("role", "status");
  (document.querySelector("main") ?? document.body).append(made);
  setTimeout(() => made.remove(), 2500);
}
