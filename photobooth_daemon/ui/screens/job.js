// The story of one photo: what arrived, what was tried, what came of it and why.

import { html, useEffect, useState } from "../core/html.js";
import { get, post } from "../core/api.js";
import { exactMoment, money, size } from "../core/format.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { slotTitleOf } from "../core/names.js";
import { link } from "../core/router.js";
import { may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Ago, Button, CopyButton, Notice, Panel, ProblemNotice, Status, Title, Waiting } from "../parts/basics.js";
import { Attempts, AttemptsSoFar } from "../parts/attempts.js";
import { useLoad } from "../parts/load.js";
import { StepTimes } from "../parts/meter.js";
import { PictureButtons } from "../parts/picture_menu.js";
import { Prompts } from "../parts/prompts.js";
import { ReasonNotice } from "../parts/reason.js";
import { toast, toastProblem } from "../parts/toast.js";

function pictureText(type, width, height, bytes) {
  return `${type.replace("image/", "").toUpperCase()} · ${width} × ${height} · ${size(bytes)}`;
}

function Facts({ job, event }) {
  const rows = [
    ["event", event && html`<a href=${link(`events/${job.event_id}`)}>${event.name}</a>`],
    ["slot", html`<a href=${link(`slots/${job.slot_id}`)}>${slotTitleOf(job.slot_id)}</a> · ${t("history.version", { version: String(job.slot_version) })}`],
    ["source", t(`source.${job.source}`)],
    ["rerun_of", job.rerun_of && html`<a href=${link(`jobs/${job.rerun_of}`)}>${t("job.see_first")}</a>`],
    ["rerun_by", job.rerun_by && html`<a href=${link(`jobs/${job.rerun_by}`)}>${t("job.see_rerun")}</a>`],
    ["original", job.has_original && html`<a href=${`/api/jobs/${job.job_id}/original`} target="_blank" rel="noopener">${t("job.see_original")}</a>`],
    ["fallback", job.fallback && t("job.fallback_given")],
    ["started", exactMoment(job.started_at)],
    ["finished", exactMoment(job.finished_at)],
    ["input", pictureText(job.input_content_type, job.input_width, job.input_height, job.input_size_bytes)],
    ["result", job.result_content_type && pictureText(job.result_content_type, job.result_width, job.result_height, job.result_size_bytes)],
    ["cost", job.cost !== null && job.cost !== undefined && money(job.cost)],
    ["address", job.client_address],
  ];
  const ids = ["request_id", "job_id"].map((name) => [name, job[name] && html`<span class="mono">${job[name]}</span>`]);
  return html`<${List} rows=${rows} /><details class="change"><summary>${t("job.ids")}</summary><${List} rows=${ids} /></details>`;
}

function List({ rows }) {
  return html`<dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${t(`job.${name}`)}</dt><dd>${value}</dd>`)}</dl>`;
}

function Picture({ job }) {
  const result = `/public/results/${job.job_id}`;
  return html`<${Panel} id="picture" title=${t("job.picture")}>
    ${job.hidden && html`<${Notice} title=${t("picture.is_hidden")}>${t("picture.hidden_note")}<//>`}
    <a class="big-picture" href=${`/r/${job.job_id}`} target="_blank" rel="noopener"><img src=${result} alt=${t("results.alt")} /></a>
    <div class="button-row"><a class="button small" href=${`${result}?download=1`} download>${t("act.download")}</a><${CopyButton} text=${new URL(`/r/${job.job_id}`, location.origin).href} label=${t("results.link")} /><${PictureButtons} job=${job} /><span class="quiet">${t("results.until")} <${Ago} at=${job.result_expires_at} /></span></div>
  <//>`;
}

function MakeAgain({ job, reload }) {
  const again = async () => {
    try {
      await post(`/api/jobs/${job.job_id}/rerun`);
      toast(t("job.again_queued"));
      reload();
    } catch (problem) {
      toastProblem(problem);
    }
  };
  return html`<p class="button-row make-again"><${Button} icon="refresh" onClick=${again}>${t("job.again")}<//><span class="quiet">${t("job.again_note")}</span></p>`;
}

export function Screen({ id }) {
  const slots = useStore(app, (state) => state.slots);
  const { data: job, problem, reload } = useLoad((signal) => get(`/api/jobs/${id}`, { signal }), [id]);
  const [told, setTold] = useState(null);
  useEffect(() => {
    setTold(null);
    return onEvent((type, value) => {
      if (value.job_id !== id) return;
      if (type === "attempt") setTold(value);
      else if (type === "job") reload();
    });
  }, [id]);
  const event = useLoad((signal) => (job?.event_id && may("events:read") ? get(`/api/events/${job.event_id}`, { signal }) : null), [job?.event_id]);
  if (problem) return html`<${Title}>${t("job.title")}<//><${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!job) return html`<${Waiting} rows=${5} />`;
  const fields = Object.entries(job.client_fields ?? {});
  const ended = job.result_removed_at ? "result_removed" : "result_expired";
  const kept = job.status === "done" && new Date(job.result_expires_at) > Date.now();
  return html`
    <${Title} lead=${html`<${Status} status=${job.status} /><span><${Ago} at=${job.started_at} /></span><a href=${link("jobs", { slot: job.slot_id })}>${t("job.others")}</a>`}>${t("job.title_of", { slot: slotTitleOf(job.slot_id, slots) })}<//>
    ${["failed", "timeout"].includes(job.status) && html`<${ReasonNotice} job=${job} />`}
    ${["failed", "timeout"].includes(job.status) && job.has_original && !job.rerun_by && !job.rerun_of && may("jobs:write") && html`<${MakeAgain} job=${job} reload=${reload} />`}
    ${job.status === "pending" && html`<${Notice} title=${t("job.pending")}>${t("job.pending_text")}<//>`}
    ${job.status === "done" && !kept && html`<${Notice} title=${t(`problem.${ended}.title`)}>${t(`problem.${ended}.todo`)}<//>`}
    <div class="columns even">
      <div class="stack">
        ${kept && html`<${Picture} job=${job} />`}
        <${Panel} id="times" title=${t("job.times")}><${StepTimes} timings=${job.timings ?? {}} /><//>
        <${Panel} id="attempts" title=${t("job.attempts")}>${job.status === "pending" ? html`<${AttemptsSoFar} told=${told ?? (job.trying && job)} />` : job.attempts?.length ? html`<${Attempts} attempts=${job.attempts} gaveWay=${job.failure_code === "gave_way"} />` : html`<p class="quiet">${t("job.no_attempts")}</p>`}<//>
        ${job.prompts.length > 0 && html`<${Panel} id="prompts" title=${t("job.prompts")} note=${t("job.prompts_note")}><${Prompts} prompts=${job.prompts} /><//>`}
      </div>
      <div class="stack">
        <${Panel} id="facts" title=${t("job.facts")}><${Facts} job=${job} event=${event.data} /><//>
        ${fields.length > 0 && html`<${Panel} id="fields" title=${t("job.fields")} note=${t("job.fields_note")}><dl class="facts mono">${fields.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl><//>`}
      </div>
    </div>
  `;
}
