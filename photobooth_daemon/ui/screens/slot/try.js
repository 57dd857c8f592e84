// A test run: a photo through the slot as it stands in the form, saved or not.

import { html, useEffect, useMemo, useRef, useState } from "../../core/html.js";
import { get, post } from "../../core/api.js";
import { duration, size } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { onEvent } from "../../core/live.js";
import { link } from "../../core/router.js";
import { may } from "../../core/session.js";
import { Attempts, AttemptsSoFar } from "../../parts/attempts.js";
import { Button, Notice, Panel, ProblemNotice } from "../../parts/basics.js";
import { DropZone } from "../../parts/drop_zone.js";
import { SelectField, TextField } from "../../parts/fields.js";
import { Prompts } from "../../parts/prompts.js";
import { ReasonNotice } from "../../parts/reason.js";
import { StepTimes } from "../../parts/meter.js";

const ACCEPT = "image/jpeg,image/png,image/webp,image/avif";
const FACTS_OF_SLOT = ["provider", "operation", "params", "template_media", "guest_fields", "fallback", "output", "on_failure", "sync_response_seconds", "cost_cap_per_day", "inline_preview", "response_mode", "display_name"];

const ASKED = FACTS_OF_SLOT.filter((key) => key !== "display_name"); // what makes another picture

let lastPhoto = null; // one photo tries slot after slot

function Elapsed() {
  const [started] = useState(performance.now());
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 200);
    return () => clearInterval(timer);
  }, []);
  return html`<span aria-hidden="true">${duration(Math.floor((performance.now() - started) / 100) * 100)}</span>`;
}

function usePreview(file) {
  const url = useMemo(() => (file ? URL.createObjectURL(file) : null), [file]);
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  return url;
}

// What the booth's form would send; left empty, the default is taken.
function Answers({ fields, answers, onInput }) {
  const named = fields.filter(({ field }) => field);
  if (!named.length) return null;
  return html`<fieldset class="form-grid"><legend class="visually-hidden">${t("field.guest_fields")}</legend>${named.map((one) => {
    const common = { key: one.field, id: `answer-${one.field}`, label: one.field, value: answers[one.field] ?? "", onInput: (text) => onInput({ ...answers, [one.field]: text }) };
    const preset = one.default ? t("form.by_default", { value: one.default }) : t("form.not_set");
    if (one.choices) return html`<${SelectField} ...${common} options=${[{ value: "", title: preset }, ...one.choices.map((value) => ({ value, title: value }))]} />`;
    return html`<${TextField} ...${common} placeholder=${preset} input=${{ autocomplete: "off" }} />`;
  })}</fieldset>`;
}

function Outcome({ answer, job }) {
  const timings = answer?.timings ?? job?.timings;
  return html`
    ${timings && html`<${StepTimes} timings=${timings} />`}
    ${job?.attempts?.length > 0 && html`<${Attempts} attempts=${job.attempts} />`}
    ${job?.prompts?.length > 0 && html`<details class="change"><summary>${t("job.prompts")}</summary><${Prompts} prompts=${job.prompts} /></details>`}
    ${(answer?.job_id ?? job?.job_id) && html`<p class="button-row">
      ${answer?.result_url && html`<a class="button small" href=${answer.result_url} target="_blank" rel="noopener">${t("try.open")}</a>`}
      <a class="button small plain" href=${link(`jobs/${answer?.job_id ?? job.job_id}`)}>${t("try.story")}</a></p>`}`;
}

export function TryPanel({ slot, draft, dirty, disabled, onRefused }) {
  const [photo, setPhoto] = useState(lastPhoto);
  const [run, setRun] = useState({ state: "idle" });
  const [answers, setAnswers] = useState({});
  const before = usePreview(photo);
  const abort = useRef(null);
  useEffect(() => () => abort.current?.abort(), []);
  useEffect(() => {
    if (run.state !== "running") return undefined;
    // The answer alone tells which job this is: the first test of this slot that begins from here on.
    return onEvent((type, value) => {
      if (type !== "attempt" || value.source !== "test" || value.slot_id !== slot.id) return;
      setRun((now) => (now.state === "running" && (!now.told || now.told.job_id === value.job_id) ? { ...now, told: value } : now));
    });
  }, [run.state, slot.id]);
  if (disabled) return null;
  const choose = (file) => {
    lastPhoto = file;
    setPhoto(file);
    setRun({ state: "idle" });
  };
  const asked = JSON.stringify([ASKED.map((key) => draft[key]), answers]);
  const start = async () => {
    const form = new FormData();
    form.append("file", photo, photo.name);
    for (const { field } of draft.guest_fields) if (answers[field]) form.append(field, answers[field]);
    form.append("config", JSON.stringify(Object.fromEntries(FACTS_OF_SLOT.map((key) => [key, draft[key]]))));
    abort.current = new AbortController();
    setRun({ state: "running" });
    const of = asked; // what the outcome is the outcome of
    try {
      const answer = await post(`/api/slots/${slot.id}/test`, { form, signal: abort.current.signal });
      setRun({ state: "done", answer, job: await story(answer.job_id), of });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (!problem.code) throw problem;
      if (problem.code === "validation_failed") onRefused(problem.errors);
      setRun({ state: "failed", problem, job: problem.jobId ? await story(problem.jobId) : null, of });
    }
  };
  const { answer, problem, job } = run;
  const running = run.state === "running";
  const stale = run.of !== undefined && run.of !== asked;
  return html`<${Panel} id="try" title=${t("try.title")} note=${t(dirty ? "try.note_unsaved" : "try.note")}>
    <div class="stack">
      ${!photo && html`<${DropZone} label=${t("try.drop")} accept=${ACCEPT} onFile=${choose} />`}
      ${photo && html`<div class=${`before-after ${stale ? "stale" : ""}`}>
        <figure><img src=${before} alt=${t("try.before_alt")} /><figcaption>${t("try.before")} · ${size(photo.size)}</figcaption></figure>
        <figure>${running ? html`<div class="pending-picture" role="status"><span class="spinner" aria-hidden="true"></span><span>${t("try.running")}</span><${Elapsed} /></div>`
          : answer?.result_url ? html`<img src=${answer.result_url} alt=${t("try.after_alt")} />`
          : html`<div class="pending-picture"><span>${run.state === "failed" ? t("try.no_picture") : t("try.not_yet")}</span></div>`}
          <figcaption>${t("try.after")}${answer ? ` · ${size(answer.size_bytes)} · ${answer.width} × ${answer.height}` : ""}</figcaption></figure>
      </div>
      <${Answers} fields=${draft.guest_fields} answers=${answers} onInput=${setAnswers} />
      <div class="button-row">
        <${Button} kind="primary" icon="play" busy=${running} disabled=${!draft.provider} onClick=${start}>${t("try.start")}<//>
        <${Button} onClick=${() => choose(null)} disabled=${running}>${t("try.other")}<//>
      </div>`}
      <div class="stack" aria-live="polite">
        ${stale && html`<${Notice} kind="warn" title=${t("try.stale")}>${t("try.stale_todo")}<//>`}
        ${run.state === "done" && !answer.fallback && html`<${Notice} kind="ok" title=${t("try.ok", { time: duration(answer.timings.total_ms) })} />`}
        ${answer?.fallback && html`<${Notice} kind="warn" title=${t("try.fallback")}>${t("try.fallback_todo")}<//>`}
        ${problem && !job && html`<${ProblemNotice} problem=${problem} />`}
        ${job && job.status !== "done" && html`<${ReasonNotice} job=${job} />`}
      </div>
      ${running && run.told && html`<${AttemptsSoFar} told=${run.told} />`}
      ${(answer || job) && html`<${Outcome} answer=${answer} job=${job} />`}
    </div>
  <//>`;
}

// The attempts need the right to see jobs; without it the run is told by its answer alone.
async function story(jobId) {
  if (!may("jobs:read")) return null;
  try {
    return await get(`/api/jobs/${jobId}`);
  } catch (problem) {
    if (!problem.code) throw problem;
    return null;
  }
}
