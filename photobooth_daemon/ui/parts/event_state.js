// What several places say of an event: where it is, whose slots it has.

import { html } from "../core/html.js";
import { hasSlot, stateOf } from "../core/event_config.js";
import { t } from "../core/i18n.js";
import { slotTitleOf } from "../core/names.js";
import { Icon } from "./icons.js";

const LOOKS = { planned: ["clock", "pending"], running: ["play", "done"], ended: ["check", "over"] };

/** Where an event is, in a word and a colour. */
export function EventState({ event }) {
  const state = stateOf(event);
  const [icon, look] = LOOKS[state];
  return html`<span class=${`status ${look}`}><${Icon} name=${icon} />${t(`event_state.${state}`)}</span>`;
}

/** The number and name of a slot. */
export function slotName(slotId, slots) {
  return slotTitleOf(slotId, slots);
}

/** The names of an event's slots. */
export function slotNames(slotIds, slots) {
  return slotIds.length ? slotIds.map((id) => slotName(id, slots)).join(", ") : t("events.all_slots");
}

/** Tells whether a message about a photo concerns an event. */
export function concerns(event, job) {
  return job.event_id === undefined ? hasSlot(event, job.slot_id) : job.event_id === event.event_id;
}
