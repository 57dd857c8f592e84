// The provider calls of one photo, in the order in which they were made.

import { html } from "../core/html.js";
import { duration, money } from "../core/format.js";
import { t } from "../core/i18n.js";
import { explainReason } from "../core/problems.js";
import { Icon } from "./icons.js";

function Attempt({ attempt, n }) {
  const words = attempt.reason ? explainReason(attempt.reason).title : t("attempt.picture");
  return html`<li class=${`attempt ${attempt.reason ? "failed" : "done"}`}>
    <${Icon} name=${attempt.reason ? "cross" : "check"} />
    <div><p><b>${t("attempt.title", { n, provider: attempt.provider, operation: attempt.operation })}</b>${attempt.model && html` <span class="chip mono">${attempt.model}</span>`}</p>
      <p>${words}${attempt.message && html` <span class="quiet">${t("attempt.says", { message: attempt.message })}</span>`}</p>
      <p class="quiet">${t("attempt.started", { time: duration(attempt.started_ms) })} · ${t("attempt.took", { time: duration(attempt.duration_ms) })}${attempt.cost !== null && attempt.cost !== undefined ? ` · ${money(attempt.cost)}` : ""}${attempt.provider_request_id && html` · <span class="mono">${attempt.provider_request_id}</span>`}</p></div>
  </li>`;
}

export function Attempts({ attempts }) {
  return html`<ol class="attempts">${attempts.map((attempt, n) => html`<${Attempt} key=${n} attempt=${attempt} n=${n + 1} />`)}</ol>`;
}
