// The provider calls of one photo, in the order in which they were made.

import { html } from "../core/html.js";
import { duration, money } from "../core/format.js";
import { t } from "../core/i18n.js";
import { operationTitle, providerTitle, useCatalogue } from "../core/names.js";
import { explainReason } from "../core/problems.js";
import { Icon } from "./icons.js";

const known = (cost) => cost !== null && cost !== undefined;
const equal = (one, other) => one.reason && ["provider", "operation", "model", "reason", "message"].every((key) => one[key] === other[key]) && known(one.cost) === known(other.cost);

/** Attempts that failed in the same way, one after the other, as one run. */
export function folded(attempts) {
  const runs = [];
  attempts.forEach((attempt, index) => {
    const run = runs.at(-1);
    if (run && equal(run.attempts[0], attempt)) run.attempts.push(attempt);
    else runs.push({ first: index + 1, attempts: [attempt] });
  });
  return runs;
}

function timesOf(attempts) {
  const [first, last] = [attempts[0], attempts.at(-1)];
  if (attempts.length > 1) return t("attempt.between", { from: duration(first.started_ms), to: duration(last.started_ms + last.duration_ms) });
  return `${t("attempt.started", { time: duration(first.started_ms) })} · ${t("attempt.took", { time: duration(first.duration_ms) })}`;
}

function Run({ first, attempts, catalogue, gaveWay }) {
  const [attempt] = attempts;
  const count = attempts.length;
  const n = count > 1 ? `${first}–${first + count - 1}` : first;
  const reason = gaveWay && attempt.reason === "cancelled" ? "gave_way" : attempt.reason;
  const words = reason ? explainReason(reason).title : t("attempt.picture");
  const cost = known(attempt.cost) && attempts.reduce((sum, one) => sum + one.cost, 0);
  const ids = attempts.map((one) => one.provider_request_id).filter(Boolean).join(" ");
  return html`<li class=${`attempt ${attempt.reason ? "failed" : "done"}`}>
    <${Icon} name=${attempt.reason ? "cross" : "check"} />
    <div><p><b>${t("attempt.title", { n, provider: providerTitle(attempt.provider, catalogue), operation: operationTitle(attempt.provider, attempt.operation, catalogue) })}</b>${attempt.model && html` <span class="chip mono">${attempt.model}</span>`}</p>
      <p>${words}${count > 1 && html` <b>× ${count}</b>`}${attempt.message && html` <span class="quiet">${t("attempt.says", { message: attempt.message })}</span>`}</p>
      <p class="quiet">${timesOf(attempts)}${cost !== false && ` · ${money(cost)}`}</p>
      ${ids && html`<details class="change"><summary>${t("attempt.ids")}</summary><span class="mono">${ids}</span></details>`}</div>
  </li>`;
}

/** The attempts of a photo that has ended; `gaveWay`: its last one was called off for a camera. */
export function Attempts({ attempts, gaveWay = false }) {
  const catalogue = useCatalogue();
  return html`<ol class="attempts">${folded(attempts).map((run) => html`<${Run} key=${run.first} ...${run} catalogue=${catalogue} gaveWay=${gaveWay} />`)}</ol>`;
}

/** The attempts of a photo in work: those that have ended, and the one that is being made. */
export function AttemptsSoFar({ told }) {
  const catalogue = useCatalogue();
  if (!told) return html`<p class="quiet">${t("attempt.not_told")}</p>`;
  const { number, provider, model } = told.trying;
  return html`${told.attempts.length > 0 && html`<${Attempts} attempts=${told.attempts} />`}
    <p><span class="spinner" aria-hidden="true"></span> ${t("attempt.trying", { n: number, provider: providerTitle(provider, catalogue) })}${model && html` <span class="chip mono">${model}</span>`}</p>`;
}
