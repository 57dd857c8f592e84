// The ladder: what is tried, in this order, when the slot's own operation brings no picture.

import { html } from "../../core/html.js";
import { SLOT } from "../../core/bounds.js";
import { ofSchema, t } from "../../core/i18n.js";
import { findOperation } from "../../core/catalogue.js";
import { providerOptions } from "../../core/names.js";
import { Button, IconButton, Panel } from "../../parts/basics.js";
import { SelectField } from "../../parts/fields.js";
import { useModels } from "../../parts/models.js";
import { SchemaForm } from "../../parts/schema_form.js";
import { operationOptions } from "./recipe.js";

function Rung({ n, rung, faults, catalogue, count, onChange, onMove, onRemove, disabled }) {
  const operation = findOperation(catalogue, rung.provider, rung.operation);
  const suggestions = useModels(rung.provider, operation);
  const at = `/fallback/${n}`;
  const chooseProvider = (provider) => onChange({ provider, operation: catalogue.find((one) => one.provider === provider).operations[0].operation, params: {} });
  return html`<li class="rung">
    <header><h3>${t("ladder.rung", { n: n + 1 })}</h3>${!disabled && html`<span class="bound-actions">
      <${IconButton} icon="up" kind="small" label=${t("ladder.up", { n: n + 1 })} disabled=${n === 0} onClick=${() => onMove(-1)} />
      <${IconButton} icon="down" kind="small" label=${t("ladder.down", { n: n + 1 })} disabled=${n === count - 1} onClick=${() => onMove(1)} />
      <${IconButton} icon="trash" kind="small" label=${t("ladder.remove", { n: n + 1 })} onClick=${onRemove} /></span>`}</header>
    <div class="form-grid">
      <${SelectField} id=${`rung-${n}-provider`} label=${t("field.provider")} value=${rung.provider} options=${providerOptions(catalogue)} fault=${faults.get(`${at}/provider`)} onInput=${chooseProvider} />
      <${SelectField} id=${`rung-${n}-operation`} label=${t("field.operation")} value=${rung.operation} options=${operationOptions(catalogue, rung.provider)} fault=${faults.get(`${at}/operation`)} hint=${ofSchema(operation?.schema, "description")} onInput=${(name) => onChange({ ...rung, operation: name, params: {} })} />
    </div>
    ${operation && html`<${SchemaForm} key=${`${rung.provider} ${rung.operation}`} id=${`rung-${n}`} schema=${operation.schema} value=${rung.params} faults=${faults} pointer=${`${at}/params`} suggestions=${suggestions} onInput=${(params) => onChange({ ...rung, params })} />`}
  </li>`;
}

export function LadderPanel({ draft, setDraft, faults, known, disabled }) {
  const { catalogue } = known;
  const rungs = draft.fallback;
  const put = (fallback) => setDraft({ ...draft, fallback });
  const add = () => {
    const first = catalogue.find((one) => one.provider === "local") ?? catalogue[0];
    put([...rungs, { provider: first.provider, operation: first.operations[0].operation, params: {} }]);
  };
  const move = (n, step) => {
    const next = [...rungs];
    [next[n], next[n + step]] = [next[n + step], next[n]];
    put(next);
  };
  return html`<${Panel} id="ladder" title=${t("field.fallback")} note=${t("ladder.note")}>
    <fieldset disabled=${disabled} class="stack">
      ${rungs.length > 0 && html`<ol class="rungs">${rungs.map((rung, n) => html`<${Rung} key=${n} n=${n} rung=${rung} faults=${faults} catalogue=${catalogue} count=${rungs.length} disabled=${disabled}
        onChange=${(next) => put(rungs.map((one, i) => (i === n ? next : one)))} onMove=${(step) => move(n, step)} onRemove=${() => put(rungs.filter((_, i) => i !== n))} />`)}</ol>`}
      ${!disabled && rungs.length < SLOT.fallback.maxItems && catalogue.length > 0 && html`<div><${Button} kind="small" icon="plus" onClick=${add}>${t("ladder.add")}<//></div>`}
    </fieldset>
  <//>`;
}
