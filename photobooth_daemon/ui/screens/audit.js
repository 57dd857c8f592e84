// Who changed what, when and from where; refused logins and wrong passwords too.

import { html, useEffect, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { SLOT_IDS } from "../core/bounds.js";
import { exactMoment, moment, number } from "../core/format.js";
import { has, keysBelow, t } from "../core/i18n.js";
import { personName, providerTitle, slotTitleOf, useCatalogue } from "../core/names.js";
import { link, refine } from "../core/router.js";
import { may } from "../core/session.js";
import { same } from "../core/slot_config.js";
import { app, useStore } from "../core/store.js";
import { withUnit } from "../core/units.js";
import { Button, Empty, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { labelOf, textAt } from "../parts/diff.js";
import { SelectField } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { useLoad } from "../parts/load.js";

const FILTERS = ["actor", "action", "entity"];
const NOT_SHOWN = new Set(["version", "override_reason"]); // the reason stands beside the change

function flat(value, prefix = "", found = {}) {
  if (value && typeof value === "object" && !Array.isArray(value)) {
    for (const [key, part] of Object.entries(value)) flat(part, prefix ? `${prefix}.${key}` : key, found);
  } else if (prefix) found[prefix] = value;
  return found;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function write(value, name, catalogue) {
  if (value === undefined || value === null) return t("value.none");
  if (typeof value === "boolean") return t(value ? "value.yes" : "value.no");
  if (has(`choice.${name}.${value}`)) return t(`choice.${name}.${value}`);
  if (typeof value === "number") return withUnit(name, value) ?? number(value, 6);
  if (Array.isArray(value)) return value.map((one) => write(one, name, catalogue)).join(", ") || t("value.none");
  if (name === "provider") return providerTitle(value, catalogue);
  if (SLOT_IDS.includes(value)) return slotTitleOf(value);
  if (has(`permission.${value}`)) return t(`permission.${value}`);
  if (ID.test(value)) return t("audit.a_picture");
  if (INSTANT.test(value)) return exactMoment(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

// A slot's values mean what its operation says; an entry that does not name it is about the one it has now.
function slotWords(entry, slot, known) {
  const config = { ...slot, ...entry.before, ...entry.after };
  return {
    label: (name) => labelOf(name, config, known.catalogue),
    text: (name, value, side) => textAt(name, value, { ...config, ...side }, known),
  };
}

const plainWords = (catalogue) => ({
  label: (name) => [`field.${name}`, `setting.${name}`, `event.fold.${name}`].filter(has).map((key) => t(key))[0] ?? name,
  text: (name, value) => write(value, name, catalogue),
});

// A new thing's empty fields are no change worth a line.
const isNothing = (value) => value === undefined || value === null || value === "";

function Change({ before, after, words }) {
  const [one, other] = [flat(before), flat(after)];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => !NOT_SHOWN.has(name) && !same(one[name], other[name]) && !(isNothing(one[name]) && isNothing(other[name])));
  if (!names.length) return null;
  return html`<details class="change"><summary>${t("audit.changed", { count: names.length })}</summary>
    <div class="table-wrap"><table class="table diff"><thead><tr><th scope="col">${t("diff.field")}</th><th scope="col">${t("diff.before")}</th><th scope="col">${t("diff.after")}</th></tr></thead>
    <tbody>${names.map((name) => html`<tr key=${name}><th scope="row">${words.label(name)}</th><td><del>${words.text(name, one[name], before)}</del></td><td><ins>${words.text(name, other[name], after)}</ins></td></tr>`)}</tbody></table></div></details>`;
}

function entityLink(entry, catalogue, slots) {
  const { entity } = entry;
  const slot = /^slot:(slot-\d{3})$/.exec(entity)?.[1];
  if (slot) return html`<a href=${link(`slots/${slot}`, { tab: "history" })}>${slotTitleOf(slot, slots)}</a>`;
  const [, kind, id] = /^(event|job|template|provider|admin|board|alert_channel|preset):(.+)$/.exec(entity) ?? [];
  if (kind === "provider") return providerTitle(id, catalogue);
  if (kind === "admin") return html`<b>${id}</b>`;
  if (kind === "alert_channel") return t(`alerts.channel.${id}`);
  if (kind === "board") return entry.after?.label ?? entry.before?.label;
  if (kind === "template") return entry.after?.label ?? entry.before?.label ?? t("audit.a_picture");
  if (kind === "preset") return (entry.after ?? entry.before)?.title?.[app.get().language] ?? t("audit.a_recipe");
  if (kind === "job") return html`<a href=${link(`jobs/${id}`)}>${t("audit.a_photo")}</a>`;
  // A deleted one has no page any more; its name is in the entry.
  if (kind === "event") return entry.action === "event.delete" ? entry.before?.name : html`<a href=${link(`events/${id}`)}>${entry.after?.name ?? entry.before?.name ?? t("audit.an_event")}</a>`;
  return has(`audit_entity.${entity}`) ? t(`audit_entity.${entity}`) : html`<span class="mono">${entity}</span>`;
}

function Entry({ entry, templates }) {
  const slots = useStore(app, (state) => state.slots);
  const catalogue = useCatalogue();
  const slot = slots?.find(({ id }) => entry.entity === `slot:${id}`);
  const words = slot ? slotWords(entry, slot, { catalogue, templates }) : plainWords(catalogue);
  return html`<li class="audit-row">
    <time datetime=${entry.at} title=${exactMoment(entry.at)}>${moment(entry.at)}</time>
    <div><p><b>${personName(entry.actor)}</b> ${has(`audit_action.${entry.action}`) ? t(`audit_action.${entry.action}`) : html`<span class="mono">${entry.action}</span>`} · ${entityLink(entry, catalogue, slots)}</p>
      ${entry.address && html`<p class="quiet">${t("audit.from", { address: entry.address })}</p>`}
      ${entry.after?.override_reason && html`<p class="override"><${Icon} name="lock" /> ${t("audit.override", { reason: entry.after.override_reason })}</p>`}
      <${Change} before=${entry.before} after=${entry.after} words=${words} /></div>
    <span class="quiet mono">#${entry.id}</span>
  </li>`;
}

const byTitle = (one, other) => one.title.localeCompare(other.title);

// Who has an account, and whoever else is in the list; the rest of the log is found by what was done.
function Filters({ filters, entries }) {
  const slots = useStore(app, (state) => state.slots);
  const catalogue = useCatalogue();
  const { data: accounts } = useLoad((signal) => get("/api/admins", { signal, query: { limit: 200 } }), []);
  const people = new Set([...(accounts?.items ?? []).map(({ username }) => username), ...entries.map(({ actor }) => actor)]);
  const choices = {
    actor: [...people].map((value) => ({ value, title: personName(value) })).sort(byTitle),
    action: keysBelow("audit_action").map((value) => ({ value, title: t(`audit_action.${value}`) })).sort(byTitle),
    entity: [
      ...keysBelow("audit_entity").map((value) => ({ value, title: t(`audit_entity.${value}`) })).sort(byTitle),
      ...SLOT_IDS.map((id) => ({ value: `slot:${id}`, title: slotTitleOf(id, slots) })),
      ...catalogue.map((one) => ({ value: `provider:${one.provider}`, title: providerTitle(one.provider, catalogue) })),
    ],
  };
  // An address may name what is in none of the lists: one event, somebody who is gone.
  const options = (name) => {
    const known = choices[name].some(({ value }) => value === filters[name]);
    const title = filters[name].startsWith("provider:") ? providerTitle(filters[name].slice("provider:".length), catalogue) : filters[name];
    return [{ value: "", title: t("jobs.any") }, ...(filters[name] && !known ? [{ value: filters[name], title }] : []), ...choices[name]];
  };
  return html`<form class="filters" role="search" aria-label=${t("jobs.filters")} onSubmit=${(event) => event.preventDefault()}>
    ${FILTERS.map((name) => html`<${SelectField} key=${name} id=${`filter-${name}`} label=${t(`audit.${name}`)} value=${filters[name]} options=${options(name)} onInput=${(value) => refine("audit", { ...filters, [name]: value })} />`)}
  </form>`;
}

export function Screen({ query }) {
  // An event is not chosen: its page leads here.
  const filters = Object.fromEntries([...FILTERS, "event"].map((name) => [name, query[name] ?? ""]));
  const key = JSON.stringify(filters);
  const [more, setMore] = useState({ items: [], cursor: undefined });
  const { data, problem, reload } = useLoad((signal) => get("/api/audit", { signal, query: filters }), [key]);
  const templates = useLoad((signal) => (may("slots:read") ? get("/api/template-media", { signal, query: { limit: 200 } }) : null), []);
  useEffect(() => setMore({ items: [], cursor: undefined }), [data]);
  const items = [...(data?.items ?? []), ...more.items];
  const cursor = more.cursor === undefined ? data?.next_cursor : more.cursor;
  const next = async () => {
    const page = await get("/api/audit", { query: { ...filters, cursor } });
    setMore({ items: [...more.items, ...page.items], cursor: page.next_cursor });
  };
  return html`
    <${Title} lead=${t("audit.lead")}>${t("screen.audit")}<//>
    <${Filters} filters=${filters} entries=${items} />
    ${filters.event && html`<p class="button-row more-of"><span>${t("audit.of_event")}</span><${Button} kind="small" icon="close" onClick=${() => refine("audit", { ...filters, event: "" })}>${t("jobs.clear")}<//></p>`}
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${6} />`}
    ${data && items.length === 0 && html`<${Empty} icon="audit" title=${t("audit.none")}>${t("audit.none_todo")}<//>`}
    ${items.length > 0 && html`<ol class="audit-list panel" aria-label=${t("screen.audit")}>${items.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} templates=${templates.data?.items ?? []} />`)}</ol>`}
    ${cursor && html`<p class="more"><${Button} onClick=${next}>${t("act.more")}<//></p>`}
  `;
}
