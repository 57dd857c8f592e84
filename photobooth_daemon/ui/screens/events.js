// The evenings: what runs now, what is to come, what is over.

import { html, useEffect, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { stateOf } from "../core/event_config.js";
import { span } from "../core/format.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { link } from "../core/router.js";
import { may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Button, Empty, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { EventState, slotNames } from "../parts/event_state.js";
import { useLoad } from "../parts/load.js";

const SETTLE_MS = 1_000;
const TICK_MS = 15_000;
const PAGE = 100;
const ORDER = ["running", "planned", "ended"];

// The next one to come stands first, and of those that are over the last.
function grouped(events) {
  const groups = { running: [], planned: [], ended: [] };
  for (const event of events) groups[stateOf(event)].push(event);
  groups.planned.reverse();
  return ORDER.filter((state) => groups[state].length).map((state) => [state, groups[state]]);
}

function Counts({ counts }) {
  const failed = counts.failed + counts.timeout;
  return html`<p class="event-counts">${t("events.photos", { count: counts.photos })}${failed > 0 && html` · <span class="bad-text">${t("events.failed", { count: failed })}</span>`}</p>`;
}

function Row({ event, slots }) {
  return html`<li class=${`event-row ${stateOf(event)}`}>
    <div class="event-name"><h3><a href=${link(`events/${event.event_id}`)}>${event.name}</a></h3><p class="quiet">${span(event.starts_at, event.ends_at)}</p></div>
    <p class="quiet">${slotNames(event.slots, slots)}</p>
    <div class="event-state"><${EventState} event=${event} />${stateOf(event) !== "planned" && html`<${Counts} counts=${event.counts} />`}</div>
  </li>`;
}

function useTick() {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
}

export function Screen() {
  const slots = useStore(app, (state) => state.slots) ?? [];
  const { data, problem, reload, setData } = useLoad((signal) => get("/api/events", { signal, query: { limit: PAGE } }), []);
  useTick();
  useEffect(() => {
    let timer = 0;
    const undo = onEvent((type) => {
      if (!["event", "job", "reconnected", "reset"].includes(type)) return;
      timer ||= setTimeout(() => {
        timer = 0;
        reload();
      }, SETTLE_MS);
    });
    return () => {
      clearTimeout(timer);
      undo();
    };
  }, []);
  const more = async () => {
    const page = await get("/api/events", { query: { limit: PAGE, cursor: data.next_cursor } });
    setData({ items: [...data.items, ...page.items], next_cursor: page.next_cursor });
  };
  const create = may("events:write") && html`<a class="button primary" href=${link("events/new")}>${t("events.create")}</a>`;
  return html`
    <${Title} actions=${data?.items.length > 0 && create}>${t("screen.events")}<//>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${4} />`}
    ${data?.items.length === 0 && html`<${Empty} icon="events" title=${t("events.none")} action=${create}>${t("events.none_todo")}<//>`}
    ${data && html`<div class="stack">${grouped(data.items).map(([state, events]) => html`<section key=${state} class="panel" aria-labelledby=${`events-${state}`}>
      <header class="panel-head"><h2 id=${`events-${state}`}>${t(`events.group.${state}`)}</h2></header>
      <ul class="event-list">${events.map((event) => html`<${Row} key=${event.event_id} event=${event} slots=${slots} />`)}</ul></section>`)}</div>`}
    ${data?.next_cursor && html`<p class="more"><${Button} onClick=${more}>${t("act.more")}<//></p>`}
  `;
}
