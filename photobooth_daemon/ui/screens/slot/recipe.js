// What the slot does with a photo: its name, provider, operation and the operation's params.

import { html, useRef, useState } from "../../core/html.js";
import { ofSchema, t } from "../../core/i18n.js";
import { findOperation } from "../../core/catalogue.js";
import { providerOptions, slotName, slotNumber } from "../../core/names.js";
import { recipeName, withRecipe } from "../../core/recipes.js";
import { Button, Panel } from "../../parts/basics.js";
import { SelectField, Switch, TextField } from "../../parts/fields.js";
import { useModels } from "../../parts/models.js";
import { SchemaForm } from "../../parts/schema_form.js";
import { toast } from "../../parts/toast.js";
import { RecipeGallery, chooseRecipe } from "./recipes.js";

/** The choices of an operation list. */
export function operationOptions(catalogue, provider) {
  return (catalogue.find((one) => one.provider === provider)?.operations ?? []).map((one) => ({
    value: one.operation,
    title: ofSchema(one, "title") || one.operation,
  }));
}

export function RecipePanel({ slot, draft, setDraft, faults, known, disabled }) {
  const { catalogue } = known;
  const kept = useRef({}); // params typed for other operations, should one come back to them
  // What nobody has named is called in the reader's language, and its field waits for a name.
  const [typed, setTyped] = useState(false);
  const isNamed = typed || draft.display_name !== `Slot ${slotNumber(slot.id)}`;
  const provider = catalogue.find((one) => one.provider === draft.provider);
  const operation = findOperation(catalogue, draft.provider, draft.operation);
  const suggestions = useModels(draft.provider, operation);
  const choose = (nextProvider, nextOperation) => {
    kept.current[`${draft.provider} ${draft.operation}`] = { params: draft.params, template_media: draft.template_media };
    const before = kept.current[`${nextProvider} ${nextOperation}`] ?? { params: {}, template_media: [] };
    setDraft({ ...draft, provider: nextProvider, operation: nextOperation, ...before });
  };
  const chooseProvider = (name) => {
    const first = catalogue.find((one) => one.provider === name)?.operations[0];
    choose(name || null, first?.operation ?? null);
  };
  const take = (recipe) => {
    setDraft(withRecipe(draft, recipe, slot, catalogue));
    toast(t("recipes.taken", { name: recipeName(recipe) }), { undo: () => setDraft(draft) });
  };
  const openGallery = async () => {
    const recipe = await chooseRecipe(catalogue, draft);
    if (recipe) take(recipe);
  };
  return html`<${Panel} id="recipe" title=${t("slot.recipe")} actions=${html`<${Switch} id="enabled" label=${t("slot.enabled")} checked=${draft.enabled} disabled=${disabled} onInput=${(enabled) => setDraft({ ...draft, enabled })} />`}>
    <fieldset disabled=${disabled} class="stack">
      <div class="form-grid">
        <${TextField} id="display_name" label=${t("field.display_name")} value=${isNamed ? draft.display_name : ""} placeholder=${isNamed ? "" : slotName(slot)} fault=${faults.get("/display_name")} onInput=${(text) => {
          setTyped(true);
          setDraft({ ...draft, display_name: text });
        }} input=${{ autocomplete: "off" }} />
        <${SelectField} id="provider" label=${t("field.provider")} value=${draft.provider ?? ""} fault=${faults.get("/provider")}
          options=${[{ value: "", title: t("slot.choose_provider") }, ...providerOptions(catalogue)]} onInput=${chooseProvider}
          hint=${provider && !provider.configured ? t("slot.no_key_hint") : provider?.needs_public_url ? t("slot.public_url_hint") : ""} />
        ${draft.provider && html`<${SelectField} id="operation" label=${t("field.operation")} value=${draft.operation ?? ""} fault=${faults.get("/operation")}
          options=${operationOptions(catalogue, draft.provider)} onInput=${(name) => choose(draft.provider, name)} hint=${ofSchema(operation?.schema, "description")} />`}
      </div>
      ${operation && !disabled && html`<div><${Button} icon="picture" onClick=${openGallery}>${t("recipes.open")}<//></div>`}
      ${operation
        ? html`<div class="sub"><h3>${t("slot.params")}</h3><${SchemaForm} key=${`${draft.provider} ${draft.operation}`} id="params" schema=${operation.schema} value=${draft.params} faults=${faults} pointer="/params" suggestions=${suggestions} onInput=${(params) => setDraft({ ...draft, params })} /></div>`
        : html`<div class="sub"><p>${t("recipes.begin")}</p><${RecipeGallery} catalogue=${catalogue} draft=${draft} onChoose=${take} /></div>`}
    </fieldset>
  <//>`;
}
