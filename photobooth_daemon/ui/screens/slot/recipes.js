// The gallery of recipes: a picture before and after of each; one click puts it into the form.

import { html } from "../../core/html.js";
import { del, get } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { providerTitle } from "../../core/names.js";
import { OF_THIS_MACHINE, grouped, recipeName } from "../../core/recipes.js";
import { link } from "../../core/router.js";
import { IconButton, Notice, ProblemNotice, Waiting } from "../../parts/basics.js";
import { Dialog, confirm, openDialog } from "../../parts/dialog.js";
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
  const sampled = recipe.builtin && recipe.provider !== OF_THIS_MACHINE && recipe.after_url;
  return html`<li class="recipe-card">
    <button type="button" class="recipe-choice" onClick=${() => onChoose(recipe)}><${Pictures} recipe=${recipe} /><span class="recipe-name">${name}</span></button>
    ${!recipe.builtin && html`<${IconButton} icon="trash" kind="small" label=${t("recipes.delete", { name })} onClick=${() => onDelete(recipe)} />`}
    ${sampled && html`<${IconButton} icon="eye_off" kind="small" label=${t("recipes.forget", { name })} onClick=${() => onForget(recipe)} />`}
  </li>`;
}

function groupTitle(name, catalogue) {
  if (name === "own") return t("recipes.own");
  return name === OF_THIS_MACHINE ? t("recipes.here") : t("recipes.by", { provider: providerTitle(name, catalogue) });
}

/** Every recipe there is; `onChoose` is told which one was clicked. */
export function RecipeGallery({ catalogue, onChoose }) {
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
  return html`<div class="stack recipes">${grouped(data.items).map(({ name, items }) => {
    const provider = catalogue.find((one) => one.provider === name);
    return html`<section key=${name} aria-labelledby=${`recipes-${name}`}><h3 id=${`recipes-${name}`}>${groupTitle(name, catalogue)}</h3>
      ${provider && !provider.configured && html`<${Notice} actions=${html`<a class="button small" href=${link("settings", { at: "providers" })}>${t("recipes.enter_key")}</a>`}>${t("recipes.no_key")}<//>`}
      <ul class="recipe-cards">${items.map((recipe) => html`<${Card} key=${recipe.preset_id} recipe=${recipe} onChoose=${onChoose} onDelete=${() => undo(recipe, "", "delete")} onForget=${() => undo(recipe, "/sample", "forget")} />`)}</ul></section>`;
  })}</div>`;
}

/** Opens the gallery; returns the recipe that was chosen, or null. */
export function chooseRecipe(catalogue) {
  return openDialog((close) => html`<${Dialog} wide title=${t("recipes.title")} onClose=${() => close(null)}>
    <p class="quiet">${t("recipes.note")}</p><${RecipeGallery} catalogue=${catalogue} onChoose=${close} />
  <//>`);
}
