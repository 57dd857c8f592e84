// Makes a recipe of what is saved of a slot, for the gallery.

import { html, useState } from "../../core/html.js";
import { post } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { slotName } from "../../core/names.js";
import { Button, ProblemNotice } from "../../parts/basics.js";
import { Dialog, openDialog } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";

const LONGEST_TITLE = 80;

function Keep({ slot, close }) {
  const [title, setTitle] = useState({ ru: slotName(slot), en: slotName(slot) });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const complete = title.ru.trim() && title.en.trim();
  const keep = async (event) => {
    event.preventDefault();
    if (busy || !complete) return;
    setBusy(true);
    setProblem(null);
    try {
      close(await post("/api/presets", { json: { slot_id: slot.id, title } }));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("recipes.keep")} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close(null)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} disabled=${!complete} onClick=${keep}>${t("recipes.keep_now")}<//>`}>
    <form class="stack" onSubmit=${keep}><${ProblemNotice} problem=${problem} /><p>${t("recipes.keep_text")}</p>
      ${["ru", "en"].map((language) => html`<${TextField} key=${language} id=${`recipe-${language}`} label=${t(`recipes.name_${language}`)} value=${title[language]} onInput=${(text) => setTitle({ ...title, [language]: text })} input=${{ maxlength: LONGEST_TITLE, lang: language, autocomplete: "off" }} />`)}
      <button type="submit" hidden></button></form>
  <//>`;
}

/** Asks for its name; returns the recipe that was made, or null. */
export function keepRecipe(slot) {
  return openDialog((close) => html`<${Keep} slot=${slot} close=${close} />`);
}
