// What shows by doing whether it works: a backup now, a trial photo, a test alert.

import { html, useEffect, useState } from "../../core/html.js";
import { get, post } from "../../core/api.js";
import { size } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/session.js";
import { app } from "../../core/store.js";
import { Ago, Button, Panel } from "../../parts/basics.js";
import { confirm } from "../../parts/dialog.js";
import { useLoad } from "../../parts/load.js";
import { toast, toastProblem } from "../../parts/toast.js";
import { Told, tryAlerts } from "../settings/alerts.js";

const LOOK_MS = 1500;

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function refusedSafely(work) {
  try {
    return await work();
  } catch (problem) {
    if (!problem.code) throw problem;
    toastProblem(problem);
    return null;
  }
}

/** Makes a backup and waits for it; true when there is a new one. */
export async function backUp() {
  const made = await refusedSafely(async () => {
    let state = await post("/api/backup");
    while (state.at_work) {
      await later(LOOK_MS);
      state = await get("/api/backup");
    }
    return state.last;
  });
  if (!made) return false;
  if (made.succeeded) toast(t("backup.made", { size: size(made.size_bytes) }));
  else toast(t("backup.failed", { why: made.error }), { kind: "bad" });
  return made.succeeded;
}

/** Sends a photo through each slot that is on, after a question; returns the readiness report or null. */
export async function takeTrialPhotos() {
  const on = (app.get().slots ?? []).filter((slot) => slot.enabled).length;
  if (!(await confirm({ title: t("trial.title", { count: on }), text: t("trial.text"), action: t("trial.send"), danger: false }))) return null;
  return refusedSafely(() => post("/api/readiness"));
}

function Backup({ onDone }) {
  const { data, reload } = useLoad((signal) => get("/api/backup", { signal }), []);
  const [busy, setBusy] = useState(false);
  const atWork = busy || data?.at_work;
  useEffect(() => {
    if (!data?.at_work || busy) return undefined;
    const timer = setTimeout(reload, LOOK_MS);
    return () => clearTimeout(timer);
  }, [data, busy]);
  const make = async () => {
    setBusy(true);
    await backUp();
    setBusy(false);
    reload();
    onDone();
  };
  const last = data?.last;
  return html`<li><div><h3>${t("backup.title")}</h3>
      <p class="quiet">${atWork ? t("backup.at_work") : last ? html`${t(last.succeeded ? "backup.last" : "backup.last_failed")} <${Ago} at=${last.finished_at} />${last.succeeded ? `, ${size(last.size_bytes)}` : `: ${last.error}`}` : t("backup.none")}</p></div>
    ${may("settings:write") && html`<${Button} busy=${atWork} onClick=${make}>${t("backup.now")}<//>`}</li>`;
}

function TestAlert() {
  const [told, setTold] = useState(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setTold(await tryAlerts());
    setBusy(false);
  };
  return html`<li><div><h3>${t("alerts.title")}</h3><p class="quiet">${t("alerts.test_text")}</p></div>
    ${may("settings:write") && html`<${Button} busy=${busy} onClick=${send}>${t("alerts.test")}<//>`}
    ${told && html`<div class="deed-outcome"><${Told} items=${told} /></div>`}</li>`;
}

function TrialPhoto({ onReport }) {
  const [busy, setBusy] = useState(false);
  const take = async () => {
    setBusy(true);
    const report = await takeTrialPhotos();
    setBusy(false);
    if (report) onReport(report);
  };
  return html`<li><div><h3>${t("trial.name")}</h3><p class="quiet">${t("trial.note")}</p></div>
    ${may("slots:write") && html`<${Button} busy=${busy} onClick=${take}>${t("trial.take")}<//>`}</li>`;
}

export function Deeds({ onDone, onReport }) {
  return html`<${Panel} id="deeds" title=${t("deeds.title")} note=${t("deeds.note")}>
    <ul class="deeds"><${TrialPhoto} onReport=${onReport} /><${TestAlert} /><${Backup} onDone=${onDone} /></ul>
  <//>`;
}
