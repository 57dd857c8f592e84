// Who changed what, when and from where; refused logins and wrong passwords too.

import { html, useEffect, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { exactMoment, moment } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { link, refine } from "../core/router.js";
import { same } from "../core/slot_config.js";
import { Button, Empty, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { TextField } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { useLoad } from "../parts/load.js";

const FILTERS = ["actor", "action", "entity"];
const SETTLE_MS = 350;
const NOT_SHOWN = new Set(["version", "override_reason"]); // the reason stands beside the change

function flat(value, prefix = "", found = {}) {
  if (value && typeof value === "object" && !Array.isArray(value)) {
    for (const [key, part] of Object.entries(value)) flat(part, prefix ? `${prefix}.${key}` : key, found);
  } else if (prefix) found[prefix] = value;
  return found;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function write(value, name) {
  if (value === undefined || value === null) return t("value.none");
  if (typeof value === "boolean") return t(value ? "value.yes" : "value.no");
  if (has(`choice.${name}.${value}`)) return t(`choice.${name}.${value}`);
  if (ID.test(value)) return t("audit.a_picture");
  if (INSTANT.test(value)) return exactMoment(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Change({ before, after }) {
  const [one, other] = [flat(before), flat(after)];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => !NOT_SHOWN.has(name) && !same(one[name], other[name]));
  if (!names.length) return null;
  return html`<details class="change"><summary>${t("audit.changed", { count: names.length })}</summary>
    <div class="table-wrap"><table class="table diff"><thead><tr><th scope="col">${t("diff.field")}</th><th scope="col">${t("diff.before")}</th><th scope="col">${t("diff.after")}</th></tr></thead>
    <tbody>${names.map((name) => html`<tr key=${name}><th scope="row">${has(`field.${name}`) ? t(`field.${name}`) : name}</th><td><del>${write(one[name], name)}</del></td><td><ins>${write(other[name], name)}</ins></td></tr>`)}</tbody></table></div></details>`;
}

function entityLink(entry) {
  const { entity } = entry;
  const slot = /^slot:(slot-\d{3})$/.exec(entity)?.[1];
  if (slot) return html`<a href=${link(`slots/${slot}`, { tab: "history" })}>${slot}</a>`;
  const [, kind, id] = /^(event|job|template):(.+)$/.exec(entity) ?? [];
  if (kind === "template") return entry.after?.label ?? entry.before?.label ?? t("audit.a_picture");
  if (kind === "job") return html`<a href=${link(`jobs/${id}`)}>${t("audit.a_photo")}</a>`;
  // A deleted one has no page any more; its name is in the entry.
  if (kind === "event") return entry.action === "event.delete" ? entry.before?.name : html`<a href=${link(`events/${id}`)}>${entry.after?.name ?? entry.before?.name ?? t("audit.an_event")}</a>`;
  return html`<span class="mono">${entity}</span>`;
}

function Entry({ entry }) {
  return html`<li class="audit-row">
    <time datetime=${entry.at} title=${exactMoment(entry.at)}>${moment(entry.at)}</time>
    <div><p><b>${entry.actor}</b> ${has(`audit_action.${entry.action}`) ? t(`audit_action.${entry.action}`) : html`<span class="mono">${entry.action}</span>`} · ${entityLink(entry)}</p>
      ${entry.address && html`<p class="quiet">${t("audit.from", { address: entry.address })}</p>`}
      ${entry.after?.override_reason && html`<p class="override"><${Icon} name="lock" /> ${t("audit.override", { reason: entry.after.override_reason })}</p>`}
      <${Change} before=${entry.before} after=${entry.after} /></div>
    <span class="quiet mono">#${entry.id}</span>
  </li>`;
}

export function Screen({ query }) {
  // An event is not typed: its page leads here.
  const filters = Object.fromEntries([...FILTERS, "event"].map((name) => [name, query[name] ?? ""]));
  const key = JSON.stringify(filters);
  const [typed, setTyped] = useState(filters);
  const [more, setMore] = useState({ items: [], cursor: undefined });
  const { data, problem, reload } = useLoad((signal) => get("/api/audit", { signal, query: filters }), [key]);
  useEffect(() => setMore({ items: [], cursor: undefined }), [data]);
  useEffect(() => {
    if (same(typed, filters)) return undefined;
    const timer = setTimeout(() => refine("audit", typed), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const items = [...(data?.items ?? []), ...more.items];
  const cursor = more.cursor === undefined ? data?.next_cursor : more.cursor;
  const next = async () => {
    const page = await get("/api/audit", { query: { ...filters, cursor } });
    setMore({ items: [...more.items, ...page.items], cursor: page.next_cursor });
  };
  return html`
    <${Title} lead=${t("audit.lead")}>${t("screen.audit")}<//>
    <form class="filters" role="search" aria-label=${t("jobs.filters")} onSubmit=${(event) => event.preventDefault()}>
      ${FILTERS.map((name) => html`<${TextField} key=${name} id=${`filter-${name}`} label=${t(`audit.${name}`)} placeholder=${t(`audit.${name}_hint`)} value=${typed[name]} onInput=${(value) => setTyped({ ...typed, [name]: value })} input=${{ autocomplete: "off", spellcheck: false }} />`)}
    </form>
    ${filters.event && html`<p class="button-row more-of"><span>${t("audit.of_event")}</span><${Button} kind="small" icon="close" onClick=${() => setTyped({ ...typed, event: "" })}>${t("jobs.clear")}<//></p>`}
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${6} />`}
    ${data && items.length === 0 && html`<${Empty} icon="audit" title=${t("audit.none")}>${t("audit.none_todo")}<//>`}
    ${items.length > 0 && html`<ol class="audit-list panel" aria-label=${t("screen.audit")}>${items.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ol>`}
    ${cursor && html`<p class="more"><${Button} onClick=${next}>${t("act.more")}<//></p>`}
  `;
}
