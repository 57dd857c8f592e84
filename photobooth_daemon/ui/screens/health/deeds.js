// What shows by doing whether it works: a trial photo, a test alert, a backup, a cleanup.

import { html, useEffect, useState } from "../../core/html.js";
import { del, get, post } from "../../core/api.js";
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
const RESTART_MS = 150_000; // photos under way are answered first

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

// Begins what the address names and waits until none is at work; what came of the last one, or null.
function finished(path) {
  return refusedSafely(async () => {
    let state = await post(path);
    while (state.at_work) {
      await later(LOOK_MS);
      state = await get(path);
    }
    return state.last;
  });
}

/** Makes a backup and waits for it; true when there is a new one. */
export async function backUp() {
  const made = await finished("/api/backup");
  if (!made) return false;
  if (made.succeeded) toast(t("chore.backup.made", { size: size(made.size_bytes) }));
  else toast(t("chore.backup.failed", { why: made.error }), { kind: "bad" });
  return made.succeeded;
}

/** Removes what has expired and waits for it; true when that succeeded. */
export async function cleanUp() {
  const made = await finished("/api/cleanup");
  if (!made) return false;
  if (!made.succeeded) toast(t("chore.cleanup.failed", { why: made.error }), { kind: "bad" });
  else toast(made.freed_bytes ? t("chore.cleanup.made", { size: size(made.freed_bytes) }) : t("chore.cleanup.nothing"));
  return made.succeeded;
}

/** Ends the time in which alerts are quiet; true when it is over. */
export async function tellAgain() {
  const ended = await refusedSafely(() => del("/api/alert-maintenance").then(() => true));
  if (ended) toast(t("maintenance.ended"));
  return ended;
}

/** Sends a photo through each slot that is on, after a question; returns the readiness report or null. */
export async function takeTrialPhotos() {
  const on = (app.get().slots ?? []).filter((slot) => slot.enabled).length;
  if (!(await confirm({ title: t("trial.title", { count: on }), text: t("trial.text"), action: t("trial.send"), danger: false }))) return null;
  return refusedSafely(() => post("/api/readiness"));
}

// The readiness report of the service that has been started again, or null where none came.
async function afterRestart() {
  const until = Date.now() + RESTART_MS;
  while (Date.now() < until) {
    await later(LOOK_MS);
    const report = await get("/api/readiness").catch((problem) => {
      if (!problem.code) throw problem;
      return null; // it is not there yet
    });
    if (report && !report.items.some(({ code }) => code === "restart_pending")) return report;
  }
  return null;
}

/** Has the service started again, after a question; returns the readiness report then, or null. */
export async function restart() {
  if (!(await confirm({ title: t("restart.title"), text: t("restart.text"), action: t("restart.now"), danger: false }))) return null;
  const begun = await refusedSafely(() => post("/api/restart").then(() => true));
  if (!begun) return null;
  const report = await afterRestart();
  toast(t(report ? "restart.done" : "restart.late"), report ? {} : { kind: "bad" });
  return report;
}

// A chore that is begun here and told of when it is over.
function Chore({ name, make, onDone }) {
  const { data, reload } = useLoad((signal) => get(`/api/${name}`, { signal }), []);
  const [busy, setBusy] = useState(false);
  const atWork = busy || data?.at_work;
  useEffect(() => {
    if (!data?.at_work || busy) return undefined;
    const timer = setTimeout(reload, LOOK_MS);
    return () => clearTimeout(timer);
  }, [data, busy]);
  const begin = async () => {
    setBusy(true);
    await make();
    setBusy(false);
    reload();
    onDone();
  };
  const last = data?.last;
  const bytes = last?.size_bytes ?? last?.freed_bytes;
  return html`<li id=${`deed-${name}`}><div><h3>${t(`chore.${name}.title`)}</h3>
      <p class="quiet">${atWork ? t(`chore.${name}.at_work`) : last ? html`${t(`chore.${name}.${last.succeeded ? "last" : "last_failed"}`)} <${Ago} at=${last.finished_at} />${last.succeeded ? bytes > 0 && `, ${size(bytes)}` : `: ${last.error}`}` : t(`chore.${name}.none`)}</p></div>
    ${may("settings:write") && html`<${Button} busy=${atWork} onClick=${begin}>${t(`chore.${name}.now`)}<//>`}</li>`;
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
    <ul class="deeds"><${TrialPhoto} onReport=${onReport} /><${TestAlert} /><${Chore} name="backup" make=${backUp} onDone=${onDone} /><${Chore} name="cleanup" make=${cleanUp} onDone=${onDone} /></ul>
  <//>`;
}
