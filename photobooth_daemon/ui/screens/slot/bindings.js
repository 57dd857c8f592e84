// Templates of the slot by role: dropped from the library or the desktop, or chosen with a button.

import { html, useState } from "../../core/html.js";
import { post } from "../../core/api.js";
import { ofSchema, t } from "../../core/i18n.js";
import { may } from "../../core/session.js";
import { findOperation } from "../../core/catalogue.js";
import { roleOf } from "../../core/slot_config.js";
import { Button, Empty, IconButton, Panel } from "../../parts/basics.js";
import { Dialog, openDialog } from "../../parts/dialog.js";
import { DropZone } from "../../parts/drop_zone.js";
import { Icon } from "../../parts/icons.js";
import { registerTemplate } from "../../parts/register_template.js";
import { toastProblem } from "../../parts/toast.js";

const TEMPLATE_TYPE = "application/x-photobooth-template";

// A full role takes no more; one that has a single place takes another picture instead.
function countText({ min, max }, count) {
  if (count >= max) return t("bindings.full");
  if (max === 1) return t(min ? "bindings.needs_one" : "bindings.may_one");
  return min ? t("bindings.count", { min, max }) : t("bindings.may", { count: max });
}

function Picker({ templates, close }) {
  return html`<${Dialog} wide title=${t("bindings.choose")} onClose=${() => close(null)}>
    ${templates.length === 0 && html`<${Empty} icon="templates" title=${t("templates.none")}>${t("templates.none_todo")}<//>`}
    <ul class="library">${templates.map((one) => html`<li key=${one.media_id}><button type="button" class="library-item" onClick=${() => close(one)}>
      <img class="checked" src=${one.preview_url} alt="" loading="lazy" /><span>${one.label || t("templates.unnamed")}</span><small>${one.width} × ${one.height}</small></button></li>`)}</ul>
  <//>`;
}

function Bound({ template, onRemove, onMove, first, last, disabled }) {
  return html`<li class="bound">
    ${template ? html`<img class="checked" src=${template.preview_url} alt="" />` : html`<${Icon} name="warning" />`}
    <span>${template ? template.label || t("templates.unnamed") : t("bindings.gone")}</span>
    ${!disabled && html`<span class="bound-actions">
      ${!(first && last) && html`<${IconButton} icon="up" kind="small" label=${t("bindings.up")} disabled=${first} onClick=${() => onMove(-1)} /><${IconButton} icon="down" kind="small" label=${t("bindings.down")} disabled=${last} onClick=${() => onMove(1)} />`}
      <${IconButton} icon="close" kind="small" label=${t("bindings.remove", { label: template?.label ?? "" })} onClick=${onRemove} /></span>`}
  </li>`;
}

export function BindingsPanel({ draft, setDraft, faults, known, disabled, onTemplates }) {
  const [busy, setBusy] = useState(false);
  const roles = (findOperation(known.catalogue, draft.provider, draft.operation)?.template_roles ?? []).map(roleOf);
  if (!roles.length) return null;
  const { templates } = known;
  const put = (list) => setDraft({ ...draft, template_media: list });
  const indexesOf = (role) => draft.template_media.flatMap((one, n) => (one.role === role ? [n] : []));
  const bind = (role, mediaId) => {
    const others = draft.template_media.filter((one) => one.role !== role.role);
    const own = draft.template_media.filter((one) => one.role === role.role);
    const next = [...own.slice(0, role.max === 1 ? 0 : own.length), { role: role.role, media_id: mediaId }];
    put([...others, ...next]);
  };
  const choose = async (role) => {
    const one = await openDialog((close) => html`<${Picker} templates=${templates} close=${close} />`);
    if (one) bind(role, one.media_id);
  };
  const upload = async (role, file) => {
    setBusy(true);
    try {
      const one = await registerTemplate(file);
      onTemplates([one, ...templates]);
      bind(role, one.media_id);
    } catch (problem) {
      if (!problem.code) throw problem;
      toastProblem(problem);
    } finally {
      setBusy(false);
    }
  };
  const swap = (one, other) => {
    const list = [...draft.template_media];
    [list[one], list[other]] = [list[other], list[one]];
    put(list);
  };
  const free = templates.slice(0, 12);
  return html`<${Panel} id="bindings" title=${t("field.template_media")}>
    ${faults.get("/template_media") && html`<p class="fault">${faults.get("/template_media")}</p>`}
    <div class="stack">${roles.map((role) => {
      const indexes = indexesOf(role.role);
      const fault = faults.get(`/template_media/${role.role}`) ?? indexes.map((n) => faults.get(`/template_media/${n}/role`) ?? faults.get(`/template_media/${n}/media_id`)).find(Boolean);
      return html`<div key=${role.role} class="role"><h3>${ofSchema(role, "title") || role.role} <span class="optional">${countText(role, indexes.length)}</span></h3>
        ${ofSchema(role, "description") && html`<p class="hint">${ofSchema(role, "description")}</p>`}
        ${indexes.length > 0 && html`<ul class="bounds">${indexes.map((n, i) => html`<${Bound} key=${draft.template_media[n].media_id + i} disabled=${disabled}
          template=${templates.find((one) => one.media_id === draft.template_media[n].media_id)} first=${i === 0} last=${i === indexes.length - 1}
          onRemove=${() => put(draft.template_media.filter((_, at) => at !== n))} onMove=${(step) => swap(n, indexes[i + step])} />`)}</ul>`}
        ${!disabled && (indexes.length < role.max || role.max === 1) && html`<${DropZone} type=${TEMPLATE_TYPE} busy=${busy} full=${indexes.length === role.max} label=${t("bindings.drop")} accept="image/png,image/webp,image/jpeg,image/avif" onFile=${may("media:write") ? (file) => upload(role, file) : null} onItem=${(mediaId) => bind(role, mediaId)}
          actions=${html`<${Button} kind="small" icon="templates" onClick=${() => choose(role)}>${t("bindings.choose")}<//>`} />`}
        ${fault && html`<p class="fault" role="alert">${fault}</p>`}
      </div>`;
    })}</div>
    ${!disabled && free.length > 0 && html`<p class="hint shelf-title" id="shelf">${t("bindings.shelf")}</p><ul class="shelf" tabindex="0" aria-labelledby="shelf">${free.map((one) => html`<li key=${one.media_id} draggable="true" title=${one.label} onDragStart=${(event) => {
      event.dataTransfer.setData(TEMPLATE_TYPE, one.media_id);
      event.dataTransfer.effectAllowed = "copy";
    }}><img class="checked" src=${one.preview_url} alt=${one.label} loading="lazy" draggable="false" /></li>`)}</ul>`}
  <//>`;
}
