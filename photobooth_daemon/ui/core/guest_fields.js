// Guests' answers in prompts: which fields there are, where prompts use them, what is wrong with them.

import { findOperation } from "./catalogue.js";
import { t } from "./i18n.js";

export const MOST_FIELDS = 20;
const MOST_CHOICES = 50;
const CHOICE_MAX_LENGTH = 100;
const LONGEST_ANSWER = 200;
export const FIELD_NAME = /^[A-Za-z0-9_-]{1,64}$/;
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
    if (entry.choices.length < 1 || entry.choices.length > MOST_CHOICES) faults.set(`${at}/choices`, t("guest_fields.choices_fault", { count: MOST_CHOICES }));
    else if (entry.choices.some((one) => [...one].length > CHOICE_MAX_LENGTH)) faults.set(`${at}/choices`, t("fault.max_length", { count: CHOICE_MAX_LENGTH }));
  }
  const { max_length: longest } = entry;
  if (!Number.isInteger(longest) || longest < 1 || longest > LONGEST_ANSWER) faults.set(`${at}/max_length`, t("form.between", { min: 1, max: LONGEST_ANSWER }));
  if ([...entry.default].length > LONGEST_ANSWER) faults.set(`${at}/default`, t("fault.max_length", { count: LONGEST_ANSWER }));
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
