// The folded parts of an event's setup; each says in its heading what it is set to.

import { html, useEffect, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { EVENT } from "../../core/bounds.js";
import { CORNERS } from "../../core/event_config.js";
import { t } from "../../core/i18n.js";
import { withUnit } from "../../core/units.js";
import { Segments, SelectField, Switch, TextArea, TextField } from "../../parts/fields.js";
import { Fold as Folded } from "../../parts/fold.js";
import { NumberField } from "../../parts/schema_form.js";

const NEW_STAMP = { corner: "bottom-right", size_percent: 15, text: null };
const title = (key, value) => ({ value, title: t(`choice.${key}.${value}`) });

function Fold({ name, summary, faults, under, children }) {
  const faulty = [...faults.keys()].some((at) => under.some((prefix) => at === prefix || at.startsWith(`${prefix}/`)));
  return html`<${Folded} title=${t(`event.fold.${name}`)} summary=${summary} faulty=${faulty}>${children}<//>`;
}

export function GalleryFold({ draft, set, faults, event }) {
  const { gallery } = draft;
  const change = (patch) => set({ gallery: { ...gallery, ...patch } });
  const hasPin = gallery.pin === undefined ? event?.gallery.pin_set : gallery.pin !== null;
  const summary = !gallery.enabled ? t("value.off") : hasPin ? t("event.gallery_pin_short") : t("value.on");
  return html`<${Fold} name="gallery" summary=${summary} faults=${faults} under=${["/gallery"]}>
    <${Switch} id="gallery-enabled" label=${t("field.gallery.enabled")} hint=${t("event.hint.gallery")} checked=${gallery.enabled} onInput=${(enabled) => change({ enabled })} />
    ${gallery.enabled && html`<div class="form-grid">
      <${TextField} id="gallery-pin" label=${t("field.gallery.pin")} optional=${t("event.optional")} hint=${t(event?.gallery.pin_set ? "event.hint.pin_kept" : "event.hint.pin")} fault=${faults.get("/gallery/pin")} value=${gallery.pin ?? ""}
        onInput=${(text) => {
          const { pin, ...rest } = gallery;
          set({ gallery: text === "" ? rest : { ...rest, pin: text } });
        }} input=${{ inputmode: "numeric", autocomplete: "off" }} />
    </div>
    ${event?.gallery.pin_set && html`<${Switch} id="gallery-no-pin" label=${t("event.no_pin")} checked=${gallery.pin === null} onInput=${(on) => {
      const { pin, ...rest } = gallery;
      set({ gallery: on ? { ...rest, pin: null } : rest });
    }} />`}
    <${Switch} id="gallery-archive" label=${t("field.gallery.archive")} hint=${t("event.hint.archive")} checked=${gallery.archive} onInput=${(archive) => change({ archive })} />`}
  <//>`;
}

export function GuestFold({ draft, set, faults }) {
  const { guest } = draft;
  const change = (patch) => set({ guest: { ...guest, ...patch } });
  const [templates, setTemplates] = useState(null);
  useEffect(() => {
    get("/api/template-media", { query: { limit: 200 } }).then(({ items }) => setTemplates(items), () => setTemplates([]));
  }, []);
  const logos = [{ value: "", title: t("event.no_logo") }, ...(templates ?? []).map((one) => ({ value: one.media_id, title: one.label || t("templates.unnamed") }))];
  const logo = templates?.find((one) => one.media_id === guest.logo_media_id);
  return html`<${Fold} name="guest" summary=${html`<span class="accent-dot"><svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill=${guest.accent} /></svg>${guest.title || t("event.as_the_event")}</span>`} faults=${faults} under=${["/guest"]}>
    <${TextField} id="guest-title" label=${t("field.guest.title")} placeholder=${draft.name || t("event.as_the_event")} fault=${faults.get("/guest/title")} value=${guest.title} onInput=${(value) => change({ title: value })} input=${{ maxlength: EVENT.guest.properties.title.maxLength }} />
    <${TextArea} id="guest-greeting" label=${t("field.guest.greeting")} rows=${3} fault=${faults.get("/guest/greeting")} value=${guest.greeting} onInput=${(value) => change({ greeting: value })} input=${{ maxlength: EVENT.guest.properties.greeting.maxLength }} />
    <div class="form-grid">
      <${TextField} id="guest-accent" type="color" label=${t("field.guest.accent")} fault=${faults.get("/guest/accent")} value=${guest.accent} onInput=${(accent) => change({ accent })} input=${{ class: "input colour" }} />
      <${SelectField} id="guest-logo" label=${t("field.guest.logo_media_id")} hint=${t("event.hint.logo")} fault=${faults.get("/guest/logo_media_id")} value=${guest.logo_media_id ?? ""} options=${logos} onInput=${(value) => change({ logo_media_id: value || null })} />
      <${SelectField} id="guest-locale" label=${t("field.guest.locale")} value=${guest.locale} options=${["auto", "ru", "en"].map((value) => title(value === "auto" ? "guest.locale" : "locale", value))} onInput=${(value) => change({ locale: value })} />
    </div>
    ${logo && html`<img class="logo-preview checked" src=${logo.preview_url} alt=${t("event.logo_of", { label: logo.label })} />`}
  <//>`;
}

export function StampFold({ draft, set, faults }) {
  const { stamp } = draft;
  const change = (patch) => set({ stamp: { ...stamp, ...patch } });
  return html`<${Fold} name="stamp" summary=${stamp ? t(`choice.stamp.corner.${stamp.corner}`) : t("value.off")} faults=${faults} under=${["/stamp"]}>
    <${Switch} id="stamp-on" label=${t("event.stamp_on")} hint=${t("event.hint.stamp")} checked=${stamp !== null} onInput=${(on) => set({ stamp: on ? NEW_STAMP : null })} />
    ${stamp && html`<div class="form-grid">
      <${SelectField} id="stamp-corner" label=${t("field.stamp.corner")} value=${stamp.corner} options=${CORNERS.map((value) => title("stamp.corner", value))} onInput=${(corner) => change({ corner })} />
      <${NumberField} id="stamp-size" label=${t("field.stamp.size_percent")} hint=${t("event.hint.stamp_size")} fault=${faults.get("/stamp/size_percent")} suffix="%" value=${stamp.size_percent} onInput=${(value) => change({ size_percent: value ?? "" })} />
      <${TextField} id="stamp-text" label=${t("field.stamp.text")} optional=${t("event.optional")} hint=${t("event.hint.stamp_text")} fault=${faults.get("/stamp/text")} value=${stamp.text ?? ""} onInput=${(value) => change({ text: value || null })} input=${{ maxlength: EVENT.stamp.properties.text.maxLength }} />
    </div>`}
  <//>`;
}

export function OriginalsFold({ draft, set, faults }) {
  return html`<${Fold} name="originals" summary=${t(`choice.keep_originals.${draft.keep_originals}`)} faults=${faults} under=${["/keep_originals", "/rerun"]}>
    <${Segments} name="keep_originals" legend=${t("field.keep_originals")} value=${draft.keep_originals} options=${["never", "failed", "all"].map((value) => title("keep_originals", value))} onInput=${(value) => set({ keep_originals: value })} />
    <p class="hint">${t("event.hint.originals")}</p>
    ${draft.keep_originals !== "never" && html`<${Segments} name="rerun" legend=${t("field.rerun")} value=${draft.rerun} options=${["manual", "auto"].map((value) => title("rerun", value))} onInput=${(value) => set({ rerun: value })} />
    <p class="hint">${t("event.hint.rerun")}</p>`}
  <//>`;
}

export function KeepFold({ draft, set, faults }) {
  const hours = draft.result_ttl_hours;
  return html`<${Fold} name="keep" summary=${[draft.frozen ? t("event.frozen_short") : t("event.not_frozen"), withUnit("result_ttl_hours", hours)].filter(Boolean).join(" · ")} faults=${faults} under=${["/frozen", "/result_ttl_hours", "/silent_minutes"]}>
    <${Switch} id="frozen" label=${t("field.frozen")} hint=${t("event.hint.frozen")} checked=${draft.frozen} onInput=${(frozen) => set({ frozen })} />
    <div class="form-grid">
      <${NumberField} id="result_ttl_hours" label=${t("field.result_ttl_hours")} optional=${t("event.optional")} hint=${t("event.hint.ttl")} placeholder=${t("field_none.sync_response_seconds")} suffix=${t("unit.hours")} fault=${faults.get("/result_ttl_hours")} value=${hours ?? undefined} onInput=${(value) => set({ result_ttl_hours: value ?? null })} />
      <${NumberField} id="silent_minutes" label=${t("field.silent_minutes")} optional=${t("event.optional")} hint=${t("event.hint.silent")} suffix=${t("unit.minutes")} fault=${faults.get("/silent_minutes")} value=${draft.silent_minutes ?? undefined} onInput=${(value) => set({ silent_minutes: value ?? null })} />
    </div>
  <//>`;
}
