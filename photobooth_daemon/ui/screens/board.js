// The fifteen slots on one page, live.

import { html, useEffect, useState } from "../core/html.js";
import { figures, figuresOfSlot } from "../core/figures.js";
import { stateOf } from "../core/event_config.js";
import { duration, minute, number, share } from "../core/format.js";
import { t } from "../core/i18n.js";
import { get } from "../core/api.js";
import { onEvent, reloadBoard } from "../core/live.js";
import { link } from "../core/router.js";
import { may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Empty, Notice, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { FirstSteps, useFirstSteps } from "../parts/first_steps.js";
import { Icon } from "../parts/icons.js";
import { useLoad } from "../parts/load.js";
import { SlotCard, SmallCard } from "../parts/slot_card.js";

function Total({ value, label, kind = "" }) {
  return html`<div class=${`total ${kind}`}><dt>${label}</dt><dd>${value}</dd></div>`;
}

function Totals({ statistics, inWork }) {
  const all = figures(statistics?.total);
  return html`<dl class="totals">
    <${Total} label=${t("board.in_work")} value=${number(inWork)} kind=${inWork ? "busy" : ""} />
    <${Total} label=${t("board.photos_24h")} value=${number(all.jobs)} />
    <${Total} label=${t("board.success")} value=${share(all.success)} />
    <${Total} label=${t("board.timeouts")} value=${number(all.timeout)} kind=${all.timeout ? "warn" : ""} />
    <${Total} label=${t("board.failures")} value=${number(all.failed)} kind=${all.failed ? "bad" : ""} />
    <${Total} label=${t("board.p95")} value=${duration(all.p95)} />
  </dl>`;
}

function HealthNotice({ health }) {
  if (!health || health.status === "ok") return null;
  return html`<${Notice} kind=${health.status === "failing" ? "bad" : "warn"} title=${t(`health.title.${health.status}`)} actions=${html`<a class="button small" href=${link("health")}>${t("board.see_health")}</a>`}>
    ${t(`health.text.${health.status}`)}
  <//>`;
}

const RECENT_EVENTS = 50; // those that begin last: what runs now is among them

// Who looks at the board in the evening sees whose evening it is, and until when.
function RunningEvents() {
  const { data, reload } = useLoad((signal) => (may("events:read") ? get("/api/events", { signal, query: { limit: RECENT_EVENTS } }) : null), []);
  useEffect(() => onEvent((type) => ["event", "reconnected", "reset"].includes(type) && reload()), []);
  const running = (data?.items ?? []).filter((event) => stateOf(event) === "running");
  if (!running.length) return null;
  return html`<p class="running-events">${running.map((event) => html`<a key=${event.event_id} class="running-event" href=${link(`events/${event.event_id}`)}><${Icon} name=${event.frozen ? "lock" : "play"} />${t("board.event_until", { name: event.name, until: minute(event.ends_at) })}</a>`)}</p>`;
}

export function BoardScreen() {
  const slots = useStore(app, (state) => state.slots);
  const statistics = useStore(app, (state) => state.statistics);
  const health = useStore(app, (state) => state.health);
  const inWork = useStore(app, (state) => state.inWork);
  const [problem, setProblem] = useState(null);
  const load = () => reloadBoard().then(() => setProblem(null), setProblem);
  useEffect(load, []);
  const { steps, putAway } = useFirstSteps();
  const count = (slot) => Object.keys(inWork[slot.id] ?? {}).length;
  const live = (slots ?? []).filter((slot) => slot.provider && slot.enabled);
  const working = (slots ?? []).reduce((sum, slot) => sum + count(slot), 0);
  return html`
    <${Title}>${t("screen.board")}<//>
    <${RunningEvents} />
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${load} />`}
    <${HealthNotice} health=${health} />
    ${steps?.length > 0 && html`<${FirstSteps} steps=${steps} onPutAway=${putAway} />`}
    ${!slots && !problem && html`<${Waiting} rows=${9} />`}
    ${slots && html`
      <${Totals} statistics=${statistics} inWork=${working} />
      ${steps?.length === 0 && slots.every((slot) => !slot.provider) && html`<${Empty} icon="camera" title=${t("board.nothing_yet")} action=${html`<a class="button primary" href=${link("slots/slot-001")}>${t("board.set_up_first")}</a>`}>${t("board.nothing_yet_todo")}<//>`}
      ${live.length > 0 && html`<ul class="board wall" aria-label=${t("board.live")}>
        ${live.map((slot) => html`<${SlotCard} key=${slot.id} slot=${slot} figures=${figuresOfSlot(statistics, slot.id)} inWork=${count(slot)} />`)}
      </ul>`}
      ${live.length < slots.length && html`<ul class="board rest" aria-label=${t("board.rest")}>
        ${slots.filter((slot) => !live.includes(slot)).map((slot) => html`<${SmallCard} key=${slot.id} slot=${slot} />`)}
      </ul>`}`}
  `;
}
