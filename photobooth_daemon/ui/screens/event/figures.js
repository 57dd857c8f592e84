// How the evening goes: counts, why photos failed, what it costs.

import { html } from "../../core/html.js";
import { costByTheEnd } from "../../core/event_config.js";
import { figures as read } from "../../core/figures.js";
import { duration, money, number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { explainReason } from "../../core/problems.js";
import { link } from "../../core/router.js";
import { Empty, Panel } from "../../parts/basics.js";

function Total({ name, value, kind = "" }) {
  return html`<div class=${`total ${kind}`}><dt>${t(`event.total.${name}`)}</dt><dd>${value}</dd></div>`;
}

function Totals({ event, all }) {
  const { photos, done, failed, timeout, fallback } = event.counts;
  const byTheEnd = all && costByTheEnd(event, all.cost);
  return html`<dl class="totals inside">
    <${Total} name="photos" value=${number(photos)} />
    <${Total} name="done" value=${number(done)} />
    <${Total} name="failed" value=${number(failed + timeout)} kind=${failed + timeout ? "bad" : ""} />
    ${fallback > 0 && html`<${Total} name="fallback" value=${number(fallback)} kind="warn" />`}
    ${all && all.pending > 0 && html`<${Total} name="pending" value=${number(all.pending)} kind="busy" />`}
    ${all && html`<${Total} name="p95" value=${duration(all.p95)} /><${Total} name="cost" value=${money(all.cost)} />`}
    ${byTheEnd !== null && byTheEnd !== undefined && html`<${Total} name="cost_end" value=${`≈ ${money(byTheEnd)}`} />`}
  </dl>`;
}

function Reasons({ reasons, event }) {
  const status = event.counts.failed > 0 ? "failed" : "timeout";
  return html`<section class="sub"><h3>${t("stats.reasons")}</h3><ul class="reasons">${Object.entries(reasons).map(([reason, count]) => {
    const { title, side, todo } = explainReason(reason);
    return html`<li key=${reason}><p><b>${t("event.times", { count })}</b> ${title} <span class="chip">${side}</span></p><p class="quiet">${todo}</p></li>`;
  })}</ul><p><a href=${link("jobs", { event: event.event_id, status })}>${t("event.failed_photos")}</a></p></section>`;
}

export function FiguresPanel({ event, figures }) {
  const all = figures ? read(figures.total) : null;
  const reasons = all ? Object.entries(all.reasons).filter(([, count]) => count > 0) : [];
  return html`<${Panel} id="figures" title=${t("event.figures")} actions=${html`<a href=${link("jobs", { event: event.event_id })}>${t("event.all_photos")}</a>`}>
    ${event.counts.photos === 0 && !all?.pending ? html`<${Empty} icon="camera" title=${t("event.no_photos")}>${t("event.no_photos_todo")}<//>` : html`<${Totals} event=${event} all=${all} />`}
    ${reasons.length > 0 && html`<${Reasons} reasons=${Object.fromEntries(reasons)} event=${event} />`}
  <//>`;
}
