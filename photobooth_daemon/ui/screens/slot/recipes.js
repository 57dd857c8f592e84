// The gallery of recipes: a picture before and after of each; one click puts it into the form.

import { html, useState } from "../../core/html.js";
import { del, get } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { providerOptions } from "../../core/names.js";
import { BY_WORDS, OF_THIS_MACHINE, asked, grouped, recipeName, wordTakers } from "../../core/recipes.js";
import { link } from "../../core/router.js";
import { app } from "../../core/store.js";
import { IconButton, Notice, ProblemNotice, Waiting } from "../../parts/basics.js";
import { Dialog, confirm, openDialog } from "../../parts/dialog.js";
import { SelectField, Segments } from "../../parts/fields.js";
import { useLoad } from "../../parts/load.js";
import { toast, toastProblem } from "../../parts/toast.js";

const MOST_RECIPES = 200;

function Pictures({ recipe }) {
  if (!recipe.after_url) {
    return html`<span class="recipe-picture unseen">${recipe.before_url && html`<img src=${recipe.before_url} alt="" loading="lazy" decoding="async" />`}<span class="unseen-words">${t("recipes.unseen")}</span></span>`;
  }
  return html`<span class="recipe-picture">
    ${recipe.before_url && html`<img src=${recipe.before_url} alt="" loading="lazy" decoding="async" />`}
    <img class=${recipe.before_url ? "after" : ""} src=${recipe.after_url} alt="" loading="lazy" decoding="async" />
  </span>`;
}

function Card({ recipe, onChoose, onDelete, onForget }) {
  const name = recipeName(recipe);
  const sampled = recipe.prompts && recipe.after_url;
  return html`<li class="recipe-card">
    <button type="button" class="recipe-choice" onClick=${() => onChoose(recipe)}><${Pictures} recipe=${recipe} /><span class="recipe-name">${name}</span></button>
    ${!recipe.builtin && html`<${IconButton} icon="trash" kind="small" label=${t("recipes.delete", { name })} onClick=${() => onDelete(recipe)} />`}
    ${sampled && html`<${IconButton} icon="eye_off" kind="small" label=${t("recipes.forget", { name })} onClick=${() => onForget(recipe)} />`}
  </li>`;
}

const groupTitle = (name) => ({ own: t("recipes.own"), [OF_THIS_MACHINE]: t("recipes.here"), [BY_WORDS]: t("recipes.words") })[name];

// Who makes the pictures that words describe, and in which language the words are put.
function useMaker(catalogue, draft) {
  const takers = wordTakers(catalogue, draft);
  const [chosen, setChosen] = useState(null);
  const [language, setLanguage] = useState(app.get().language);
  const isReady = ({ provider }) => catalogue.find((one) => one.provider === provider).configured;
  const maker = takers.find(({ provider }) => provider === (chosen ?? draft.provider)) ?? takers.find(isReady) ?? takers[0];
  if (!maker) return null;
  const spoken = maker.languages.includes(language) ? language : maker.languages[0];
  const choice = html`<div class="recipe-maker">
    <${SelectField} id="recipe-maker" label=${t("recipes.maker")} value=${maker.provider} options=${providerOptions(catalogue.filter((one) => takers.some(({ provider }) => provider === one.provider)))} onInput=${setChosen} />
    ${maker.languages.length > 1 && html`<${Segments} name="recipe-language" legend=${t("recipes.language")} value=${spoken} options=${maker.languages.map((value) => ({ value, title: t(`choice.locale.${value}`) }))} onInput=${setLanguage} />`}
  </div>`;
  return { choice, isReady: isReady(maker), recipeOf: (recipe) => asked(recipe, maker, spoken) };
}

/** Every recipe there is; `onChoose` is told which one was clicked. `draft` is the form that it is for. */
export function RecipeGallery({ catalogue, draft, onChoose }) {
  const maker = useMaker(catalogue, draft);
  const { data, problem, reload } = useLoad((signal) => get("/api/presets", { signal, query: { limit: MOST_RECIPES } }), []);
  const undo = async (recipe, path, words) => {
    const name = recipeName(recipe);
    if (!(await confirm({ title: t(`recipes.${words}`, { name }), text: t(`recipes.${words}_text`), action: t(`recipes.${words}_now`), over: true }))) return;
    try {
      await del(`/api/presets/${recipe.preset_id}${path}`);
      toast(t(`recipes.${words}_done`));
    } catch (refusal) {
      toastProblem(refusal);
    }
    reload();
  };
  if (problem) return html`<${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Waiting} rows=${3} />`;
  const groups = grouped(data.items).filter(({ name }) => name !== BY_WORDS || maker);
  return html`<div class="stack recipes">${groups.map(({ name, items }) => {
    const isByWords = name === BY_WORDS;
    const take = isByWords ? (recipe) => onChoose(maker.recipeOf(recipe)) : onChoose;
    return html`<section key=${name} aria-labelledby=${`recipes-${name}`}><h3 id=${`recipes-${name}`}>${groupTitle(name)}</h3>
      ${isByWords && maker.choice}
      ${isByWords && !maker.isReady && html`<${Notice} actions=${html`<a class="button small" href=${link("settings", { at: "providers" })}>${t("recipes.enter_key")}</a>`}>${t("recipes.no_key")}<//>`}
      <ul class="recipe-cards">${items.map((recipe) => html`<${Card} key=${recipe.preset_id} recipe=${recipe} onChoose=${take} onDelete=${() => undo(recipe, "", "delete")} onForget=${() => undo(recipe, "/sample", "forget")} />`)}</ul></section>`;
  })}</div>`;
}

/** Opens the gallery; returns the recipe that was chosen, or null. */
export function chooseRecipe(catalogue, draft) {
  return openDialog((close) => html`<${Dialog} wide title=${t("recipes.title")} onClose=${() => close(null)}>
    <p class="quiet">${t("recipes.note")}</p><${RecipeGallery} catalogue=${catalogue} draft=${draft} onChoose=${close} />
  <//>`);
}
