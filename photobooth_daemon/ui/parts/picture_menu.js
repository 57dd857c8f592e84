// What a person may do to one picture: look, hide it from the gallery, show it again, remove it.

import { html, useEffect, useState } from "../core/html.js";
import { del, get, put } from "../core/api.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { link } from "../core/router.js";
import { may } from "../core/session.js";
import { Ago, Button, IconButton, Notice, ProblemNotice, Waiting } from "./basics.js";
import { Dialog, confirm, openDialog } from "./dialog.js";
import { toast, toastProblem } from "./toast.js";

/** Hides a picture from its gallery or shows it again; says so. */
export async function setHidden(jobId, hidden) {
  try {
    await put(`/api/jobs/${jobId}/visibility`, { hidden });
    toast(t(hidden ? "picture.hidden_done" : "picture.shown_done"), {
      undo: () => setHidden(jobId, !hidden),
    });
    return true;
  } catch (problem) {
    toastProblem(problem);
    return false;
  }
}

/** Asks, then removes a picture for good; returns whether it is gone. */
export async function removePicture(jobId) {
  if (!(await confirm({ title: t("picture.remove_title"), text: t("picture.remove_text"), action: t("picture.remove"), over: true }))) return false;
  try {
    await del(`/api/jobs/${jobId}/result`);
    toast(t("picture.removed_done"));
    return true;
  } catch (problem) {
    toastProblem(problem);
    return false;
  }
}

/** The buttons of one picture, for whoever may use them; `after` is called when one has done its work. */
export function PictureButtons({ job, kind = "small", after = () => {} }) {
  if (!may("jobs:write")) return null;
  const act = async (work) => {
    if (await work) after();
  };
  // Without an event there is no gallery to hide it from.
  return html`${job.event_id && html`<${Button} kind=${kind} icon=${job.hidden ? "eye" : "eye_off"} onClick=${() => act(setHidden(job.job_id, !job.hidden))}>${t(job.hidden ? "picture.show" : "picture.hide")}<//>`}
    <${Button} kind=${`${kind} danger`} icon="trash" onClick=${() => act(removePicture(job.job_id))}>${t("picture.remove")}<//>`;
}

function Menu({ jobId, close }) {
  const [job, setJob] = useState(null);
  const [problem, setProblem] = useState(null);
  const load = () => get(`/api/jobs/${jobId}`).then((found) => {
    setJob(found);
    setProblem(null);
  }, setProblem);
  useEffect(load, []);
  useEffect(() => onEvent((type, value) => {
    if (type !== "job" || value.job_id !== jobId) return;
    if (value.removed) close();
    else load();
  }), []);
  return html`<${Dialog} title=${t("picture.title")} onClose=${close}>
    <${ProblemNotice} problem=${problem} retry=${load} />
    ${!job && !problem && html`<${Waiting} rows=${3} />`}
    ${job && !job.result_url && html`<${Notice} title=${t("problem.result_expired.title")} />`}
    ${job?.result_url && html`<div class=${`menu-picture ${job.hidden ? "hidden-picture" : ""}`}><img src=${job.preview_url} alt=${t("results.alt")} /></div>
      <p class="quiet"><${Ago} at=${job.created_at} />${job.hidden && ` · ${t("picture.is_hidden")}`}</p>
      <div class="button-row"><a class="button" href=${link(`jobs/${jobId}`)} onClick=${() => close()}>${t("picture.story")}</a><${PictureButtons} job=${job} kind="" after=${close} /></div>`}
  <//>`;
}

/** A button that opens the menu of a picture. */
export function PictureMenuButton({ jobId }) {
  if (!may("jobs:read")) return null;
  return html`<${IconButton} icon="dots" kind="picture-menu" label=${t("picture.menu")} aria-haspopup="dialog" onClick=${() => openDialog((close) => html`<${Menu} jobId=${jobId} close=${close} />`)} />`;
}
