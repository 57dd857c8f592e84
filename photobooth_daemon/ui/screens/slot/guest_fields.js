// What guests answer in the booth's form, for prompts: {{field}} becomes the answer.

import { html, useEffect, useRef, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { FIELD_NAME, MOST_FIELDS, newField, takesAnswers } from "../../core/guest_fields.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/session.js";
import { Button, IconButton, Panel } from "../../parts/basics.js";
import { Segments, TextArea, TextField } from "../../parts/fields.js";
import { useLoad } from "../../parts/load.js";
import { NumberField } from "../../parts/schema_form.js";

const LAST_PHOTOS = 20;

// The names of the form's fields in the last photos, each with an answer that was given.
async function fieldsOf(slotId, signal) {
  const { items } = await get("/api/jobs", { signal, query: { slot: slotId, source: "ingest", limit: LAST_PHOTOS } });
  const found = new Map();
  for (const { client_fields: fields } of items) {
    for (const [name, value] of Object.entries(fields ?? {})) if (FIELD_NAME.test(name) && !found.has(name)) found.set(name, value);
  }
  return found;
}

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

// What is typed keeps its empty line until the next word is there.
function Choices({ id, choices, fault, onInput }) {
  const [typed, setTyped] = useState(choices.join("\n"));
  useEffect(() => {
    if (lines(typed).join("\n") !== choices.join("\n")) setTyped(choices.join("\n"));
  }, [choices]);
  return html`<${TextArea} id=${id} class="wide" label=${t("guest_fields.choices")} hint=${t("guest_fields.choices_hint")} fault=${fault} value=${typed} rows=${3} onInput=${(text) => {
    setTyped(text);
    onInput(lines(text));
  }} />`;
}

function Entry({ n, entry, faults, names, onChange, onRemove, disabled }) {
  const at = `/guest_fields/${n}`;
  const kept = useRef(entry.choices ?? []); // should one come back to choices
  const set = (patch) => onChange({ ...entry, ...patch });
  const choose = (kind) => {
    if (entry.choices) kept.current = entry.choices;
    set({ choices: kind === "choices" ? kept.current : null });
  };
  return html`<li class="rung">
    <header><h3>${entry.field ? html`<code>${`{{${entry.field}}}`}</code>` : t("guest_fields.new")}</h3>${!disabled && html`<${IconButton} icon="trash" kind="small" label=${t("guest_fields.remove", { field: entry.field || String(n + 1) })} onClick=${onRemove} />`}</header>
    <div class="stack">
      <div class="form-grid">
        <${TextField} id=${`guest-${n}-field`} label=${t("guest_fields.field")} hint=${t("guest_fields.field_hint")} fault=${faults.get(`${at}/field`)} value=${entry.field} suggestions=${names} onInput=${(field) => set({ field })} input=${{ autocomplete: "off", spellcheck: false }} />
        <${TextField} id=${`guest-${n}-default`} label=${t("guest_fields.default")} hint=${t("guest_fields.default_hint")} fault=${faults.get(`${at}/default`)} value=${entry.default} onInput=${(text) => set({ default: text })} input=${{ autocomplete: "off" }} />
        ${!entry.choices && html`<${NumberField} id=${`guest-${n}-max_length`} label=${t("guest_fields.max_length")} hint=${t("guest_fields.max_length_hint")} fault=${faults.get(`${at}/max_length`)} value=${entry.max_length} onInput=${(value) => set({ max_length: value ?? "" })} />`}
      </div>
      <${Segments} name=${`guest-${n}-kind`} legend=${t("guest_fields.kind")} value=${entry.choices ? "choices" : "free"} options=${["free", "choices"].map((value) => ({ value, title: t(`guest_fields.kinds.${value}`) }))} onInput=${choose} />
      ${entry.choices && html`<${Choices} id=${`guest-${n}-choices`} choices=${entry.choices} fault=${faults.get(`${at}/choices`)} onInput=${(choices) => set({ choices })} />`}
    </div>
  </li>`;
}

export function GuestFieldsPanel({ slot, draft, setDraft, faults, known, disabled }) {
  const { data: seen } = useLoad((signal) => (may("jobs:read") ? fieldsOf(slot.id, signal) : null), [slot.id]);
  const entries = draft.guest_fields;
  if (!entries.length && !takesAnswers(draft, known.catalogue)) return null;
  const put = (list) => setDraft({ ...draft, guest_fields: list });
  const add = (field) => put([...entries, newField(field)]);
  const names = [...(seen?.keys() ?? [])];
  const free = names.filter((name) => !entries.some(({ field }) => field === name));
  return html`<${Panel} id="guest-fields" title=${t("field.guest_fields")} note=${t("guest_fields.note", { example: "{{hat}}" })}>
    <fieldset disabled=${disabled} class="stack">
      ${entries.length > 0 && html`<ol class="rungs">${entries.map((entry, n) => html`<${Entry} key=${n} n=${n} entry=${entry} faults=${faults} names=${free} disabled=${disabled}
        onChange=${(next) => put(entries.map((one, i) => (i === n ? next : one)))} onRemove=${() => put(entries.filter((_, i) => i !== n))} />`)}</ol>`}
      ${!disabled && entries.length < MOST_FIELDS && html`<div class="button-row"><${Button} kind="small" icon="plus" onClick=${() => add("")}>${t("guest_fields.add")}<//>
        ${free.map((name) => html`<${Button} key=${name} kind="small" icon="plus" title=${t("guest_fields.seen_value", { value: seen.get(name) })} aria-label=${t("guest_fields.add_seen", { field: name })} onClick=${() => add(name)}><code>${name}</code><//>`)}</div>
        ${free.length > 0 && html`<p class="hint">${t("guest_fields.seen")}</p>`}`}
    </fieldset>
  <//>`;
}
