// What the providers of one photo were asked with in words, guests' answers put in.

import { html } from "../core/html.js";
import { findOperation } from "../core/catalogue.js";
import { ofSchema } from "../core/i18n.js";
import { recipeTitle, useCatalogue } from "../core/names.js";
import { CopyButton } from "./basics.js";

export function Prompts({ prompts }) {
  const catalogue = useCatalogue();
  return html`<ol class="prompts">${prompts.map((asked, n) => {
    const properties = findOperation(catalogue, asked.provider, asked.operation)?.schema.properties ?? {};
    return html`<li key=${n}><h3>${recipeTitle(asked, catalogue)}</h3>
      <dl>${Object.entries(asked.params).map(([name, text]) => html`<dt key=${name}>${ofSchema(properties[name], "title") || name}</dt><dd><p class="prompt">${text}</p><${CopyButton} text=${text} /></dd>`)}</dl></li>`;
  })}</ol>`;
}
