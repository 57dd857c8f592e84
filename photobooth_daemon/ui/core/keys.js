// Single-key shortcuts, which a reader can switch off (WCAG 2.1.4): / search, 1–9 slots, e events, ? help.

import { go } from "./router.js";
import { remember, remembered } from "./prefs.js";
import { app } from "./store.js";

/** Tells whether single keys do something. */
export function shortcutsOn() {
  return remembered("shortcuts", "on") === "on";
}

/** Switches single keys on or off. */
export function switchShortcuts(on) {
  remember("shortcuts", on ? "on" : "off");
}

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

/** Starts to listen. */
export function startKeys({ search, help }) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (app.get().sessionState !== "in" || document.querySelector("dialog[open]")) return;
    if (!shortcutsOn() || typing(event.target)) return;
    // On a Russian layout the key of "/" and "?" types "." and ",".
    const slash = event.code === "Slash";
    if (event.key === "?" || (slash && event.key === ",")) help();
    else if (event.key === "/" || (slash && event.key === ".")) search();
    else if (event.code === "KeyE" && !event.shiftKey) go("events");
    else if (/^[1-9]$/.test(event.key)) go(`slots/slot-00${event.key}`);
    else return;
    event.preventDefault();
  });
}
