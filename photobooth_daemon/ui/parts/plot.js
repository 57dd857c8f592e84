// Plots as SVG: stacked bars and lines over time. They take their colours from the style sheet and
// the table behind each says the same to those who cannot see them.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { app } from "../core/store.js";

const HEIGHT = 200;
const LEFT = 48;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 22;
const TICKS_Y = 4;
const TICK_WIDTH = 90;

/** Returns about `count` round steps from 0 to at least `top`; `whole` ones where half of a thing is none. */
export function roundSteps(top, count, whole = false) {
  if (!(top > 0)) return [0, 1];
  const rough = whole ? Math.max(top / count, 1) : top / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough && !(whole && one % 1));
  return Array.from({ length: Math.ceil(top / step - 1e-9) + 1 }, (_, n) => n * step);
}

function timeLabel(at, spanMs) {
  const { language } = app.get();
  const options = spanMs > 2 * 86_400_000 ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language, options).format(new Date(at));
}

function useWidth() {
  const ref = useRef(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return [ref, width];
}

/**
 * A plot of `points` (`{at, values}`), one mark per key: `kind` is "bars" (stacked) or "lines".
 *
 * `write` makes a value readable, `limit` draws a line to stay below, `name(key)` names a key.
 */
export function Plot({ points, keys, kind, write, name, label, limit, limitName }) {
  const [ref, width] = useWidth();
  const [at, setAt] = useState(null);
  const totals = points.map(({ values }) => (kind === "bars" ? keys.reduce((sum, key) => sum + (values[key] ?? 0), 0) : Math.max(0, ...keys.map((key) => values[key] ?? 0))));
  const steps = roundSteps(Math.max(...totals, limit ?? 0), TICKS_Y, kind === "bars");
  const top = steps.at(-1);
  const inner = Math.max(width - LEFT - RIGHT, 1);
  const slot = inner / Math.max(points.length, 1);
  const x = (n) => LEFT + n * slot;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const every = Math.max(1, Math.ceil(points.length / Math.max(1, Math.floor(inner / TICK_WIDTH))));
  const span = points.length ? new Date(points.at(-1).at) - new Date(points[0].at) : 0;
  const move = (event) => {
    const box = ref.current.getBoundingClientRect();
    const n = Math.floor((event.clientX - box.left - LEFT) / slot);
    setAt(n >= 0 && n < points.length ? n : null);
  };
  const shown = at === null ? null : points[at];
  return html`<figure class="plot">
    <ul class="legend" aria-hidden="true">${keys.map((key) => html`<li key=${key}><span class=${`key ${key}`}></span>${name(key)}${shown ? html` <b>${write(shown.values[key] ?? null)}</b>` : ""}</li>`)}${limit ? html`<li><span class="key limit"></span>${limitName}</li>` : ""}<li class="legend-at">${shown ? timeLabel(shown.at, 0) : ""}</li></ul>
    <div class="plot-area" ref=${ref} onPointerMove=${move} onPointerLeave=${() => setAt(null)}>
      ${width > 0 && html`<svg width=${width} height=${HEIGHT} role="img" aria-label=${label}>
        ${steps.map((value) => html`<g key=${value}><line class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y(value)} y2=${y(value)} /><text class="axis" x=${LEFT - 8} y=${y(value) + 4} text-anchor="end">${write(value)}</text></g>`)}
        ${points.map((point, n) => n % every === 0 && html`<text key=${point.at} class="axis" x=${x(n)} y=${HEIGHT - 6}>${timeLabel(point.at, span)}</text>`)}
        ${at !== null && html`<rect class="cursor" x=${x(at)} y=${TOP} width=${slot} height=${HEIGHT - TOP - BOTTOM} />`}
        ${kind === "bars" ? bars(points, keys, x, y, slot) : keys.map((key) => line(points, key, x, y, slot))}
        ${limit && html`<line class="limit" x1=${LEFT} x2=${width - RIGHT} y1=${y(limit)} y2=${y(limit)} />`}
      </svg>`}
    </div>
  </figure>`;
}

function bars(points, keys, x, y, slot) {
  const gap = slot > 6 ? 2 : slot > 3 ? 1 : 0;
  return points.map((point, n) => {
    let sum = 0;
    return keys.map((key) => {
      const value = point.values[key] ?? 0;
      if (!value) return null;
      sum += value;
      return html`<rect key=${key} class=${`mark ${key}`} x=${x(n) + gap / 2} width=${Math.max(slot - gap, 1)} y=${y(sum)} height=${y(sum - value) - y(sum)} />`;
    });
  });
}

// A gap in the line where there was no photo: nothing is drawn that was not measured.
function line(points, key, x, y, slot) {
  let pen = "M";
  const path = points.map((point, n) => {
    const value = point.values[key];
    if (value === null || value === undefined) {
      pen = "M";
      return "";
    }
    const step = `${pen}${(x(n) + slot / 2).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
  const single = points.map((point, n) => {
    const alone = point.values[key] != null && points[n - 1]?.values[key] == null && points[n + 1]?.values[key] == null;
    return alone && html`<circle key=${n} class=${`mark ${key}`} cx=${x(n) + slot / 2} cy=${y(point.values[key])} r="2.5" />`;
  });
  return html`<g key=${key}><path class=${`line ${key}`} d=${path} />${single}</g>`;
}
