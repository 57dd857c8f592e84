// Guests' answers in prompts: which fields there are, where prompts use them, what is wrong with them.

import { SLOT } from "./bounds.js";
import { findOperation } from "./catalogue.js";
import { t } from "./i18n.js";
import { faultsOf } from "./schema.js";

const { maxItems, items: { properties: ENTRY } } = SLOT.guest_fields;
export const MOST_FIELDS = maxItems;
export const FIELD_NAME = new RegExp(ENTRY.field.pattern, "u");
const DEFAULT_LENGTH = 40;
const HOLE = /\{\{(.*?)\}\}/gs;

/** A field as it is declared at first. */
export const newField = (field) => ({ field, choices: null, max_length: DEFAULT_LENGTH, default: "" });

/** The fields that a prompt uses. */
export const holesOf = (text) => [...text.matchAll(HOLE)].map(([, field]) => field);

/** The text parameters of an operation that may have holes. */
export function openParams(operation) {
  return Object.entries(operation?.schema.properties ?? {}).filter(([, schema]) => schema["x-guest-fields"]).map(([name]) => name);
}

/** Tells whether some rung of the slot has a prompt that could use an answer. */
export function takesAnswers(config, catalogue) {
  return [config, ...config.fallback].some(({ provider, operation }) => openParams(findOperation(catalogue, provider, operation)).length > 0);
}

function entryFaults(entry, n, others, faults) {
  const at = `/guest_fields/${n}`;
  if (!FIELD_NAME.test(entry.field)) faults.set(`${at}/field`, t("guest_fields.name_fault"));
  else if (others.includes(entry.field)) faults.set(`${at}/field`, t("guest_fields.twice"));
  if (entry.choices) {
    if (faultsOf(ENTRY.choices, entry.choices).size) faults.set(`${at}/choices`, t("guest_fields.choices_fault", { count: ENTRY.choices.maxItems }));
    for (const one of entry.choices) faultsOf(ENTRY.choices.items, one, { pointer: `${at}/choices` }).forEach((words, where) => faults.set(where, words));
  }
  const { minimum: min, maximum: max } = ENTRY.max_length;
  if (faultsOf(ENTRY.max_length, entry.max_length).size) faults.set(`${at}/max_length`, t("form.between", { min, max }));
  faultsOf(ENTRY.default, entry.default, { pointer: `${at}/default` }).forEach((words, where) => faults.set(where, words));
}

/** Returns what is wrong with the fields and with the prompts' holes, as a map from pointers to words. */
export function guestFieldFaults(config, catalogue) {
  const faults = new Map();
  const names = config.guest_fields.map(({ field }) => field);
  config.guest_fields.forEach((entry, n) => entryFaults(entry, n, names.slice(0, n), faults));
  const rungs = [{ prefix: "", rung: config }, ...config.fallback.map((rung, n) => ({ prefix: `/fallback/${n}`, rung }))];
  for (const { prefix, rung } of rungs) {
    for (const name of openParams(findOperation(catalogue, rung.provider, rung.operation))) {
      const text = rung.params[name];
      if (typeof text !== "string") continue;
      const unknown = holesOf(text).find((field) => !names.includes(field));
      if (unknown !== undefined) faults.set(`${prefix}/params/${name}`, t("guest_fields.undeclared", { field: unknown }));
      else if (text.replace(HOLE, "").includes("{{")) faults.set(`${prefix}/params/${name}`, t("guest_fields.unended"));
    }
  }
  return faults;
}
