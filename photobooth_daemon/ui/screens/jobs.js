// What happened to each photo, newest first, with filters that stay in the address.

import { html, useEffect, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { SLOT_IDS } from "../core/bounds.js";
import { duration, moment, exactMoment, span } from "../core/format.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { recipeTitle, slotTitleOf, useCatalogue } from "../core/names.js";
import { explainReason, reasonOf } from "../core/problems.js";
import { link, refine } from "../core/router.js";
import { may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Button, Empty, ProblemNotice, Status, Title, Waiting } from "../parts/basics.js";
import { SelectField } from "../parts/fields.js";
import { useLoad } from "../parts/load.js";
import { Thumb } from "../parts/thumb.js";

const SINCE_HOURS = { hour: 1, day: 24, week: 168 };
const FILTERS = ["event", "slot", "status", "source", "since"];
const EVENTS_TO_CHOOSE = 200;

function queryOf(filters) {
  const hours = SINCE_HOURS[filters.since];
  return { ...filters, since: hours ? new Date(Date.now() - hours * 3_600_000).toISOString() : "" };
}

function Filters({ filters, events, onChange }) {
  const options = (values, title) => [{ value: "", title: t("jobs.any") }, ...values.map((value) => ({ value, title: title(value) }))];
  const slots = useStore(app, (state) => state.slots) ?? [];
  const all = {
    event: [{ value: "", title: t("jobs.any") }, ...events.map((one) => ({ value: one.event_id, title: `${one.name} · ${span(one.starts_at, one.ends_at)}` }))],
    slot: options(SLOT_IDS, (id) => slotTitleOf(id, slots)),
    status: options(["done", "timeout", "failed", "pending"], (value) => t(`status.${value}`)),
    source: options(["ingest", "test", "rerun"], (value) => t(`source.${value}`)),
    since: options(Object.keys(SINCE_HOURS), (value) => t(`jobs.since_${value}`)),
  };
  return html`<form class="filters" role="search" aria-label=${t("jobs.filters")} onSubmit=${(event) => event.preventDefault()}>
    ${FILTERS.filter((name) => name !== "event" || events.length > 0).map((name) => html`<${SelectField} key=${name} id=${`filter-${name}`} label=${t(`jobs.${name}`)} value=${filters[name] ?? ""} options=${all[name]} onInput=${(value) => onChange({ ...filters, [name]: value })} />`)}
  </form>`;
}

function Row({ job }) {
  const catalogue = useCatalogue();
  const slots = useStore(app, (state) => state.slots);
  return html`<li class="job-row">
    <${Thumb} url=${job.preview_url} hidden=${job.hidden} />
    <div class="job-what"><a href=${link(`jobs/${job.job_id}`)}><time datetime=${job.started_at} title=${exactMoment(job.started_at)}>${moment(job.started_at)}</time></a>
      <p class="quiet"><b>${slotTitleOf(job.slot_id, slots)}</b>${job.provider && ` · ${recipeTitle(job, catalogue)}`}${job.source !== "ingest" ? html` · <span class="chip">${t(`source.${job.source}`)}</span>` : ""}${job.hidden ? html` · <span class="chip">${t("picture.hidden")}</span>` : ""}</p></div>
    <div class="job-outcome"><${Status} status=${job.status} />${["failed", "timeout"].includes(job.status) && html`<p class="quiet">${explainReason(reasonOf(job)).title}</p>`}</div>
    <p class="job-time">${duration(job.timings?.total_ms)}</p>
  </li>`;
}

export function Screen({ query }) {
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query[name] ?? ""]));
  const key = JSON.stringify(filters);
  const [more, setMore] = useState({ items: [], cursor: undefined, problem: null });
  const [fresh, setFresh] = useState(0);
  const { data, problem, reload } = useLoad((signal) => get("/api/jobs", { signal, query: queryOf(filters) }), [key]);
  const events = useLoad((signal) => (may("events:read") ? get("/api/events", { signal, query: { limit: EVENTS_TO_CHOOSE } }) : null), []);
  useEffect(() => setMore({ items: [], cursor: undefined, problem: null }), [data]);
  useEffect(() => onEvent((type, job) => {
    if (type === "job" && ("hidden" in job || job.removed)) reload();
    const fits = type === "job" && !("hidden" in job) && !job.removed && job.status !== "pending" && (!filters.event || !job.event_id || filters.event === job.event_id) && (!filters.slot || filters.slot === job.slot_id) && (!filters.status || filters.status === job.status);
    if (fits) setFresh((n) => n + 1);
  }), [key]);
  const refresh = () => {
    setFresh(0);
    reload();
  };
  const items = [...(data?.items ?? []), ...more.items];
  const cursor = more.cursor === undefined ? data?.next_cursor : more.cursor;
  const next = async () => {
    try {
      const page = await get("/api/jobs", { query: { ...queryOf(filters), cursor } });
      setMore({ items: [...more.items, ...page.items], cursor: page.next_cursor, problem: null });
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setMore({ ...more, problem: refusal });
    }
  };
  const filtered = FILTERS.some((name) => filters[name]);
  return html`
    <${Title} actions=${fresh > 0 && html`<span role="status"><${Button} kind="primary" icon="refresh" onClick=${refresh}>${t("jobs.fresh", { count: fresh })}<//></span>`}>${t("screen.jobs")}<//>
    <${Filters} filters=${filters} events=${events.data?.items ?? []} onChange=${(next) => refine("jobs", next)} />
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${6} />`}
    ${data && items.length === 0 && html`<${Empty} icon="jobs" title=${t(filtered ? "jobs.none_filtered" : "jobs.none")} action=${filtered && html`<${Button} onClick=${() => refine("jobs", {})}>${t("jobs.clear")}<//>`}>${t(filtered ? "jobs.none_filtered_todo" : "jobs.none_todo")}<//>`}
    ${items.length > 0 && html`<ul class="job-list panel" aria-label=${t("screen.jobs")}>${items.map((job) => html`<${Row} key=${job.job_id} job=${job} />`)}</ul>`}
    <${ProblemNotice} problem=${more.problem} />
    ${cursor && html`<p class="more"><${Button} onClick=${next}>${t("act.more")}<//></p>`}
  `;
}
