// How the daemon and what it depends on are, checked anew every ten seconds.

import { html, useEffect, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { ago, duration, number, share, size } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { readHealth } from "../core/live.js";
import { providerTitle, useCatalogue } from "../core/names.js";
import { link } from "../core/router.js";
import { may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Button, Notice, Panel, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { Icon } from "../parts/icons.js";
import { useLoad } from "../parts/load.js";
import { Deeds, backUp, cleanUp, restart, takeTrialPhotos, tellAgain } from "./health/deeds.js";
import { findingText, subjectText } from "./health/finding.js";
import { Remedy } from "./health/remedies.js";

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
  if (Array.isArray(value)) return value.map((one) => factText(name, one)).join(", ");
  if (name === "reason" && has(`reason.${value}.title`)) return t(`reason.${value}.title`);
  return typeof value === "string" ? value : JSON.stringify(value);
}

// What can be done about a check that is not well.
function CheckRemedy({ name, acts }) {
  const [busy, setBusy] = useState(false);
  if (!may("settings:write")) return null;
  if (name === "database") return null;
  if (name !== "cleanup" && name !== "media") return html`<p><a class="button small" href=${link("settings", { at: "providers" })}>${t("board.check_provider")}</a></p>`;
  const run = async () => {
    setBusy(true);
    await acts.cleanup();
    setBusy(false);
  };
  return html`<p><${Button} kind="small" busy=${busy} onClick=${run}>${t("chore.cleanup.now")}<//></p>`;
}

function Check({ name, title, check, acts }) {
  const facts = Object.entries(check).filter(([key, value]) => key !== "status" && value !== null);
  const kind = has(`health.todo.${name}`) ? name : "provider";
  return html`<li class=${`check ${check.status}`}>
    <header><${Icon} name=${ICONS[check.status] ?? "help"} /><h2>${title}</h2><span class=${`status ${{ ok: "done", degraded: "timeout", failing: "failed" }[check.status]}`}>${t(`health.short.${check.status}`)}</span></header>
    ${check.status !== "ok" && html`<p>${t(`health.todo.${kind}`)}</p><${CheckRemedy} name=${name} acts=${acts} />`}
    <dl class="facts">${facts.map(([key, value]) => html`<dt key=${key}>${has(`health.fact.${key}`) ? t(`health.fact.${key}`) : key}</dt><dd>${factText(key, value)}</dd>`)}</dl>
  </li>`;
}

const STATES = { ok: "done", warning: "timeout", fault: "failed" };

// Every host as it showed itself last; which configuration each has matters where there are several.
function Hosts({ hosts }) {
  const several = hosts.length > 1;
  const head = ["host", "processes", "version", ...(several ? ["configuration"] : []), "seen"];
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${t("hosts.title")}><table class="table"><thead><tr>${head.map((name) => html`<th key=${name} scope="col">${t(`hosts.${name}`)}</th>`)}</tr></thead>
    <tbody>${hosts.map((host) => html`<tr key=${host.host}><th scope="row">${host.host}</th><td>${host.processes ? number(host.processes) : html`<span class="status failed">${t("hosts.silent")}</span>`}</td><td>${host.versions.join(", ")}</td>${several && html`<td><code>${host.config_digests.map((digest) => digest.slice(0, 8)).join(", ")}</code></td>`}<td>${ago(host.seen_at)}</td></tr>`)}</tbody></table></div>`;
}

// What `photoboothctl check` says: the daemon brings its own words in both languages.
function Readiness({ report, acts }) {
  const { language } = app.get();
  const catalogue = useCatalogue();
  const first = report.items.filter(({ state }) => state !== "ok").map((item) => ({
    item,
    title: [item.title[language], subjectText(item.subject, catalogue)].filter(Boolean).join(" · "),
    ...findingText(item, catalogue),
  }));
  return html`<${Panel} id="readiness" title=${t("readiness.title")} note=${t("readiness.note")}>
    ${!first.length && html`<p>${t("readiness.ready")}</p>`}
    <ul class="readiness">${first.map(({ item, title, text, said }) => html`<li key=${`${item.code} ${item.subject}`}><span class=${`status ${STATES[item.state]}`}>${t(`readiness.state.${item.state}`)}</span>
      <div><p><b>${title}</b> — ${text}</p><${Remedy} item=${item} acts=${acts} found=${`${title}: ${text}`} said=${said} /></div></li>`)}</ul>
    <${Hosts} hosts=${report.hosts} />
  <//>`;
}

// One verdict about both: how the daemon is now, and whether tonight can come.
function verdictOf(health, report) {
  if (health.status === "failing") return { kind: "bad", title: t("health.title.failing"), text: t("health.text.failing") };
  if (report && !report.ready) return { kind: "bad", title: t("readiness.not_ready"), text: t("readiness.mend_first") };
  const remarks = (report?.items ?? []).filter(({ state }) => state === "warning").length;
  if (health.status === "degraded") return { kind: "warn", title: t("health.title.degraded"), text: t("health.text.degraded") };
  if (remarks) return { kind: "warn", title: t("readiness.almost", { count: remarks }), text: t("readiness.almost_text") };
  return { kind: "ok", title: t("health.all_fine") };
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
  const asked = useLoad((signal) => (may("settings:read") ? get("/api/readiness", { signal }) : null), []);
  useStore(app, (state) => state.slots); // their names
  const { providers = {}, ...own } = data?.checks ?? {};
  const verdict = data && !(asked.loading && !asked.data) && verdictOf(data, asked.data);
  const again = () => Promise.all([reload(), asked.reload()]);
  const acts = {
    backup: async () => (await backUp()) && again(),
    cleanup: async () => (await cleanUp()) && again(),
    tellAgain: async () => (await tellAgain()) && again(),
    trial: async () => {
      const found = await takeTrialPhotos();
      if (found) asked.setData(found);
    },
    restart: async () => {
      const found = await restart();
      if (found) asked.setData(found);
    },
  };
  return html`
    <${Title} actions=${html`<${Button} icon="refresh" busy=${asked.loading && asked.data !== null} onClick=${again}>${t("health.again")}<//>`}>${t("screen.health")}<//>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${4} />`}
    ${data && html`
      ${verdict && html`<${Notice} kind=${verdict.kind} title=${verdict.title} role="status">${verdict.text}<//>`}
      <${ProblemNotice} problem=${asked.problem} />
      ${asked.data && html`<div class="stack spaced-below"><${Readiness} report=${asked.data} acts=${acts} /><${Deeds} onDone=${asked.reload} onReport=${asked.setData} /></div>`}
      <ul class="checks" aria-label=${t("health.checks")}>
        ${Object.entries(own).map(([name, check]) => html`<${Check} key=${name} name=${name} title=${has(`health.check.${name}`) ? t(`health.check.${name}`) : name} check=${check} acts=${acts} />`)}
        ${Object.entries(providers).map(([name, check]) => html`<${Check} key=${`p ${name}`} name=${name} title=${t("health.provider", { provider: providerTitle(name, catalogue) })} check=${check} acts=${acts} />`)}
      </ul>
      <p class="quiet spaced">${t("health.more")} <a href="/healthz" target="_blank" rel="noopener">/healthz</a>, <a href="/metrics" target="_blank" rel="noopener">/metrics</a>, <a href="/api/docs" target="_blank" rel="noopener">/api/docs</a></p>`}
  `;
}
