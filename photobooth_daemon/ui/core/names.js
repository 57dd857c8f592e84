// How things are called: a slot by its number and name, providers and operations by their titles.

import { useEffect, useState } from "./html.js";
import { get } from "./api.js";
import { findOperation } from "./catalogue.js";
import { has, ofSchema, t } from "./i18n.js";
import { may } from "./session.js";
import { app, useStore } from "./store.js";

const NOT_YET = "…"; // where a title will stand
const ON_ITS_WAY = []; // what is known of the providers while they are being read

/** 3 for slot-003. */
export const slotNumber = (id) => Number(id.slice(-3));

/** The name alone; one that nobody has named is called by its number in the reader's language. */
export function slotName(slot) {
  const n = String(slotNumber(slot.id));
  return !slot.display_name || slot.display_name === `Slot ${n}` ? t("slot.unnamed", { n }) : slot.display_name;
}

/** "3 · Name"; of one that nobody has named, "Slot 3". */
export function slotTitle(slot) {
  const name = slotName(slot);
  const n = String(slotNumber(slot.id));
  return name === t("slot.unnamed", { n }) ? name : `${n} · ${name}`;
}

/** Who did something, when it was no account: the installation, a camera. */
export function personName(name) {
  return has(`person.${name}`) ? t(`person.${name}`) : name;
}

/** The same by the id, from the slots that the page knows. */
export function slotTitleOf(id, slots = app.get().slots) {
  return slotTitle(slots?.find((slot) => slot.id === id) ?? { id, display_name: "" });
}

/** Tells whether titles may still come: until then nothing is called by a name that is no word. */
export const isOnItsWay = (catalogue) => catalogue === ON_ITS_WAY;

/** A provider's title in the reader's language; its name where the catalogue does not have it. */
export function providerTitle(name, catalogue) {
  if (isOnItsWay(catalogue)) return NOT_YET;
  return ofSchema(catalogue.find((one) => one.provider === name), "title") || name;
}

/** An operation's title. */
export function operationTitle(provider, operation, catalogue) {
  if (isOnItsWay(catalogue)) return NOT_YET;
  return ofSchema(findOperation(catalogue, provider, operation), "title") || operation;
}

/** "Google Gemini · Edit by a prompt". */
export function recipeTitle({ provider, operation }, catalogue) {
  if (isOnItsWay(catalogue)) return NOT_YET;
  return [providerTitle(provider, catalogue), operation && operationTitle(provider, operation, catalogue)].filter(Boolean).join(" · ");
}

/** The choices of a provider list; one without a key can be chosen while the slot is off. */
export function providerOptions(catalogue) {
  return catalogue.map((one) => ({
    value: one.provider,
    title: (ofSchema(one, "title") || one.provider) + (one.configured ? "" : ` — ${t("slot.no_key")}`),
  }));
}

let asked = null;

/** Reads the providers anew; what cannot be read now keeps its last value. */
export async function readCatalogue() {
  const { items } = await get("/api/providers");
  app.set({ catalogue: items });
  return items;
}

/** The providers, read once for the page; empty until they are there, or where they cannot be read. */
export function useCatalogue() {
  const known = useStore(app, (state) => state.catalogue);
  const [unreadable, setUnreadable] = useState(!may("slots:read"));
  useEffect(() => {
    if (app.get().catalogue || unreadable) return;
    asked ??= readCatalogue().finally(() => {
      asked = null;
    });
    asked.catch(() => setUnreadable(true));
  }, []);
  return known ?? (unreadable ? [] : ON_ITS_WAY);
}
