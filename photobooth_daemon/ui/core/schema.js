// Checks values against the part of JSON Schema that parameter schemas use, as the daemon does,
// so that faults are said in the reader's language before anything is sent.

import { t } from "./i18n.js";

const escaped = (key) => String(key).replaceAll("~", "~0").replaceAll("/", "~1");

const isType = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number" && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

/** The types a schema allows; a schema without a type allows all. */
export function typesOf(schema) {
  if (schema.type === undefined) return [];
  return Array.isArray(schema.type) ? schema.type : [schema.type];
}

/** Returns the faults of `value` as a map from JSON pointer to words. */
export function faultsOf(schema, value, { pointer = "", complete = true } = {}) {
  const faults = new Map();
  const fault = (at, key, values) => faults.has(at) || faults.set(at, t(`fault.${key}`, values));
  const types = typesOf(schema);
  if (types.length && !types.some((type) => isType[type](value))) {
    fault(pointer, `type_${types.find((type) => type !== "null") ?? "null"}`);
    return faults;
  }
  if (schema.enum && !schema.enum.includes(value)) fault(pointer, "enum");
  if (typeof value === "number") {
    if (value < schema.minimum) fault(pointer, "minimum", { limit: schema.minimum });
    if (value > schema.maximum) fault(pointer, "maximum", { limit: schema.maximum });
    if (value <= schema.exclusiveMinimum) fault(pointer, "above", { limit: schema.exclusiveMinimum });
    if (value >= schema.exclusiveMaximum) fault(pointer, "below", { limit: schema.exclusiveMaximum });
    if (schema.multipleOf && value % schema.multipleOf !== 0) fault(pointer, "multiple", { limit: schema.multipleOf });
  }
  if (typeof value === "string") {
    const length = [...value].length;
    if (length < schema.minLength) fault(pointer, schema.minLength === 1 ? "empty" : "min_length", { count: schema.minLength });
    if (length > schema.maxLength) fault(pointer, "max_length", { count: schema.maxLength });
    if (schema.pattern && !new RegExp(schema.pattern, "u").test(value)) fault(pointer, "pattern");
  }
  if (isType.array(value)) {
    if (value.length < schema.minItems) fault(pointer, "min_items", { count: schema.minItems });
    if (value.length > schema.maxItems) fault(pointer, "max_items", { count: schema.maxItems });
  }
  if (isType.object(value)) {
    for (const key of complete ? (schema.required ?? []) : []) {
      if (value[key] === undefined) fault(`${pointer}/${escaped(key)}`, "required");
    }
    for (const [key, part] of Object.entries(value)) {
      const at = `${pointer}/${escaped(key)}`;
      const inner = schema.properties?.[key];
      if (inner) faultsOf(inner, part, { pointer: at, complete }).forEach((words, where) => faults.set(where, words));
      else if (schema.additionalProperties === false) fault(at, "unknown");
    }
  }
  return faults;
}
