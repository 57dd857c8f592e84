// An event in the page: what may change of it, its times in this browser's zone, what is wrong with it.

import { EVENT, LONGEST_EVENT_DAYS } from "./bounds.js";
import { faultsOf } from "./schema.js";
import { same } from "./slot_config.js";
import { t } from "./i18n.js";

export const CORNERS = EVENT.stamp.properties.corner.enum;
const DAY_MS = 86_400_000;
const NIGHT_ENDS_HOUR = 2;
const KEYS = Object.keys(EVENT);
const TYPED = ["name", "guest", "stamp", "result_ttl_hours", "silent_minutes"]; // what is not chosen

const plain = (date) => date.toISOString().replace(".000", "");

/** Returns where an event is by this clock: planned, running or ended. */
export function stateOf(event, now = Date.now()) {
  if (now < Date.parse(event.starts_at)) return "planned";
  return now < Date.parse(event.ends_at) ? "running" : "ended";
}

/** Tells whether a slot's photos belong to an event; without slots it has them all. */
export function hasSlot(event, slotId) {
  return event.slots.length === 0 || event.slots.includes(slotId);
}

/** Returns an evening from 18:00 to 02:00 here; after midnight the one that is under way is meant. */
export function evening(now = new Date(), daysLater = 0) {
  const day = now.getDate() + daysLater - (now.getHours() < NIGHT_ENDS_HOUR ? 1 : 0);
  const at = (days, hour) => plain(new Date(now.getFullYear(), now.getMonth(), day + days, hour));
  return { starts_at: at(0, 18), ends_at: at(1, NIGHT_ENDS_HOUR) };
}

/** Writes an instant as a datetime-local field has it, in this browser's zone. */
export function toField(at) {
  if (!at) return "";
  const date = new Date(at);
  const two = (value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Reads such a field; "" while it is not yet a time. */
export function fromField(text) {
  const date = new Date(text);
  return text && !Number.isNaN(date.getTime()) ? plain(date) : "";
}

/** Returns a new event as the form begins with it: tonight, everything off. */
export function blankEvent() {
  return {
    name: "",
    ...evening(),
    slots: [],
    frozen: true,
    gallery: { enabled: false, archive: false },
    guest: { title: "", greeting: "", accent: "#0b6b5d", logo_media_id: null, locale: "auto" },
    stamp: null,
    keep_originals: "never",
    rerun: "manual",
    result_ttl_hours: null,
    silent_minutes: null,
  };
}

/** Returns what may change of an event, as a copy; the PIN is never read, only set. */
export function configOf(event) {
  const config = structuredClone(Object.fromEntries(KEYS.map((key) => [key, event[key]])));
  config.gallery = { enabled: event.gallery.enabled, archive: event.gallery.archive };
  return config;
}

/** Returns the part of `after` that differs from `before`, for a PUT. */
export function changedPart(before, after) {
  return Object.fromEntries(KEYS.filter((key) => !same(before[key], after[key])).map((key) => [key, after[key]]));
}

/** Returns what is wrong with an event, as a map from JSON pointer to words. */
export function eventFaults(config) {
  const faults = new Map();
  for (const key of TYPED) faultsOf(EVENT[key], config[key], { pointer: `/${key}` }).forEach((words, at) => faults.set(at, words));
  if (!config.name.trim()) faults.set("/name", t("fault.empty"));
  for (const key of ["starts_at", "ends_at"]) if (!config[key]) faults.set(`/${key}`, t("fault.required"));
  const length = Date.parse(config.ends_at) - Date.parse(config.starts_at);
  if (length <= 0) faults.set("/ends_at", t("fault.end_before_start"));
  if (length > LONGEST_EVENT_DAYS * DAY_MS) faults.set("/ends_at", t("fault.event_too_long", { count: LONGEST_EVENT_DAYS }));
  if (config.gallery.pin && faultsOf(EVENT.gallery.properties.pin, config.gallery.pin).size) faults.set("/gallery/pin", t("fault.pin"));
  return faults;
}

/** Returns what an event will have cost by its end, going on like this; null while it is too early to say. */
export function costByTheEnd(event, cost, now = Date.now()) {
  const begun = Date.parse(event.starts_at);
  const gone = now - begun;
  const whole = Date.parse(event.ends_at) - begun;
  if (gone < whole / 50 || gone >= whole || !cost) return null;
  return (cost * whole) / gone;
}
