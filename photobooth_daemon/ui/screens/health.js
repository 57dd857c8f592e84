// How the daemon and what it depends on are, checked anew every ten seconds.

import { html, useEffect } from "../core/html.js";
import { get } from "../core/api.js";
import { duration, number, share, size } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { readHealth } from "../core/live.js";
import { providerTitle, useCatalogue } from "../core/names.js";
import { may } from "../core/session.js";
import { app } from "../core/store.js";
import { Button, Notice, Panel, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { useLoad } from "../parts/load.js";

const EVERY_MS = 10_000;
const ICONS = { ok: "check", degraded: "warning", failing: "cross" };

function factText(name, value) {
  if (value === null) return t("value.none");
  if (typeof value === "boolean") return t(value ? "value.yes" : "value.no");
  if (name.endsWith("_ms")) return duration(value);
  if (name.endsWith("_seconds")) return duration(value * 1000);
  if (name.endsWith("_bytes")) return size(value);
  if (name.endsWith("_mb")) return size(value * 1_048_576);
  if (name.endsWith("_share")) return share(value);
  if (typeof value === "number") return number(value, 2);
  if (has(`reason.${value}.title`)) return t(`reason.${value}.title`);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Check({ name, title, check }) {
  const facts = Object.entries(check).filter(([key, value]) => key !== "status" && value !== null);
  const kind = has(`health.todo.${name}`) ? name : "provider";
  return html`<li class=${`check ${check.status}`}>
    <header><${Icon} name=${ICONS[check.status] ?? "help"} /><h2>${title}</h2><span class=${`status ${{ ok: "done", degraded: "timeout", failing: "failed" }[check.status]}`}>${t(`health.short.${check.status}`)}</span></header>
    ${check.status !== "ok" && html`<p>${t(`health.todo.${kind}`)}</p>`}
    <dl class="facts">${facts.map(([key, value]) => html`<dt key=${key}>${has(`health.fact.${key}`) ? t(`health.fact.${key}`) : key}</dt><dd>${factText(key, value)}</dd>`)}</dl>
  </li>`;
}

const STATES = { ok: "done", warning: "timeout", fault: "failed" };

// What `photoboothctl check` says: the daemon brings its own words in both languages.
function Readiness() {
  const { language } = app.get();
  const { data, problem, loading, reload } = useLoad((signal) => get("/api/readiness", { signal }), []);
  const first = (data?.items ?? []).filter(({ state }) => state !== "ok");
  return html`<${Panel} id="readiness" title=${t("readiness.title")} note=${t("readiness.note")} actions=${html`<${Button} kind="small" icon="refresh" busy=${loading} onClick=${reload}>${t("health.again")}<//>`}>
    <${ProblemNotice} problem=${problem} />
    ${data && html`<div class="stack"><${Notice} kind=${data.ready ? (first.length ? "warn" : "ok") : "bad"} title=${t(data.ready ? (first.length ? "readiness.almost" : "readiness.ready") : "readiness.not_ready")} />
      ${first.length > 0 && html`<ul class="readiness">${first.map((item, n) => html`<li key=${n}><span class=${`status ${STATES[item.state]}`}>${t(`readiness.state.${item.state}`)}</span>
        <div><p><b>${[item.title[language], item.subject].filter(Boolean).join(" · ")}</b> — ${item.found[language]}</p>${item.cure && html`<p class="quiet">${item.cure[language]}</p>`}</div></li>`)}</ul>`}</div>`}
  <//>`;
}

export function Screen() {
  const catalogue = useCatalogue();
  const { data, problem, reload } = useLoad(async () => {
    const report = await readHealth();
    app.set({ health: report });
    return report;
  }, []);
  useEffect(() => {
    const timer = setInterval(reload, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const { providers = {}, ...own } = data?.checks ?? {};
  return html`
    <${Title} actions=${html`<${Button} icon="refresh" onClick=${reload}>${t("health.again")}<//>`}>${t("screen.health")}<//>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${4} />`}
    ${data && html`
      <${Notice} kind=${{ ok: "ok", degraded: "warn", failing: "bad" }[data.status]} title=${t(data.status === "ok" ? "health.all_fine" : `health.title.${data.status}`)} role="status">${data.status !== "ok" && t(`health.text.${data.status}`)}<//>
      <ul class="checks" aria-label=${t("health.checks")}>
        ${Object.entries(own).map(([name, check]) => html`<${Check} key=${name} name=${name} title=${has(`health.check.${name}`) ? t(`health.check.${name}`) : name} check=${check} />`)}
        ${Object.entries(providers).map(([name, check]) => html`<${Check} key=${`p ${name}`} name=${name} title=${t("health.provider", { provider: providerTitle(name, catalogue) })} check=${check} />`)}
      </ul>
      ${may("settings:read") && html`<${Readiness} />`}
      <p class="quiet spaced">${t("health.more")} <a href="/healthz" target="_blank" rel="noopener">/healthz</a>, <a href="/metrics" target="_blank" rel="noopener">/metrics</a>, <a href="/api/docs" target="_blank" rel="noopener">/api/docs</a></p>`}
  `;
}
