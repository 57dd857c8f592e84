// Numbers, durations, sizes and times, written the reader's way.

import { t } from "./i18n.js";
import { app } from "./store.js";

const CLOCKS_DIFFER_SECONDS = 15;
const made = new Map();

function formatter(kind, options) {
  const { language } = app.get();
  const key = `${language} ${kind.name} ${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new kind(language, options));
  return made.get(key);
}

function unit(value, name, digits) {
  return formatter(Intl.NumberFormat, {
    style: "unit",
    unit: name,
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(value);
}

/** 1234.5 → "1 234,5". */
export function number(value, digits = 0) {
  return formatter(Intl.NumberFormat, { maximumFractionDigits: digits }).format(value);
}

/** 0.987 → "98,7 %"; nothing to divide by is a dash. */
export function share(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return formatter(Intl.NumberFormat, { style: "percent", maximumFractionDigits: value > 0.999 && value < 1 ? 2 : 1 }).format(value);
}

/** 30, "day" → "30 days", by the unit's short name. */
export function amount(value, name) {
  return unit(value, name, 1);
}

/** Milliseconds as a person reads them: 850 ms, 3.4 s, 2 min. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return unit(Math.round(ms), "millisecond", 0);
  if (ms < 120_000) return `${number(ms / 1000, ms < 9_950 ? 1 : 0)}\u00a0${t("unit.seconds")}`;
  if (ms < 7_200_000) return unit(ms / 60_000, "minute", 0);
  if (ms < 172_800_000) return unit(ms / 3_600_000, "hour", 0);
  return unit(ms / 86_400_000, "day", 0);
}

/** Bytes as KB, MB or GB of 1,024 steps. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  if (bytes < 1_048_576) return unit(Math.max(1, Math.round(bytes / 1024)), "kilobyte", 0);
  if (bytes < 1_073_741_824) return unit(bytes / 1_048_576, "megabyte", bytes < 10_485_760 ? 1 : 0);
  return unit(bytes / 1_073_741_824, "gigabyte", 1);
}

/** A cost in US dollars, as the price tables have it. */
export function money(value) {
  if (value === null || value === undefined) return "–";
  return formatter(Intl.NumberFormat, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    maximumFractionDigits: value > 0 && value < 1 ? 3 : 2,
  }).format(value);
}

// 3:05 PM and 09:05: as either language writes the seconds' clock, too.
const CLOCK = { en: { hour: "numeric", minute: "2-digit" }, ru: { hour: "2-digit", minute: "2-digit" } };

/** The time of day, with the date when it is not today. */
export function moment(at) {
  if (!at) return "–";
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return formatter(Intl.DateTimeFormat, today
    ? { timeStyle: "medium" }
    : { day: "numeric", month: "short", ...CLOCK[app.get().language] }).format(date);
}

/** Until when: the time of day without seconds, with the date when it is not today. */
export function minute(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return formatter(Intl.DateTimeFormat, { ...CLOCK[app.get().language], ...(today ? {} : { day: "numeric", month: "short" }) }).format(date);
}

/** Date and time to the second, for a tooltip or a record. */
export function exactMoment(at) {
  if (!at) return "–";
  return formatter(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
}

/** "5 minutes ago", "in 3 days": the largest whole unit. */
export function ago(at, now = Date.now()) {
  if (!at) return "–";
  let seconds = Math.round((new Date(at) - now) / 1000);
  if (seconds > 0 && seconds < CLOCKS_DIFFER_SECONDS) seconds = 0;
  const steps = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
  const [name, length] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return formatter(Intl.RelativeTimeFormat, { numeric: "auto", style: "short" }).format(Math.trunc(seconds / length), name);
}

/** From when until when, the date written once where it is one day. */
export function span(from, until) {
  return formatter(Intl.DateTimeFormat, { day: "numeric", month: "short", ...CLOCK[app.get().language] })
    .formatRange(new Date(from), new Date(until));
}
