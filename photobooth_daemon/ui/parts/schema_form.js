// A form made from an operation's JSON Schema. What is left empty is left out of the params, so
// that opening and saving changes nothing and a default of the schema stays the schema's.

import { html, useEffect, useState } from "../core/html.js";
import { ofSchema, t } from "../core/i18n.js";
import { number } from "../core/format.js";
import { typesOf } from "../core/schema.js";
import { SelectField, TextArea, TextField } from "./fields.js";

const LONG_TEXT = 200;

function titleOf(schema, name) {
  return ofSchema(schema, "title") || name;
}

/** The label of one value of an enum. */
export function valueTitle(schema, value) {
  const key = String(value);
  return ofSchema(schema, "enum-titles")[key] ?? key;
}

/** How a value of this schema reads: for placeholders and differences. */
export function valueText(schema, value) {
  if (value === undefined || value === null) return t("value.none");
  if (typeof value === "boolean") return t(value ? "value.yes" : "value.no");
  if (schema?.enum) return valueTitle(schema, value);
  if (typeof value === "number") return number(value, 6);
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

/** Which control edits a value of this schema. */
export function controlOf(schema) {
  const type = typesOf(schema).find((one) => one !== "null");
  if (schema.enum) return "choice";
  if (type === "boolean") return "boolean";
  if (type === "integer" || type === "number") return "number";
  if (type === "string" && schema["x-widget"] !== "json") {
    return schema["x-widget"] === "textarea" || schema.maxLength > LONG_TEXT ? "long" : "line";
  }
  return "json";
}

// Keeps what was typed while it is not yet a value: "1," or half a JSON document.
function useTyped(value, write, read) {
  const [typed, setTyped] = useState(() => write(value));
  useEffect(() => {
    if (!Object.is(read(typed), value)) setTyped(write(value));
  }, [value]);
  return [typed, setTyped];
}

/** Reads a number the way people write it; what is no number stays text, for the check to refuse. */
export function readNumber(text) {
  const plain = text.replace(/\s/g, "").replace(",", ".");
  if (plain === "") return undefined;
  return Number.isNaN(Number(plain)) ? text : Number(plain);
}

export function NumberField({ value, onInput, ...field }) {
  const write = (given) => (given === undefined || given === null ? "" : String(given));
  const [typed, setTyped] = useTyped(value, write, readNumber);
  return html`<${TextField} ...${field} value=${typed} onInput=${(text) => {
    setTyped(text);
    onInput(readNumber(text));
  }} input=${{ inputmode: "decimal", autocomplete: "off" }} />`;
}

function readJson(text) {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function JsonField({ value, onInput, schema, ...field }) {
  const wantsText = typesOf(schema).includes("string");
  const read = wantsText ? (text) => text || undefined : readJson;
  const write = (given) => (given === undefined ? "" : typeof given === "string" ? given : JSON.stringify(given, null, 2));
  const [typed, setTyped] = useState(() => write(value));
  return html`<${TextArea} ...${field} class="wide" rows=${8} value=${typed} onInput=${(text) => {
    setTyped(text);
    onInput(read(text));
  }} input=${{ spellcheck: false, class: "input code" }} />`;
}

/** Returns from where to where a number may go, in words. */
export function boundsText(schema) {
  const values = { min: schema.minimum, max: schema.maximum };
  if (values.min !== undefined && values.max !== undefined) return t("form.between", values);
  if (values.min !== undefined) return t("form.at_least", values);
  return values.max !== undefined ? t("form.at_most", values) : "";
}

// A default of null or {} says no more than an empty field does.
function isSaid(preset) {
  return preset !== undefined && preset !== null && typeof preset !== "object";
}

function Property({ id, name, schema, value, required, fault, suggestions, onInput }) {
  const preset = schema.default;
  const byDefault = isSaid(preset) ? t("form.by_default", { value: valueText(schema, preset) }) : "";
  const field = {
    id,
    label: titleOf(schema, name),
    hint: [ofSchema(schema, "description"), boundsText(schema)].filter(Boolean).join(" "),
    fault,
    optional: required ? t("form.required") : "",
  };
  const presetTitle = isSaid(preset) ? t("form.preset", { value: valueText(schema, preset) }) : t("form.not_set");
  const empty = { value: "", title: required ? t("form.choose") : presetTitle };
  switch (controlOf(schema)) {
    case "choice":
      return html`<${SelectField} ...${field} value=${value === undefined ? "" : String(schema.enum.indexOf(value))}
        options=${[empty, ...schema.enum.map((one, n) => ({ value: String(n), title: valueTitle(schema, one) }))]}
        onInput=${(chosen) => onInput(chosen === "" ? undefined : schema.enum[Number(chosen)])} />`;
    case "boolean":
      return html`<${SelectField} ...${field} value=${value === undefined ? "" : String(value)}
        options=${[empty, { value: "true", title: t("value.yes") }, { value: "false", title: t("value.no") }]}
        onInput=${(chosen) => onInput(chosen === "" ? undefined : chosen === "true")} />`;
    case "number":
      return html`<${NumberField} ...${field} value=${value} placeholder=${byDefault} onInput=${onInput} />`;
    case "long":
      return html`<${TextArea} ...${field} class="wide" value=${value} placeholder=${byDefault} onInput=${(text) => onInput(text === "" ? undefined : text)} />`;
    case "line":
      return html`<${TextField} ...${field} value=${value} placeholder=${byDefault} suggestions=${suggestions} onInput=${(text) => onInput(text === "" ? undefined : text)} />`;
    default:
      return html`<${JsonField} ...${field} schema=${schema} value=${value} onInput=${onInput} />`;
  }
}

/**
 * The form: `value` is an object, `faults` a map from pointers below `pointer` to words.
 *
 * `suggestions` are values to choose from, by the parameter's name; others may be typed.
 */
export function SchemaForm({ schema, value, onInput, faults, pointer, id, suggestions = {} }) {
  const set = (name, part) => {
    const next = { ...value, [name]: part };
    if (part === undefined) delete next[name];
    onInput(next);
  };
  const names = Object.keys(schema.properties ?? {});
  const unknown = Object.keys(value ?? {}).filter((name) => !names.includes(name));
  return html`<div class="form-grid roomy">
    ${names.map((name) => html`<${Property} key=${name} id=${`${id}-${name}`} name=${name} schema=${schema.properties[name]} value=${value?.[name]}
      required=${schema.required?.includes(name)} fault=${faults.get(`${pointer}/${name}`)} suggestions=${suggestions[name]} onInput=${(part) => set(name, part)} />`)}
    ${unknown.map((name) => html`<p key=${name} class="fault wide">${t("form.unknown", { name })} <button type="button" class="button small" onClick=${() => set(name, undefined)}>${t("act.delete")}</button></p>`)}
  </div>`;
}
