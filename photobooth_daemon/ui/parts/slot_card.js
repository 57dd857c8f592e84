// One slot on the board: who it is, how it goes, what it made last.

import { html, useEffect, useState } from "../core/html.js";
import { ago, duration, exactMoment, number } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { operationTitle, recipeTitle, slotName, slotNumber, useCatalogue } from "../core/names.js";
import { link } from "../core/router.js";
import { may } from "../core/session.js";
import { Ago } from "./basics.js";
import { Icon } from "./icons.js";
import { WindowBar } from "./meter.js";
import { PictureMenuButton } from "./picture_menu.js";

const DEFAULT_WINDOW_SECONDS = 48;

/** "unset" until it is set up, then "on" or "off"; "trouble" when the last photo failed. */
export function stateOf(slot) {
  if (!slot.provider) return "unset";
  if (!slot.enabled) return "off";
  return slot.last_job && ["failed", "timeout"].includes(slot.last_job.status) ? "trouble" : "on";
}

function LastPicture({ slot }) {
  const source = slot.last_result?.preview_url ?? null;
  const [gone, setGone] = useState(null);
  useEffect(() => setGone(null), [source]);
  if (!source || gone === source) {
    return html`<div class="card-picture none"><${Icon} name=${slot.provider ? "picture" : "plus"} /></div>`;
  }
  return html`<div class="card-picture"><img src=${source} alt="" loading="lazy" decoding="async" onError=${() => setGone(source)} /></div>`;
}

function Counts({ figures }) {
  const parts = [["done", "check"], ["timeout", "clock"], ["failed", "cross"]];
  return html`<ul class="counts">${parts.map(([name, icon]) => html`<li key=${name} class=${`count ${name} ${figures[name] ? "" : "zero"}`} title=${t(`count.${name}`, { count: figures[name] })}>
    <${Icon} name=${icon} /><span aria-hidden="true">${number(figures[name])}</span><span class="visually-hidden">${t(`count.${name}`, { count: figures[name] })}</span></li>`)}</ul>`;
}

function What({ slot, state }) {
  const catalogue = useCatalogue();
  const words = state === "on" ? operationTitle(slot.provider, slot.operation, catalogue) : t(`slot_state.${state}`);
  return html`<p class="card-what" title=${slot.provider ? recipeTitle(slot, catalogue) : undefined}><span class=${`state-dot ${state}`} aria-hidden="true"></span>
    ${state === "on" && html`<span class="visually-hidden">${t("slot_state.on")}, </span>`}<span class="card-words">${words}</span>
    ${slot.last_job && html`<span class="card-ago"><${Ago} at=${slot.last_job.finished_at ?? slot.last_job.started_at} /></span>`}</p>`;
}

// A few reasons have a remedy of their own; of the others the photo's page says what to do.
const OF_PROVIDER = ["auth", "quota", "unreachable"];

function NextStep({ job }) {
  const reason = job.provider_code ?? job.failure_code ?? "timeout";
  const words = has(`reason.${reason}.title`) ? t(`reason.${reason}.title`) : t("board.no_picture");
  const ofProvider = OF_PROVIDER.includes(reason) && may("settings:read");
  const step = ofProvider ? { href: link("settings", { at: "providers" }), words: t("board.check_provider") } : { href: link(`jobs/${job.job_id}`), words: t("board.see_photo") };
  return html`<div class="card-trouble"><p>${words}</p>${(ofProvider || may("jobs:read")) && html`<a class="button small" href=${step.href}>${step.words}</a>`}</div>`;
}

function Older({ results }) {
  const [gone, setGone] = useState([]);
  const shown = results.slice(1).filter(({ job_id: id }) => !gone.includes(id));
  if (!shown.length) return null;
  return html`<ul class="card-older" aria-label=${t("board.older")}>${shown.map((one) => html`<li key=${one.job_id}><a href=${link(`jobs/${one.job_id}`)} title=${one.created_at && exactMoment(one.created_at)}><img src=${one.preview_url} alt=${t("board.older_one", { when: one.created_at ? ago(one.created_at) : "" })} loading="lazy" decoding="async" onError=${() => setGone([...gone, one.job_id])} /></a></li>`)}</ul>`;
}

/** A slot that takes no photos: its name, and whether it is set up. */
export function SmallCard({ slot }) {
  const state = stateOf(slot);
  return html`<li class=${`card small ${state}`}>
    <p class="card-id">${slotNumber(slot.id)}</p>
    <div class="card-body"><h2><a href=${link(`slots/${slot.id}`)}>${slotName(slot)}</a></h2><${What} slot=${slot} state=${state} /></div>
  </li>`;
}

export function SlotCard({ slot, figures, inWork }) {
  const state = stateOf(slot);
  const windowMs = (slot.sync_response_seconds ?? DEFAULT_WINDOW_SECONDS) * 1000;
  const speed = { p95: duration(figures.p95), window: duration(windowMs) };
  return html`<li class=${`card ${state}`}>
    <${LastPicture} slot=${slot} />
    ${slot.last_result && html`<${PictureMenuButton} jobId=${slot.last_result.job_id} />`}
    <p class="card-id">${slotNumber(slot.id)}</p>
    ${inWork > 0 && html`<p class="card-work"><span class="spinner" aria-hidden="true"></span>${t("board.working", { count: inWork })}</p>`}
    <div class="card-body">
      <h2><a href=${link(`slots/${slot.id}`)}>${slotName(slot)}</a></h2>
      <${What} slot=${slot} state=${state} />
      ${slot.provider && html`<div class="card-figures"><${Counts} figures=${figures} />
        ${figures.p95 !== null && html`<p class="card-speed" title=${t("board.p95_of_window", speed)}><span aria-hidden="true">${t("board.p95_short", speed)}</span><span class="visually-hidden">${t("board.p95_of_window", speed)}</span></p>`}</div>
        <${WindowBar} value=${figures.p95} window=${windowMs} />`}
      ${state === "trouble" && html`<${NextStep} job=${slot.last_job} />`}
      <${Older} results=${slot.recent_results ?? []} />
    </div>
  </li>`;
}
