// How it goes: outcomes and times of an hour, a day or a week, with the table behind each plot.

import { html, useEffect } from "../core/html.js";
import { get } from "../core/api.js";
import { figures, points } from "../core/figures.js";
import { duration, minute, money, number, share, size } from "../core/format.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { slotTitleOf } from "../core/names.js";
import { explainReason } from "../core/problems.js";
import { link, refine } from "../core/router.js";
import { app, useStore } from "../core/store.js";
import { Empty, Panel, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { Segments } from "../parts/fields.js";
import { useLoad } from "../parts/load.js";
import { Plot } from "../parts/plot.js";

const WINDOWS = ["1h", "24h", "7d"];
const OUTCOMES = ["done", "timeout", "failed"];
const SETTLE_MS = 2_000;

function Totals({ all }) {
  const rows = [
    ["photos", number(all.jobs)], ["success", share(all.success)], ["timeouts", share(all.timeouts)],
    ["p50", duration(all.p50)], ["p95", duration(all.p95)], ["cost", money(all.cost)],
  ];
  return html`<dl class="totals">${rows.map(([name, value]) => html`<div key=${name} class="total"><dt>${t(`stats.${name}`)}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function Behind({ head, rows }) {
  return html`<details class="behind"><summary>${t("stats.table")}</summary><div class="table-wrap" tabindex="0" role="group" aria-label=${t("stats.table")}><table class="table"><thead><tr>${head.map((title, n) => html`<th key=${title} scope="col" class=${n ? "right" : ""}>${title}</th>`)}</tr></thead>
    <tbody>${rows.map(([first, ...rest]) => html`<tr key=${first}><th scope="row">${first}</th>${rest.map((value, n) => html`<td key=${n} class="right">${value}</td>`)}</tr>`)}</tbody></table></div></details>`;
}

function SlotTable({ slots }) {
  const known = useStore(app, (state) => state.slots);
  const used = slots.map((row) => ({ id: row.slot_id, ...figures(row) })).filter(({ jobs }) => jobs > 0);
  if (!used.length) return html`<p class="quiet">${t("stats.no_slots")}</p>`;
  const head = ["slot", "photos", "success", "timeouts", "p50", "p95", "p99", "provider_p95", "bytes", "cost"];
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${t("stats.by_slot")}><table class="table"><thead><tr>${head.map((name, n) => html`<th key=${name} scope="col" class=${n ? "right" : ""}>${t(`stats.${name}`)}</th>`)}</tr></thead>
    <tbody>${used.map((row) => html`<tr key=${row.id}><th scope="row"><a href=${link(`slots/${row.id}`)}>${slotTitleOf(row.id, known)}</a></th>
      ${[number(row.jobs), share(row.success), share(row.timeouts), duration(row.p50), duration(row.p95), duration(row.p99), duration(row.provider.p95), size(row.bytes.result), money(row.cost)].map((value, n) => html`<td key=${n} class="right">${value}</td>`)}</tr>`)}</tbody></table></div>`;
}

function Reasons({ reasons }) {
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${t("stats.reasons")}><table class="table"><thead><tr>${["reason", "side", "todo", "photos"].map((name) => html`<th key=${name} scope="col" class=${name === "photos" ? "right" : ""}>${t(`stats.${name}`)}</th>`)}</tr></thead>
    <tbody>${Object.entries(reasons).map(([reason, count]) => {
      const { title, side, todo } = explainReason(reason);
      return html`<tr key=${reason}><th scope="row">${title}</th><td>${side}</td><td>${todo}</td><td class="right" data-name=${t("stats.photos")}>${number(count)}</td></tr>`;
    })}</tbody></table></div>`;
}

export function Screen({ query }) {
  const span = WINDOWS.includes(query.window) ? query.window : "24h";
  const { data, problem, reload } = useLoad((signal) => get("/api/stats", { signal, query: { window: span } }), [span]);
  useEffect(() => {
    let timer = 0;
    const undo = onEvent((type) => {
      if (type !== "job") return;
      clearTimeout(timer);
      timer = setTimeout(reload, SETTLE_MS);
    });
    return () => {
      clearTimeout(timer);
      undo();
    };
  }, [span]);
  const all = figures(data?.total);
  const series = data ? points(data.series) : [];
  return html`
    <${Title} actions=${html`<${Segments} name="window" legend=${t("stats.window")} hideLegend value=${span} options=${WINDOWS.map((value) => ({ value, title: t(`stats.window_${value}`) }))} onInput=${(value) => refine("stats", { window: value })} />`}>${t("screen.stats")}<//>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${5} />`}
    ${data && html`<div class="stack">
      <${Totals} all=${all} />
      ${all.jobs === 0 ? html`<${Empty} icon="stats" title=${t("stats.none")}>${t("stats.none_todo")}<//>` : html`
      <div class="columns even">
        <${Panel} id="outcomes" title=${t("stats.outcomes")}>
          <${Plot} kind="bars" points=${series} keys=${OUTCOMES} write=${(value) => number(value ?? 0)} name=${(key) => t(`status.${key}`)} label=${t("stats.outcomes_label", { jobs: all.jobs, done: all.done, timeout: all.timeout, failed: all.failed })} />
          <${Behind} head=${[t("stats.at"), ...OUTCOMES.map((key) => t(`status.${key}`))]} rows=${series.filter(({ values }) => OUTCOMES.some((key) => values[key])).map(({ at, values }) => [minute(at), ...OUTCOMES.map((key) => number(values[key]))])} />
        <//>
        <${Panel} id="times" title=${t("stats.times")}>
          <${Plot} kind="lines" points=${series} keys=${["p95"]} write=${duration} name=${(key) => t(`stats.${key}`)} label=${t("stats.times_label", { p50: duration(all.p50), p95: duration(all.p95) })} />
          <${Behind} head=${[t("stats.at"), t("stats.p95")]} rows=${series.filter(({ values }) => values.p95 != null).map(({ at, values }) => [minute(at), duration(values.p95)])} />
        <//>
      </div>
      ${Object.keys(all.reasons).length > 0 && html`<${Panel} id="reasons" title=${t("stats.reasons")}><${Reasons} reasons=${all.reasons} /><//>`}
      <${Panel} id="by-slot" title=${t("stats.by_slot")}><${SlotTable} slots=${data.slots} /><//>`}
      <p><a class="button" href="/api/report?format=html" target="_blank" rel="noopener">${t("stats.report")}</a></p>
    </div>`}
  `;
}
