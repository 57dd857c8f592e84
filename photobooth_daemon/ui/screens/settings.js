// What administrators change while the daemon runs, and the booths' password.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { get, put } from "../core/api.js";
import { SETTINGS } from "../core/bounds.js";
import { number } from "../core/format.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { personName } from "../core/names.js";
import { faultsOf } from "../core/schema.js";
import { may } from "../core/session.js";
import { same } from "../core/slot_config.js";
import { boundsOf, kept, shown, unitOf, withUnit } from "../core/units.js";
import { Ago, Button, Notice, Panel, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { useArrival } from "../parts/arrive.js";
import { Dialog, openDialog } from "../parts/dialog.js";
import { SelectField } from "../parts/fields.js";
import { useLoad } from "../parts/load.js";
import { NumberField, boundsText } from "../parts/schema_form.js";
import { toast, toastProblem } from "../parts/toast.js";
import { useGuard } from "../parts/unsaved.js";
import { AddressPanel, addressFault } from "./settings/address.js";
import { AlertsPanel } from "./settings/alerts.js";
import { BoardsPanel } from "./settings/boards.js";
import { ProvidersPanel } from "./settings/providers.js";
import { openRotation } from "./settings/rotation.js";

const GROUPS = {
  time: ["sync_response_seconds"],
  load: ["slot_concurrency", "slot_queue", "provider_concurrency", "attempts_per_photo"],
  photo: ["max_upload_mb", "max_pixels"],
  keep: ["result_ttl_hours", "history_days", "min_free_mb"],
  cost: ["cost_cap_per_day"],
};
const NUMBERS = Object.values(GROUPS).flat();
const KEYS = [...NUMBERS, "locale", "public_url"];

const valuesOf = (settings) => Object.fromEntries(KEYS.map((key) => [key, settings[key]]));

export function Screen({ query }) {
  const { data, problem, reload, setData } = useLoad((signal) => get("/api/settings", { signal }), []);
  if (!data) return html`<${Title}>${t("screen.settings")}<//>${problem ? html`<${ProblemNotice} problem=${problem} retry=${reload} />` : html`<${Waiting} rows=${5} />`}`;
  return html`<${Settings} settings=${data} setSettings=${setData} at=${query.at} />`;
}

function settingText(key, value) {
  if (value === null || value === "") return t(key === "cost_cap_per_day" ? "field_none.cost_cap_per_day" : "value.none");
  return withUnit(key, value) ?? (key === "locale" ? t(`choice.locale.${value}`) : typeof value === "number" ? number(value) : String(value));
}

function Choice({ mine, theirs, who, close }) {
  const names = KEYS.filter((key) => !same(mine[key], theirs[key]));
  return html`<${Dialog} title=${t("conflict.title")} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close("theirs")}>${t("conflict.all_theirs", { who })}<//><${Button} kind="primary" onClick=${() => close("mine")}>${t("conflict.all_mine")}<//>`}>
    <div class="table-wrap"><table class="table diff"><thead><tr><th scope="col">${t("diff.field")}</th><th scope="col">${t("conflict.mine")}</th><th scope="col">${t("conflict.theirs", { who })}</th></tr></thead>
    <tbody>${names.map((key) => html`<tr key=${key}><th scope="row">${t(`setting.${key}`)}</th><td>${settingText(key, mine[key])}</td><td>${settingText(key, theirs[key])}</td></tr>`)}</tbody></table></div>
  <//>`;
}

function Settings({ settings, setSettings, at }) {
  useArrival(at);
  const [draft, setDraft] = useState(() => valuesOf(settings));
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const writable = may("settings:write");
  const saved = valuesOf(settings);
  const changed = KEYS.filter((key) => !same(saved[key], draft[key]));
  const faults = Object.fromEntries(NUMBERS.map((key) => [key, faultsOf(boundsOf(key), shown(key, draft[key])).get("")]));
  faults.public_url = addressFault(draft.public_url);
  const faulty = Object.values(faults).some(Boolean);
  const take = (next) => {
    setSettings(next);
    setDraft(valuesOf(next));
    setTried(false);
  };
  const latest = useRef();
  latest.current = { settings, changed, take };
  useEffect(() => onEvent(async (type) => {
    if (type !== "settings" && type !== "reconnected") return;
    const now = await get("/api/settings").catch(() => null);
    if (now && now.version > latest.current.settings.version && !latest.current.changed.length) latest.current.take(now);
  }), []);
  useGuard(changed.length > 0);

  const send = async (version, names) => {
    setTried(true);
    if (faulty || busy) return;
    setBusy(true);
    try {
      take(await put("/api/settings", { version, ...Object.fromEntries(names.map((key) => [key, draft[key]])) }));
      toast(t("settings.saved"));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      if (refusal.code === "version_conflict") await settle();
      else toastProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  const settle = async () => {
    const theirs = await get("/api/settings");
    const side = await openDialog((close) => html`<${Choice} mine=${draft} theirs=${theirs} who=${theirs.updated_by} close=${close} />`);
    if (side === "theirs") take(theirs);
    if (side === "mine") take(await put("/api/settings", { version: theirs.version, ...draft }));
  };
  const set = (key, value) => setDraft({ ...draft, [key]: value });
  return html`
    <${Title} lead=${html`<span>${t("slot.version", { version: String(settings.version), who: personName(settings.updated_by) })} <${Ago} at=${settings.updated_at} /></span>`}>${t("screen.settings")}<//>
    <div class="columns">
      <div class="stack">${Object.entries(GROUPS).map(([group, keys]) => html`<${Panel} key=${group} id=${group} title=${t(`settings.group.${group}`)}>
        <fieldset class="form-grid" disabled=${!writable}>
          ${keys.map((key) => html`<${NumberField} key=${key} id=${key} label=${t(`setting.${key}`)} hint=${`${t(`setting_hint.${key}`)} ${boundsText(boundsOf(key))}`}
            suffix=${unitOf(key)} placeholder=${key === "cost_cap_per_day" ? t("field_none.cost_cap_per_day") : ""} value=${shown(key, draft[key]) ?? undefined} fault=${tried ? faults[key] : null} onInput=${(value) => set(key, kept(key, value) ?? (key === "cost_cap_per_day" ? null : ""))} />`)}
        </fieldset>
      <//>`)}</div>
      <div class="stack side">
        <${Panel} id="ingest" title=${t("settings.ingest_password")} note=${t("settings.ingest_password_note")}>
          ${settings.ingest_password.set
            ? html`<p>${t("settings.password_set", { who: personName(settings.ingest_password.updated_by ?? "") })} <${Ago} at=${settings.ingest_password.updated_at} /></p>`
            : html`<${Notice} kind="bad" title=${t("camera.no_password")}>${t("settings.password_unset")}<//>`}
          ${writable && html`<p class="button-row spaced"><${Button} icon="key" onClick=${async () => {
            const next = await openRotation(settings);
            if (next) setSettings(next);
          }}>${t(settings.ingest_password.set ? "settings.rotate" : "settings.set_password")}<//></p>`}
        <//>
        <${AddressPanel} inForce=${settings.public_address} value=${draft.public_url} fault=${tried ? faults.public_url : null} writable=${writable} onInput=${(value) => set("public_url", value)} />
        <${ProvidersPanel} />
        <${AlertsPanel} />
        <${BoardsPanel} />
        <${Panel} id="texts" title=${t("settings.group.texts")}><fieldset disabled=${!writable}><${SelectField} id="locale" label=${t("setting.locale")} hint=${t("setting_hint.locale")} value=${draft.locale} options=${SETTINGS.locale.enum.map((value) => ({ value, title: t(`choice.locale.${value}`) }))} onInput=${(value) => set("locale", value)} /></fieldset><//>
      </div>
    </div>
    ${changed.length > 0 && html`<div class="save-bar" role="region" aria-label=${t("slot.unsaved_label")}>
      <p role="status">${tried && faulty ? html`<span class="fault">${t("slot.faults", { count: Object.values(faults).filter(Boolean).length })}</span>` : t("slot.unsaved", { count: changed.length })}</p>
      <div class="button-row"><${Button} onClick=${() => take(settings)}>${t("act.discard")}<//><${Button} kind="primary" busy=${busy} onClick=${() => send(settings.version, changed)}>${t("act.save")}<//></div>
    </div>`}
  `;
}
