// Words in the reader's language. A message is a text with {places}, or a set of plural
// forms chosen by `count` and Intl.PluralRules; both come from texts/<language>.json.

import { app } from "./store.js";
import { remember, remembered } from "./prefs.js";

export const LANGUAGES = ["ru", "en"];
const FORMS = new Set(["zero", "one", "two", "few", "many", "other"]);

let messages = new Map();
let rules = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");

/** Returns the language the reader chose, else the browser's first that we speak. */
export function preferredLanguage() {
  const chosen = remembered("language", "");
  if (LANGUAGES.includes(chosen)) return chosen;
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2));
  return spoken.find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

/** Puts a language into force for every text rendered from now on. */
export async function speak(language) {
  const answer = await fetch(new URL(`../texts/${language}.json`, import.meta.url));
  messages = flatten(await answer.json());
  rules = new Intl.PluralRules(language);
  numbers = new Intl.NumberFormat(language);
  document.documentElement.lang = language;
  remember("language", language);
  app.set({ language });
}

function flatten(tree, prefix = "", found = new Map()) {
  for (const [key, value] of Object.entries(tree)) {
    const plain = typeof value === "string" || Object.keys(value).every((form) => FORMS.has(form));
    if (plain) found.set(prefix + key, value);
    else flatten(value, `${prefix}${key}.`, found);
  }
  return found;
}

/** Tells whether the catalogue has this key: for words that depend on the server's codes. */
export function has(key) {
  return messages.has(key);
}

/** The keys of the catalogue below `prefix`, without it. */
export function keysBelow(prefix) {
  return [...messages.keys()].filter((key) => key.startsWith(`${prefix}.`)).map((key) => key.slice(prefix.length + 1));
}

/** Returns the text of `key`; numbers are written the reader's way. */
export function t(key, values = {}) {
  return rich(key, values).join("");
}

/** Returns the parts of a text, so that a value may be a view (a link, a key, a picture). */
export function rich(key, values = {}) {
  let message = messages.get(key);
  if (message === undefined) return [key];
  if (typeof message === "object") message = message[rules.select(values.count ?? 0)];
  return message.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part;
    const value = values[name] ?? "";
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

/** Returns a text of the catalogue or a schema; Russian ones stand beside as …_ru or x-…-ru. */
export function ofSchema(entry, name) {
  const russian = app.get().language === "ru" && (entry?.[`${name}_ru`] || entry?.[`x-${name}-ru`]);
  return russian || entry?.[name] || entry?.[`x-${name}`] || "";
}
