// The units of what is set: how a value is shown, typed and bounded.

import { SETTINGS } from "./bounds.js";
import { amount, money, number, share, size } from "./format.js";
import { t } from "./i18n.js";

const MB = 1_048_576;
const OF = {
  sync_response_seconds: "seconds",
  max_upload_mb: "megabytes",
  max_pixels: "megapixels",
  result_ttl_hours: "hours",
  history_days: "days",
  min_free_mb: "megabytes",
  cost_cap_per_day: "dollars",
  silent_minutes: "minutes",
  "output.max_edge_px": "pixels",
  "stamp.size_percent": "percent",
};
// Nobody counts a photo's pixels one by one.
const SCALES = { max_pixels: 1_000_000 };
const WRITE = {
  seconds: (value) => amount(value, "second"),
  minutes: (value) => amount(value, "minute"),
  hours: (value) => amount(value, "hour"),
  days: (value) => amount(value, "day"),
  megabytes: (value) => size(value * MB),
  dollars: money,
  percent: (value) => share(value / 100),
};

/** The unit that stands behind a setting's field, or undefined. */
export const unitOf = (key) => OF[key] && t(`unit.${OF[key]}`);

/** A setting as its field shows it; what is no number stays as it was typed. */
export const shown = (key, value) => (typeof value === "number" && SCALES[key] ? value / SCALES[key] : value);

/** What was typed as the daemon keeps it. */
export const kept = (key, value) => (typeof value === "number" && SCALES[key] ? Math.round(value * SCALES[key]) : value);

/** The bounds of what a field shows. */
export function boundsOf(key) {
  const schema = SETTINGS[key];
  if (!SCALES[key]) return schema;
  return { ...schema, type: "number", minimum: shown(key, schema.minimum), maximum: shown(key, schema.maximum) };
}

/** A number with its unit; null for what has none. */
export function withUnit(key, value) {
  const unit = OF[key];
  if (!unit || typeof value !== "number") return null;
  return WRITE[unit]?.(value) ?? `${number(shown(key, value), 1)}\u00a0${t(`unit.${unit}`)}`;
}
