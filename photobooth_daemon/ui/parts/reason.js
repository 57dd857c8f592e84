// Why a photo has no picture, for the person at the booth: whose side it is on and what to do now.

import { html } from "../core/html.js";
import { t } from "../core/i18n.js";
import { explainReason, reasonOf } from "../core/problems.js";
import { Notice } from "./basics.js";

export function ReasonNotice({ job }) {
  const { title, side, todo } = explainReason(reasonOf(job));
  return html`<${Notice} kind=${job.status === "timeout" ? "warn" : "bad"} title=${title} role="alert">
    <dl class="facts reason"><dt>${t("reason_notice.side")}</dt><dd>${side}</dd><dt>${t("reason_notice.todo")}</dt><dd>${todo}</dd></dl>
  <//>`;
}
