// The event's newest pictures, each with its menu.

import { html, useEffect, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { link } from "../../core/router.js";
import { Ago, Empty, Panel } from "../../parts/basics.js";
import { slotName } from "../../parts/event_state.js";
import { Icon } from "../../parts/icons.js";
import { PictureMenuButton } from "../../parts/picture_menu.js";

function Picture({ job, slots }) {
  const [gone, setGone] = useState(false);
  useEffect(() => setGone(false), [job.preview_url]);
  if (!job.preview_url || gone) return null;
  return html`<li class=${job.hidden ? "hidden-picture" : ""}>
    <a href=${link(`jobs/${job.job_id}`)}><img src=${job.preview_url} alt=${t("event.picture_of", { slot: slotName(job.slot_id, slots) })} loading="lazy" decoding="async" onError=${() => setGone(true)} /></a>
    <p><span class="picture-slot">${slotName(job.slot_id, slots)}</span> <span class="quiet"><${Ago} at=${job.created_at} /></span></p>
    ${job.hidden && html`<span class="hidden-mark"><${Icon} name="eye_off" />${t("picture.hidden")}</span>`}
    <${PictureMenuButton} jobId=${job.job_id} />
  </li>`;
}

export function EventPictures({ event, jobs, slots }) {
  const kept = jobs.filter((job) => job.preview_url);
  return html`<${Panel} id="pictures" title=${t("event.pictures")} note=${event.gallery.enabled ? t("event.pictures_note") : null}>
    ${kept.length === 0 ? html`<${Empty} icon="picture" title=${t("event.no_pictures")}>${t("event.no_pictures_todo")}<//>`
    : html`<ul class="pictures" aria-label=${t("event.pictures")}>${kept.map((job) => html`<${Picture} key=${job.job_id} job=${job} slots=${slots} />`)}</ul>`}
  <//>`;
}
