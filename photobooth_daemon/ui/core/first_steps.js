// What a new installation still needs before the first photo, found out from what the API says.

import { get } from "./api.js";
import { readCatalogue } from "./names.js";
import { remember, remembered } from "./prefs.js";
import { link } from "./router.js";

const one = (query) => get("/api/jobs", { query: { limit: 1, ...query } }).then(({ items }) => items.length > 0);
// What a check in this browser found last; a provider that nobody has asked is taken to work.
const checked = ({ provider }) => remembered(`check.${provider}`, "");
const works = (one) => one.configured && ["", "ok"].includes(checked(one));

/** The slot that the steps are about: one that is on, else one with a recipe, else the first. */
export function slotOf(slots) {
  return slots.find((slot) => slot.enabled) ?? slots.find((slot) => slot.provider) ?? slots[0];
}

/** Returns `[{name, done, href}]` in the order in which they are done. */
export function stepsOf({ settings, catalogue, slots, ready, tested, arrived, addressSeen }) {
  const slot = slotOf(slots);
  const at = (query) => link(`slots/${slot.id}`, query);
  const chosen = catalogue.find(({ provider }) => provider === slot.provider);
  // One that has an address of its own and no key has to have answered once.
  const trusted = (one) => one.takes_key && works(one) && (settings.providers[one.provider]?.source || checked(one) === "ok");
  const provider = chosen && works(chosen) ? chosen : catalogue.find(trusted);
  return [
    { name: "password", done: settings.ingest_password.set, href: link("settings", { at: "ingest" }) },
    { name: "provider", done: Boolean(provider), href: link("settings", { at: "providers" }) },
    { name: "recipe", done: Boolean(slot.provider) && ready, href: at({ at: "recipe" }) },
    { name: "test", done: tested || arrived, href: at({ at: "try" }) },
    { name: "on", done: slots.some(({ enabled }) => enabled), href: at({ at: "enabled" }) },
    { name: "address", done: addressSeen || arrived, href: at({ tab: "camera" }) },
    { name: "photo", done: arrived, href: at({ tab: "camera" }) },
  ];
}

/** Asks the daemon for what the steps depend on. */
export async function readSteps() {
  const [settings, catalogue, { items: slots }, arrived, tried] = await Promise.all([
    get("/api/settings"),
    readCatalogue(),
    get("/api/slots"),
    one({ source: "ingest" }),
    one({ source: "test", status: "done" }),
  ]);
  if (arrived) remember("first_photo", "arrived");
  const slot = slotOf(slots);
  const ready = slot.provider ? (await get(`/api/slots/${slot.id}`)).ready : false;
  const addressSeen = remembered("address_seen", "") !== "";
  // The history forgets photos; that the first one came does not become untrue by that.
  const ever = arrived || remembered("first_photo", "") !== "";
  return stepsOf({ settings, catalogue, slots, ready, tested: tried, arrived: ever, addressSeen });
}

/** Tells whether steps are to be shown that were put away while `before` of them were open. */
export function undone(steps, before) {
  const known = new Set(before.split(" "));
  return steps.some(({ name, done }) => !done && !known.has(name));
}
