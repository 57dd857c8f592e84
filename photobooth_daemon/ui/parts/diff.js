// Two configurations side by side, in words: field, before, after.

import { html } from "../core/html.js";
import { has, ofSchema, t } from "../core/i18n.js";
import { findOperation } from "../core/catalogue.js";
import { roleOf } from "../core/slot_config.js";
import { withUnit } from "../core/units.js";
import { valueText } from "./schema_form.js";

/** The name of a changed place; params are named by their schema. */
export function labelOf(path, config, catalogue) {
  const [key, part] = path.split(/\.(.*)/);
  if (key === "params" && part) {
    const schema = findOperation(catalogue, config?.provider, config?.operation)?.schema.properties?.[part];
    return ofSchema(schema, "title") || part;
  }
  return has(`field.${path}`) ? t(`field.${path}`) : path;
}

function rungText(rung, catalogue) {
  const provider = catalogue.find((one) => one.provider === rung.provider);
  const operation = findOperation(catalogue, rung.provider, rung.operation);
  return [ofSchema(provider, "title") || rung.provider, ofSchema(operation, "title") || rung.operation].join(" · ");
}

function paramsText(params, config, catalogue) {
  const lines = Object.entries(params ?? {}).map(([name, value]) => {
    const schema = findOperation(catalogue, config?.provider, config?.operation)?.schema.properties?.[name];
    return `${ofSchema(schema, "title") || name}: ${valueText(schema, value)}`;
  });
  return lines.join("\n") || t("value.none");
}

function roleTitle(role, config, catalogue) {
  const roles = findOperation(catalogue, config?.provider, config?.operation)?.template_roles ?? [];
  return ofSchema(roles.map(roleOf).find((one) => one.role === role), "title") || role;
}

/** How the value at `path` of a configuration reads. */
export function textAt(path, value, config, { catalogue, templates }) {
  const [key, part] = path.split(/\.(.*)/);
  if (key === "params") {
    if (!part) return paramsText(value, config, catalogue);
    return valueText(findOperation(catalogue, config?.provider, config?.operation)?.schema.properties?.[part], value);
  }
  if (value === null || value === undefined) return t(has(`field_none.${path}`) ? `field_none.${path}` : "value.none");
  if (key === "provider") return ofSchema(catalogue.find((one) => one.provider === value), "title") || value;
  if (key === "operation") return ofSchema(findOperation(catalogue, config.provider, value), "title") || value;
  if (key === "fallback") return value.map((rung, n) => `${n + 1}. ${rungText(rung, catalogue)}\n${paramsText(rung.params, rung, catalogue)}`).join("\n") || t("value.none");
  if (key === "guest_fields") return value.map((one) => [one.field, ...one.choices ?? []].join(", ")).join("\n") || t("value.none");
  if (key === "template_media") {
    return value.map((one) => `${roleTitle(one.role, config, catalogue)}: ${templates.find(({ media_id: id }) => id === one.media_id)?.label ?? t("diff.gone_picture")}`).join("\n") || t("value.none");
  }
  const numbered = key === "display_name" && /^Slot (\d+)$/.exec(value);
  if (numbered) return t("slot.unnamed", { n: numbered[1] });
  if (has(`choice.${path}.${value}`)) return t(`choice.${path}.${value}`);
  return withUnit(path, value) ?? valueText(undefined, value);
}

/** A table of differences. */
export function Differences({ list, before, after, known }) {
  return html`<div class="table-wrap"><table class="table diff"><thead><tr><th scope="col">${t("diff.field")}</th><th scope="col">${t("diff.before")}</th><th scope="col">${t("diff.after")}</th></tr></thead>
    <tbody>${list.map((one) => html`<tr key=${one.path}><th scope="row">${labelOf(one.path, after, known.catalogue)}</th>
      <td><del>${textAt(one.path, one.before, before, known)}</del></td><td><ins>${textAt(one.path, one.after, after, known)}</ins></td></tr>`)}</tbody></table></div>`;
}
