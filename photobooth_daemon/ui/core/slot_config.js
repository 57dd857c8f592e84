// A slot's configuration in the page: what may change of it, what differs, what is wrong with it.

import { SLOT } from "./bounds.js";
import { findOperation } from "./catalogue.js";
import { guestFieldFaults } from "./guest_fields.js";
import { faultsOf } from "./schema.js";
import { ofSchema, t } from "./i18n.js";

export const CONFIG_KEYS = Object.keys(SLOT);
const TYPED = ["display_name", "sync_response_seconds", "output", "cost_cap_per_day"]; // what is not chosen

/** Returns what may change of a slot or a revision, as a copy. */
export function configOf(slot) {
  return structuredClone(Object.fromEntries(CONFIG_KEYS.map((key) => [key, slot[key]])));
}

/** Tells whether two JSON values are equal, whatever the order of their keys. */
export function same(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const keys = Object.keys(one);
  return Array.isArray(one) === Array.isArray(other)
    && keys.length === Object.keys(other).length
    && keys.every((key) => key in other && same(one[key], other[key]));
}

const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Lists what differs as `{path, before, after}`, key by key inside `params` and `output`.
 *
 * When provider or operation differ, the params mean something else: they are one difference.
 */
export function changes(before, after) {
  const found = [];
  const moved = before?.provider !== after?.provider || before?.operation !== after?.operation;
  for (const key of CONFIG_KEYS) {
    const [one, other] = [before?.[key], after?.[key]];
    if (same(one, other)) continue;
    if (isRecord(one) && isRecord(other) && !(key === "params" && moved)) {
      for (const part of new Set([...Object.keys(one), ...Object.keys(other)])) {
        if (!same(one[part], other[part])) found.push({ path: `${key}.${part}`, before: one[part], after: other[part] });
      }
    } else found.push({ path: key, before: one, after: other });
  }
  return found;
}

/** Returns a copy of `config` with the value at `path` replaced; undefined removes it. */
export function withValue(config, path, value) {
  const [key, part] = path.split(/\.(.*)/);
  if (part === undefined) return { ...config, [key]: value };
  const inner = { ...config[key], [part]: value };
  if (value === undefined) delete inner[part];
  return { ...config, [key]: inner };
}

/** Returns a role in one form; the catalogue may name it by a word alone. */
export function roleOf(role) {
  return typeof role === "string" ? { role, title: role, min: 0, max: 1 } : { min: 0, max: 1, ...role };
}

function providerFault(catalogue, rung, enabled) {
  const known = catalogue.find((one) => one.provider === rung.provider);
  if (enabled && known && !known.configured) return t("fault.no_key", { provider: ofSchema(known, "title") || known.provider, name: known.provider });
  return null;
}

/** Returns what is wrong with a slot, as a map from JSON pointer to words. */
export function slotFaults(config, catalogue) {
  const faults = new Map();
  const complete = config.enabled;
  for (const key of TYPED) faultsOf(SLOT[key], config[key], { pointer: `/${key}` }).forEach((words, at) => faults.set(at, words));
  if (complete && !config.provider) faults.set("/provider", t("fault.choose_provider"));
  if (complete && config.provider && !config.operation) faults.set("/operation", t("fault.choose_operation"));
  const rungs = [{ prefix: "", rung: config }, ...config.fallback.map((rung, n) => ({ prefix: `/fallback/${n}`, rung }))];
  for (const { prefix, rung } of rungs) {
    const found = findOperation(catalogue, rung.provider, rung.operation);
    if (!found) continue;
    faultsOf(found.schema, rung.params, { pointer: `${prefix}/params`, complete }).forEach((words, at) => faults.set(at, words));
    const unable = providerFault(catalogue, rung, complete);
    if (unable) faults.set(`${prefix}/provider`, unable);
  }
  guestFieldFaults(config, catalogue).forEach((words, at) => faults.set(at, words));
  const bound = config.template_media.map(({ role }) => role);
  for (const role of (findOperation(catalogue, config.provider, config.operation)?.template_roles ?? []).map(roleOf)) {
    const count = bound.filter((one) => one === role.role).length;
    if (complete && count < role.min) faults.set(`/template_media/${role.role}`, t("fault.min_templates", { count: role.min }));
    if (count > role.max) faults.set(`/template_media/${role.role}`, t("fault.max_templates", { count: role.max }));
  }
  return faults;
}

/** Puts the daemon's faults into words: ours where we know the place, else its own. */
export function serverFaults(errors, config, catalogue) {
  const faults = new Map();
  const ours = slotFaults(config, catalogue);
  for (const { pointer, message } of errors) {
    const fetches = catalogue.find((one) => one.provider === config.provider)?.needs_public_url;
    const known = /\/provider$/.test(pointer) && fetches ? t("fault.no_public_url") : undefined;
    faults.set(pointer, ours.get(pointer) ?? known ?? t("fault.server_says", { message }));
  }
  for (const [pointer, words] of ours) faults.set(pointer, words);
  return faults;
}
