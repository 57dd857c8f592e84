// One event: made, looked at while it runs, put away when it is over.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { stateOf } from "../core/event_config.js";
import { span } from "../core/format.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { go, link } from "../core/router.js";
import { may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Ago, Notice, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { EventState, concerns, slotNames } from "../parts/event_state.js";
import { useLoad } from "../parts/load.js";
import { RerunPanel } from "./event/reruns.js";
import { EventForm } from "./event/form.js";
import { FiguresPanel } from "./event/figures.js";
import { EventPictures } from "./event/pictures.js";
import { SharePanel } from "./event/share.js";
import { AfterPanel } from "./event/after.js";

const SETTLE_MS = 500; // photos that come together make one reload
const TICK_MS = 15_000;
const TABS = ["evening", "setup"];
const PICTURES = 24;

export function Screen({ id, query }) {
  if (id === "new") return html`<${NewEvent} />`;
  return html`<${EventScreen} id=${id} tab=${TABS.includes(query.tab) ? query.tab : "evening"} />`;
}

function NewEvent() {
  return html`<${Title} lead=${html`<span>${t("event.new_lead")}</span>`}>${t("event.new")}<//>
    <${EventForm} event=${null} onSaved=${(event) => go(`events/${event.event_id}`)} />`;
}

async function loadAll(id, signal) {
  const [event, reruns, figures, pictures] = await Promise.all([
    get(`/api/events/${id}`, { signal }),
    get(`/api/events/${id}/rerun`, { signal }),
    may("stats:read") ? get("/api/stats", { signal, query: { event: id } }) : null,
    may("jobs:read") ? get("/api/jobs", { signal, query: { event: id, status: "done", limit: PICTURES } }) : null,
  ]);
  return { event, reruns: reruns.rerun, figures, pictures };
}

function EventScreen({ id, tab }) {
  const { data, problem, reload, setData } = useLoad((signal) => loadAll(id, signal), [id]);
  const slots = useStore(app, (state) => state.slots) ?? [];
  useFollowing(id, data?.event, reload);
  if (problem && !data) return html`<${Title}>${t("screen.events")}<//><${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Waiting} rows=${6} />`;
  const { event } = data;
  return html`
    <${Title} lead=${html`<${EventState} event=${event} /><span>${span(event.starts_at, event.ends_at)}</span><span>${slotNames(event.slots, slots)}</span><span>${t("slot.version", { version: String(event.version), who: event.updated_by })} <${Ago} at=${event.updated_at} /></span>`}>${event.name}<//>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    <${Tabs} id=${id} tab=${tab} />
    ${tab === "setup"
      ? html`<${EventForm} event=${event} onSaved=${(saved) => setData({ ...data, event: saved })} />`
      : html`<${Evening} data=${data} setEvent=${(changed) => setData({ ...data, event: changed })} reload=${reload} slots=${slots} />`}
  `;
}

function Evening({ data, setEvent, reload, slots }) {
  const { event, reruns, figures, pictures } = data;
  const state = stateOf(event);
  return html`
    ${state === "running" && event.frozen && html`<${Notice} title=${t("event.frozen_title")}>${t("event.frozen_text")}<//>`}
    ${state === "planned" && html`<${Notice} title=${t("event.planned_title")}>${t("event.planned_text")}<//>`}
    <div class="columns">
      <div class="stack">
        ${state !== "planned" && html`<${FiguresPanel} event=${event} figures=${figures} />`}
        ${pictures && state !== "planned" && html`<${EventPictures} event=${event} jobs=${pictures.items} slots=${slots} />`}
      </div>
      <div class="stack side">
        <${SharePanel} event=${event} setEvent=${setEvent} />
        ${event.keep_originals !== "never" && state !== "planned" && html`<${RerunPanel} event=${event} reruns=${reruns} reload=${reload} />`}
        <${AfterPanel} event=${event} state=${state} reload=${reload} />
      </div>
    </div>`;
}

function Tabs({ id, tab }) {
  return html`<ul class="tabs" aria-label=${t("event.parts")}>${TABS.map((name) => {
    const query = name === "evening" ? {} : { tab: name };
    return html`<li key=${name}><a href=${link(`events/${id}`, query)} aria-current=${name === tab ? "page" : undefined} onClick=${(click) => {
      click.preventDefault();
      if (name === tab) return;
      go(`events/${id}`, query);
    }}>${t(`event.tab.${name}`)}</a></li>`;
  })}</ul>`;
}

// The figures follow each photo and each change; the clock alone moves an event on.
function useFollowing(id, event, reload) {
  const latest = useRef();
  latest.current = event;
  const [, tick] = useState(0);
  useEffect(() => {
    let settling = 0;
    const soon = () => {
      settling ||= setTimeout(() => {
        settling = 0;
        reload();
      }, SETTLE_MS);
    };
    const undo = onEvent((type, value) => {
      const ours = type === "event" ? value.event_id === id : type === "job" && latest.current && concerns(latest.current, value);
      if (type === "event" && value.action === "delete" && ours) return;
      if (ours || type === "reconnected" || type === "reset") soon();
    });
    const timer = setInterval(() => tick((n) => n + 1), TICK_MS);
    return () => {
      clearTimeout(settling);
      clearInterval(timer);
      undo();
    };
  }, [id]);
}
