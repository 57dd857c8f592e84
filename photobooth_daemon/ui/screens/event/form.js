// An event's setup: name, times and slots at once, the rest folded until it is wanted.

import { html, useEffect, useState } from "../../core/html.js";
import { get, post, put } from "../../core/api.js";
import { EVENT } from "../../core/bounds.js";
import { blankEvent, changedPart, configOf, evening, eventFaults, fromField, toField } from "../../core/event_config.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/session.js";
import { Button, Panel, ProblemNotice } from "../../parts/basics.js";
import { confirm } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";
import { toast } from "../../parts/toast.js";
import { useGuard, useSaveKey } from "../../parts/unsaved.js";
import { GalleryFold, GuestFold, KeepFold, OriginalsFold, StampFold } from "./folds.js";
import { SlotChoice } from "./slot_choice.js";

function focusFirstFault() {
  requestAnimationFrame(() => setTimeout(() => document.querySelector("[aria-invalid='true']")?.focus(), 0));
}

export function EventForm({ event: newest, onSaved }) {
  const [event, setEvent] = useState(newest); // what the draft began with
  const base = event ? configOf(event) : null;
  const [draft, setDraft] = useState(() => (event ? configOf(event) : blankEvent()));
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState({ draft: null, faults: new Map() });
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const writable = may("events:write");
  const changed = base ? changedPart(base, draft) : draft;
  const dirty = base ? Object.keys(changed).length > 0 : draft.name !== "";
  const own = tried ? eventFaults(draft) : new Map();
  const faults = refused.draft === draft ? new Map([...refused.faults, ...own]) : own;
  const take = (next) => {
    setEvent(next);
    setDraft(configOf(next));
    setTried(false);
  };
  // Another's change is taken while nothing is unsaved here; else saving finds out.
  useEffect(() => {
    if (newest && newest.version > event.version && !dirty) take(newest);
  }, [newest?.version]);
  const set = (patch) => setDraft({ ...draft, ...patch });

  useGuard(dirty && !busy);

  const send = async (version) => (event ? put(`/api/events/${event.event_id}`, { version, ...changed }) : post("/api/events", { json: draft }));
  const save = async (submitted) => {
    submitted?.preventDefault();
    if (busy || !writable) return;
    setTried(true);
    setProblem(null);
    if (eventFaults(draft).size) {
      focusFirstFault();
      return;
    }
    setBusy(true);
    try {
      await finish(await send(event?.version));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      await settle(refusal);
    }
  };
  const finish = async (saved) => {
    toast(t(event ? "event.saved" : "event.created"));
    if (event) {
      setBusy(false);
      take(saved);
    }
    // The guard is lifted by the next render; only then may the page be left.
    await new Promise((resolve) => setTimeout(resolve, 0));
    onSaved(saved);
  };
  const settle = async (refusal) => {
    setBusy(false);
    if (refusal.code === "validation_failed") {
      setRefused({ draft, faults: new Map(refusal.errors.map(({ pointer, message }) => [pointer, t("fault.server_says", { message })])) });
      focusFirstFault();
    } else if (refusal.code === "version_conflict") {
      const theirs = await get(`/api/events/${event.event_id}`);
      const mine = await confirm({ title: t("event.conflict_title", { who: theirs.updated_by }), text: t("event.conflict_text"), action: t("event.conflict_mine"), stay: t("event.conflict_theirs"), danger: false });
      if (!mine) {
        take(theirs);
        onSaved(theirs);
      }
      else await send(theirs.version).then(finish, setProblem);
    } else setProblem(refusal);
  };
  useSaveKey(save);
  // After the screen's title, which takes the focus first: whoever makes a new one types its name.
  useEffect(() => {
    if (!event) document.getElementById("event-name").focus();
  }, []);

  const fold = { draft, set, faults, event };
  return html`<form class="stack event-form" onSubmit=${save} novalidate>
    <${ProblemNotice} problem=${problem} />
    <fieldset class="stack" disabled=${!writable}>
      <${Panel} id="basics">
        <div class="stack">
          <${TextField} id="event-name" label=${t("field.name")} fault=${faults.get("/name")} placeholder=${t("event.name_example")} value=${draft.name} onInput=${(name) => set({ name })} input=${{ maxlength: EVENT.name.maxLength, autocomplete: "off" }} />
          <div class="form-grid">
            ${["starts_at", "ends_at"].map((key) => html`<${TextField} key=${key} id=${key} type="datetime-local" label=${t(`field.${key}`)} fault=${faults.get(`/${key}`)} value=${toField(draft[key])} onInput=${(text) => set({ [key]: fromField(text) })} />`)}
          </div>
          <div class="button-row"><${Button} kind="small" icon="moon" onClick=${() => set(evening())}>${t("event.tonight")}<//><${Button} kind="small" onClick=${() => set(evening(new Date(), 1))}>${t("event.tomorrow")}<//>
            <span class="quiet">${t("event.zone", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}</span></div>
          <${SlotChoice} chosen=${draft.slots} onInput=${(slots) => set({ slots })} fault=${faults.get("/slots")} />
        </div>
      <//>
      <${GalleryFold} ...${fold} /><${GuestFold} ...${fold} /><${StampFold} ...${fold} /><${OriginalsFold} ...${fold} /><${KeepFold} ...${fold} />
    </fieldset>
    ${writable && html`<div class="button-row"><button type="submit" class="button primary" aria-busy=${busy ? "true" : undefined}>${t(event ? "act.save" : "event.create")}</button>
      ${event && dirty && html`<${Button} onClick=${() => setDraft(configOf(event))}>${t("act.discard")}<//>`}
      ${faults.size > 0 && html`<span class="fault" role="status">${t("slot.faults", { count: faults.size })}</span>`}</div>`}
  </form>`;
}
