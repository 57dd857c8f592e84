// Short messages that go by themselves, with an undo where there is one.

import { html, useEffect } from "../core/html.js";
import { t } from "../core/i18n.js";
import { explain } from "../core/problems.js";
import { app, useStore } from "../core/store.js";
import { Icon } from "./icons.js";

const STAYS_MS = 6_000;
const UNDO_STAYS_MS = 20_000;
let count = 0;

/** Shows a message; `undo` adds a button that calls it. */
export function toast(text, { kind = "ok", undo = null } = {}) {
  count += 1;
  const one = { id: count, text, kind, undo };
  // The newest success speaks for what was done; what failed, or can be undone, stays until it is read.
  const done = (before) => before.text === text || (kind === "ok" && before.kind === "ok" && !before.undo);
  app.set(({ toasts }) => ({ toasts: [...toasts.filter((before) => !done(before)).slice(-2), one] }));
}

/** Shows a Problem in words; the end of a session has a dialog of its own. */
export function toastProblem(problem) {
  if (problem.code === "unauthenticated") return;
  const { title, todo } = explain(problem);
  // Whoever has just decided to leave something as it is has read it already: the message goes by itself.
  toast(`${title} ${todo}`, { kind: problem.code === "event_running" ? "warn" : "bad" });
}

function dismiss(id) {
  app.set(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) }));
}

function Toast({ one }) {
  useEffect(() => {
    if (one.kind === "bad") return undefined; // an error stays until it is read
    const timer = setTimeout(() => dismiss(one.id), one.undo ? UNDO_STAYS_MS : STAYS_MS);
    return () => clearTimeout(timer);
  }, []);
  const undo = () => {
    dismiss(one.id);
    one.undo();
  };
  return html`<div class=${`toast ${one.kind}`}>
    <${Icon} name=${one.kind === "ok" ? "check" : "warning"} /><span>${one.text}</span>
    ${one.undo && html`<button type="button" class="toast-undo" onClick=${undo}>${t("act.undo")}</button>`}
    <button type="button" class="toast-close" aria-label=${t("act.close")} onClick=${() => dismiss(one.id)}><${Icon} name="close" /></button>
  </div>`;
}

export function Toasts() {
  const toasts = useStore(app, (state) => state.toasts);
  return html`<div class="toasts" role="status" aria-live="polite">${toasts.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}</div>`;
}
