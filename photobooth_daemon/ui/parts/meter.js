// Bars drawn as SVG, so that no width has to be written as a style.

import { html } from "../core/html.js";
import { duration } from "../core/format.js";
import { t } from "../core/i18n.js";

export const STEPS = ["upload", "prepare", "wait", "provider", "store"];

/** How much of the window the slow photos use; amber from 70 %, red from 90 %. */
export function WindowBar({ value, window }) {
  const part = value === null ? 0 : Math.min(value / window, 1);
  const kind = part > 0.9 ? "bad" : part > 0.7 ? "warn" : "ok";
  return html`<svg class=${`window-bar ${kind}`} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4" /><rect class="used" width=${part * 100} height="4" /></svg>`;
}

/** Where a photo's time went: one bar of the steps, and the list that says the same in words. */
export function StepTimes({ timings }) {
  const scale = Math.max(timings.total_ms ?? 0, 1);
  let x = 0;
  const parts = STEPS.map((step) => {
    const ms = timings[`${step}_ms`] ?? 0;
    const part = { step, ms, x, width: (ms / scale) * 1000 };
    x += part.width;
    return part;
  });
  return html`<div class="steps">
    <svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="1000" height="16" />${parts.map((part) => html`<rect key=${part.step} class=${`step ${part.step}`} x=${part.x} width=${part.width} height="16" />`)}</svg>
    <dl>${parts.map((part) => html`<div key=${part.step}><dt><span class=${`swatch ${part.step}`} aria-hidden="true"></span>${t(`step.${part.step}`)}</dt><dd>${duration(part.ms)}</dd></div>`)}
      <div class="steps-total"><dt>${t("step.total")}</dt><dd>${duration(timings.total_ms)}</dd></div></dl>
  </div>`;
}
