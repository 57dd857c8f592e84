// Who is told when something is wrong: Telegram, mail, a webhook; set up here, and tried at once.

import { html, useEffect, useState } from "../../core/html.js";
import { del, get, post } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { onEvent } from "../../core/live.js";
import { may } from "../../core/session.js";
import { Button, Notice, Panel, ProblemNotice, Waiting } from "../../parts/basics.js";
import { confirm } from "../../parts/dialog.js";
import { useLoad } from "../../parts/load.js";
import { toast, toastProblem } from "../../parts/toast.js";
import { openChannel } from "./alert_channel.js";

/** Sends a test message; returns what became of it, or null where the daemon refused. */
export async function tryAlerts() {
  try {
    return (await post("/api/alert-test")).items;
  } catch (problem) {
    if (!problem.code) throw problem;
    toastProblem(problem);
    return null;
  }
}

export function Told({ items }) {
  if (!items.length) return html`<${Notice} kind="warn" title=${t("alerts.nobody")} role="status">${t("alerts.nobody_todo")}<//>`;
  const lost = items.filter(({ ok }) => !ok);
  const names = (some) => some.map(({ channel, error }) => (error ? `${t(`alerts.channel.${channel}`)}: ${error}` : t(`alerts.channel.${channel}`))).join(", ");
  if (lost.length) return html`<${Notice} kind="bad" title=${t("alerts.lost")} role="status">${names(lost)}<//>`;
  return html`<${Notice} kind="ok" title=${t("alerts.sent")} role="status">${names(items)}<//>`;
}

function Channel({ one, onChanged }) {
  const name = t(`alerts.channel.${one.channel}`);
  const ours = one.source !== "config" && may("settings:write");
  const forget = async () => {
    if (!(await confirm({ title: t("alerts.forget_title", { name }), text: t("alerts.forget_text"), action: t("alerts.forget") }))) return;
    try {
      await del(`/api/alerts/${one.channel}`);
      toast(t("alerts.forgotten"));
    } catch (problem) {
      if (!problem.code) throw problem;
      toastProblem(problem);
    }
    onChanged();
  };
  const set = async () => {
    if (await openChannel(one.channel)) onChanged(true);
  };
  return html`<li id=${`alerts-${one.channel}`}>
    <header><h3>${name}</h3>${one.source ? html`<span class="status done">${one.leads_to}</span>` : html`<span class="status pending">${t("alerts.not_set")}</span>`}</header>
    ${one.source === "config" && html`<p class="hint">${t("alerts.elsewhere")}</p>`}
    ${ours && html`<div class="button-row"><${Button} kind="small" aria-label=${t(one.source ? "alerts.change_of" : "alerts.set_up_of", { name })} onClick=${set}>${t(one.source ? "alerts.change" : "alerts.set_up")}<//>
      ${one.source && html`<${Button} kind="small danger" icon="trash" aria-label=${t("alerts.forget_of", { name })} onClick=${forget}>${t("alerts.forget")}<//>`}</div>`}
  </li>`;
}

export function AlertsPanel() {
  const { data, problem, reload } = useLoad((signal) => get("/api/alerts", { signal }), []);
  const [told, setTold] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => onEvent((type, value) => (type === "reconnected" || (type === "settings" && value.alert_channel)) && reload()), []);
  const test = async () => {
    setBusy(true);
    setTold(await tryAlerts());
    setBusy(false);
  };
  const changed = async (wasSet) => {
    setTold(null);
    await reload();
    if (wasSet) await test();
  };
  return html`<${Panel} id="alerts" title=${t("alerts.title")} note=${t("alerts.note")}>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${2} />`}
    ${data && html`<ul class="providers">${data.channels.map((one) => html`<${Channel} key=${one.channel} one=${one} onChanged=${changed} />`)}</ul>
      ${told && html`<div class="spaced"><${Told} items=${told} /></div>`}
      ${may("settings:write") && data.channels.some(({ source }) => source) && html`<p class="button-row spaced"><${Button} icon="refresh" busy=${busy} onClick=${test}>${t("alerts.test")}<//></p>`}`}
  <//>`;
}
