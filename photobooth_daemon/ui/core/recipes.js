// Recipes: ready-made setups, and what applying one changes in a slot's form.

import { findOperation } from "./catalogue.js";
import { holesOf, newField, openParams } from "./guest_fields.js";
import { slotName } from "./names.js";
import { roleOf } from "./slot_config.js";
import { app } from "./store.js";
import { t } from "./i18n.js";

export const OF_THIS_MACHINE = "local";
export const BY_WORDS = "words";
const PROMPT = "prompt";

/** A recipe's title in the reader's language. */
export const recipeName = (recipe) => recipe.title[app.get().language] ?? recipe.title.en;

/** Returns the recipes in groups `{name, items}`: one's own, those made on this machine, those of words alone. */
export function grouped(recipes) {
  const groups = new Map();
  const of = (name) => groups.get(name) ?? groups.set(name, []).get(name);
  for (const recipe of recipes) of(recipe.prompts ? BY_WORDS : recipe.builtin ? recipe.provider : "own").push(recipe);
  return [...groups].map(([name, items]) => ({ name, items }));
}

function promptOf(operation) {
  return openParams(operation).includes(PROMPT) && operation.schema.properties[PROMPT];
}

/**
 * Returns who can make a picture by words, `{provider, operation, languages}`: of each provider the operation
 * that the form has, else its first that takes a prompt.
 */
export function wordTakers(catalogue, draft) {
  return catalogue.flatMap((one) => {
    const able = one.operations.filter(promptOf);
    const found = able.find(({ operation }) => one.provider === draft.provider && operation === draft.operation) ?? able[0];
    if (!found) return [];
    return [{ provider: one.provider, operation: found.operation, languages: promptOf(found)["x-prompt-languages"] ?? ["en"] }];
  });
}

/** Returns a recipe of words as one provider's, in one language. */
export function asked(recipe, { provider, operation }, language) {
  return { ...recipe, provider, operation, params: { [PROMPT]: recipe.prompts[language] } };
}

/**
 * Returns the form with the recipe in it; the ladder and what the camera gets stay.
 *
 * What else was set for a prompt stays beside it: the model, a workflow. Templates stay where the new operation knows their role; fields that its prompt uses are declared.
 * A slot that nobody has named is called like the recipe.
 */
export function withRecipe(draft, recipe, slot, catalogue) {
  const operation = findOperation(catalogue, recipe.provider, recipe.operation);
  const roles = (operation?.template_roles ?? []).map((role) => roleOf(role).role);
  const declared = draft.guest_fields.map(({ field }) => field);
  const used = new Set(openParams(operation).flatMap((name) => holesOf(recipe.params[name] ?? "")));
  const nameless = slotName({ ...slot, display_name: draft.display_name }) === t("slot.unnamed", { n: String(Number(slot.id.slice(-3))) });
  const isSame = recipe.prompts && draft.provider === recipe.provider && draft.operation === recipe.operation;
  return {
    ...draft,
    display_name: nameless ? recipeName(recipe) : draft.display_name,
    provider: recipe.provider,
    operation: recipe.operation,
    params: { ...(isSame ? draft.params : {}), ...structuredClone(recipe.params) },
    output: recipe.builtin ? draft.output : { ...draft.output, ...recipe.output },
    template_media: draft.template_media.filter(({ role }) => roles.includes(role)),
    guest_fields: [...draft.guest_fields, ...[...used].filter((field) => !declared.includes(field)).map(newField)],
  };
}
