// What stays of an evening, and how it is put away: report, archive, removal of the pictures.

import { html } from "../../core/html.js";
import { del, post } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { go, link } from "../../core/router.js";
import { may } from "../../core/session.js";
import { app } from "../../core/store.js";
import { Button, Panel } from "../../parts/basics.js";
import { confirm } from "../../parts/dialog.js";
import { Icon } from "../../parts/icons.js";
import { toast, toastProblem } from "../../parts/toast.js";
import { openKept } from "./kept.js";

export function AfterPanel({ event, state, reload }) {
  const path = `/api/events/${event.event_id}`;
  const purge = async () => {
    if (!(await confirm({ title: t("event.purge_title", { name: event.name }), text: t("event.purge_text"), action: t("event.purge") }))) return;
    try {
      const { removed } = await post(`${path}/purge`);
      toast(t("event.purged", { count: removed }));
      reload();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  const forget = async () => {
    if (!(await confirm({ title: t("event.delete_title", { name: event.name }), text: t("event.delete_text"), action: t("event.delete") }))) return;
    try {
      await del(path, { query: { version: event.version } });
      toast(t("event.deleted"));
      go("events");
    } catch (problem) {
      toastProblem(problem);
    }
  };
  // The client's report says nothing of money, in the language of the event's guests.
  const report = `${path}/report?format=html&cost=0`;
  const withCosts = `${path}/report?format=html&locale=${app.get().language}`;
  const archive = `${path}/archive.zip`;
  const look = state === "ended" ? { report: "button primary", archive: "button" } : { report: "button small", archive: "button small" };
  return html`<${Panel} id="after" title=${t(state === "ended" ? "event.after" : "event.papers")}>
    ${state !== "planned" && html`<div class="button-row">
      <a class=${look.report} href=${report} target="_blank" rel="noopener"><${Icon} name="stats" />${t("event.report")}</a>
      <a class=${look.archive} href=${withCosts} target="_blank" rel="noopener">${t("event.report_costs")}</a>
      <a class=${look.archive} href=${archive} download><${Icon} name="download" />${t("event.archive")}</a>
      <${Button} kind=${state === "ended" ? "" : "small"} icon="check" onClick=${() => openKept(event)}>${t("event.kept")}<//>
    </div>`}
    ${may("audit:read") && html`<p class="spaced"><a href=${link("audit", { event: event.event_id })}>${t("event.changes")}</a></p>`}
    ${may("events:write") && html`<div class="button-row spaced">
      ${state !== "planned" && html`<${Button} kind="small danger" icon="trash" onClick=${purge}>${t("event.purge")}<//>`}
      <${Button} kind="small danger" onClick=${forget}>${t("event.delete")}<//>
    </div>`}
  <//>`;
}
