// Form fields: a label, a hint, the fault, tied together for assistive technology.

import { html } from "../core/html.js";
import { Icon } from "./icons.js";

function describedBy(id, hint, fault) {
  return [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ") || undefined;
}

/** A label, the control made by `control(attributes)`, a hint and the fault. */
export function Field({ id, label, hint, fault, control, optional, class: extra = "" }) {
  return html`<div class=${`field ${fault ? "faulty" : ""} ${extra}`}>
    <label for=${id}>${label}${optional && html` <span class="optional">${optional}</span>`}</label>
    ${control({ id, "aria-describedby": describedBy(id, hint, fault), "aria-invalid": fault ? "true" : undefined })}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${fault && html`<p class="fault" id=${`${id}-fault`}><${Icon} name="warning" />${fault}</p>`}
  </div>`;
}

/** One line of text; `suggestions` are offered while it is typed. */
export function TextField({ value, onInput, type = "text", suffix, placeholder, suggestions, input = {}, ...field }) {
  return html`<${Field} ...${field} control=${(attributes) => {
    const list = suggestions?.length ? `${attributes.id}-list` : undefined;
    const control = html`<input class="input" type=${type} value=${value ?? ""} placeholder=${placeholder} list=${list} onInput=${(event) => onInput(event.target.value)} ...${attributes} ...${input} />
      ${list && html`<datalist id=${list}>${suggestions.map((one) => html`<option key=${one} value=${one}></option>`)}</datalist>`}`;
    return suffix ? html`<span class="suffixed">${control}<span class="suffix" aria-hidden="true">${suffix}</span></span>` : control;
  }} />`;
}

/** Several lines of text. */
export function TextArea({ value, onInput, placeholder, rows = 4, input = {}, ...field }) {
  return html`<${Field} ...${field} control=${(attributes) => html`<textarea class="input" rows=${rows} placeholder=${placeholder} value=${value ?? ""} onInput=${(event) => onInput(event.target.value)} ...${attributes} ...${input}></textarea>`} />`;
}

/** One of a few: `options` are `{value, title, disabled}`. */
export function SelectField({ value, options, onInput, input = {}, ...field }) {
  return html`<${Field} ...${field} control=${(attributes) => html`<select class="input" value=${value} onChange=${(event) => onInput(event.target.value)} ...${attributes} ...${input}>
    ${options.map((option) => html`<option key=${option.value} value=${option.value} selected=${option.value === value} disabled=${option.disabled}>${option.title}</option>`)}
  </select>`} />`;
}

/** On or off. */
export function Switch({ id, label, hint, fault, checked, onInput, disabled }) {
  return html`<div class=${`field switch-field ${fault ? "faulty" : ""}`}>
    <label class="switch" for=${id}>
      <input id=${id} type="checkbox" role="switch" checked=${checked} disabled=${disabled} aria-describedby=${describedBy(id, hint, fault)} onChange=${(event) => onInput(event.target.checked)} />
      <span class="switch-track" aria-hidden="true"></span><span>${label}</span>
    </label>
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${fault && html`<p class="fault" id=${`${id}-fault`}><${Icon} name="warning" />${fault}</p>`}
  </div>`;
}

/** A choice shown as a row of buttons; arrow keys move between them, as radio buttons do. */
export function Segments({ name, legend, value, options, onInput, hideLegend = false }) {
  return html`<fieldset class="segments"><legend class=${hideLegend ? "visually-hidden" : ""}>${legend}</legend><div class="segment-row">
    ${options.map((option) => html`<label key=${option.value} class="segment"><input type="radio" name=${name} value=${option.value} checked=${option.value === value} onChange=${() => onInput(option.value)} /><span>${option.title}</span></label>`)}
  </div></fieldset>`;
}
