// What readiness found, in the page's own words where the server's are an expert's.

import { SLOT_IDS } from "../../core/bounds.js";
import { duration, size } from "../../core/format.js";
import { has, t } from "../../core/i18n.js";
import { isOnItsWay, providerTitle, slotTitleOf } from "../../core/names.js";
import { explainReason } from "../../core/problems.js";
import { app } from "../../core/store.js";

const MB = 1_048_576;

/** What a finding is about, by its name: slots, providers, a host, an event. */
export function subjectText(subject, catalogue) {
  const known = new Set(catalogue.map(({ provider }) => provider));
  const name = (part) => (SLOT_IDS.includes(part) ? slotTitleOf(part) : known.has(part) || isOnItsWay(catalogue) ? providerTitle(part, catalogue) : part);
  return subject?.split(", ").map(name).join(", ");
}

// The title says it already, by its name.
function withoutSubject({ found, subject }) {
  const text = found[app.get().language];
  return subject && text.startsWith(`${subject}: `) ? text.slice(subject.length + 2) : text;
}

/** Returns `{text, said}`: the finding in words, and what the server said where that says more. */
export function findingText(item, catalogue) {
  const theirs = withoutSubject(item);
  if (!has(`finding.${item.code}`)) return { text: theirs };
  const { facts } = item;
  const seconds = (value) => value !== undefined && duration(value * 1000);
  const text = t(`finding.${item.code}`, {
    ...facts,
    subject: subjectText(item.subject, catalogue),
    reason: facts.reason && explainReason(facts.reason.split(":")[0]).title.toLowerCase(),
    free: facts.free_mb !== undefined && size(facts.free_mb * MB),
    time: seconds(facts.seconds),
    window: seconds(facts.window),
  });
  return { text, said: theirs };
}
