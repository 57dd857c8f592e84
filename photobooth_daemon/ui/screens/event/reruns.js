// Photos that got no picture and were kept: made again, for the whole evening at once.

import { html } from "../../core/html.js";
import { del, post } from "../../core/api.js";
import { number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/session.js";
import { Button, Panel } from "../../parts/basics.js";
import { toast, toastProblem } from "../../parts/toast.js";

const STATES = ["queued", "running", "done", "failed"];

export function RerunPanel({ event, reruns, reload }) {
  const path = `/api/events/${event.event_id}/rerun`;
  const unmade = event.counts.failed + event.counts.timeout;
  const some = STATES.some((state) => reruns[state] > 0);
  const act = async (work, said) => {
    try {
      await work();
      toast(t(said));
      reload();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  return html`<${Panel} id="reruns" title=${t("event.reruns")} note=${t(`event.reruns_${event.rerun}`)}>
    ${some && html`<dl class="totals inside">${STATES.map((state) => html`<div key=${state} class="total"><dt>${t(`rerun_state.${state}`)}</dt><dd>${number(reruns[state])}</dd></div>`)}</dl>`}
    ${!some && unmade === 0 && html`<p class="quiet">${t("event.reruns_none")}</p>`}
    ${may("events:write") && html`<div class="button-row spaced">
      ${unmade > 0 && html`<${Button} kind="small" icon="refresh" onClick=${() => act(() => post(path, { json: {} }), "event.reruns_begun")}>${t("event.reruns_all")}<//>`}
      ${reruns.queued > 0 && html`<${Button} kind="small" icon="close" onClick=${() => act(() => del(path), "event.reruns_stopped")}>${t("event.reruns_stop")}<//>`}</div>`}
  <//>`;
}
