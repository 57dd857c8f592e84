// The template library: pictures that slots use, where each is used, adding and removing.

import { html, useState } from "../core/html.js";
import { del, get } from "../core/api.js";
import { TEMPLATE } from "../core/bounds.js";
import { size } from "../core/format.js";
import { t } from "../core/i18n.js";
import { slotTitleOf } from "../core/names.js";
import { link } from "../core/router.js";
import { may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Ago, Button, Empty, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { Dialog, confirm, openDialog } from "../parts/dialog.js";
import { DropZone } from "../parts/drop_zone.js";
import { TextField } from "../parts/fields.js";
import { useLoad } from "../parts/load.js";
import { registerTemplate } from "../parts/register_template.js";
import { toast, toastProblem } from "../parts/toast.js";

const ACCEPT = "image/png,image/webp,image/jpeg,image/avif";

function Naming({ file, close }) {
  const [label, setLabel] = useState(file.name.replace(/\.[^.]+$/, ""));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const add = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      close(await registerTemplate(file, label.trim()));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("templates.add")} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close(null)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${add}>${t("templates.add")}<//>`}>
    <form class="stack" onSubmit=${add}><${ProblemNotice} problem=${problem} />
      <${TextField} id="label" label=${t("templates.label")} hint=${t("templates.label_hint")} value=${label} onInput=${setLabel} input=${{ maxlength: TEMPLATE.label.maxLength, autofocus: true }} />
      <p class="quiet">${file.name} · ${size(file.size)}</p></form>
  <//>`;
}

function Template({ one, onDelete }) {
  const slots = useStore(app, (state) => state.slots);
  return html`<li class="template">
    <a class="template-picture" href=${one.content_url} target="_blank" rel="noopener"><img class="checked" src=${one.preview_url} alt=${one.label} loading="lazy" decoding="async" /></a>
    <div class="template-body"><h2>${one.label || t("templates.unnamed")}</h2>
      <p class="quiet">${one.width} × ${one.height} · ${size(one.size_bytes)}</p>
      <p class="quiet">${one.created_by}, <${Ago} at=${one.created_at} /></p>
      <p>${one.used_by.length ? html`${t("templates.used_by")} ${one.used_by.map((id, n) => [n > 0 && ", ", html`<a href=${link(`slots/${id}`)}>${slotTitleOf(id, slots)}</a>`])}` : html`<span class="quiet">${t("templates.unused")}</span>`}</p>
      ${may("media:write") && html`<div><${Button} kind="small danger" icon="trash" aria-label=${t("templates.delete", { label: one.label })} onClick=${() => onDelete(one)}>${t("act.delete")}<//></div>`}</div>
  </li>`;
}

export function Screen() {
  const { data, problem, reload, setData } = useLoad((signal) => get("/api/template-media", { signal, query: { limit: 200 } }), []);
  const add = async (file) => {
    const one = await openDialog((close) => html`<${Naming} file=${file} close=${close} />`);
    if (!one) return;
    toast(t("templates.added"));
    setData({ ...data, items: [one, ...data.items.filter(({ media_id: id }) => id !== one.media_id)] });
  };
  const remove = async (one) => {
    const used = one.used_by.length > 0;
    const text = used ? t("templates.delete_used", { slots: one.used_by.map((id) => slotTitleOf(id)).join(", ") }) : t("templates.delete_text");
    if (!(await confirm({ title: t("templates.delete", { label: one.label }), text, action: t("act.delete") }))) return;
    try {
      await del(`/api/template-media/${one.media_id}`, { query: used ? { unbind: 1 } : {} });
      setData({ ...data, items: data.items.filter(({ media_id: id }) => id !== one.media_id) });
      toast(t("templates.deleted"));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      toastProblem(refusal);
      if (refusal.code === "in_use") reload();
    }
  };
  return html`
    <${Title}>${t("screen.templates")}<//>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${4} />`}
    ${data && html`<div class="stack">
      ${may("media:write") && html`<${DropZone} label=${t("templates.drop")} accept=${ACCEPT} onFile=${add} />`}
      ${data.items.length === 0 ? html`<${Empty} icon="templates" title=${t("templates.none")}>${t("templates.none_todo")}<//>`
      : html`<ul class="templates" aria-label=${t("screen.templates")}>${data.items.map((one) => html`<${Template} key=${one.media_id} one=${one} onDelete=${remove} />`)}</ul>`}
    </div>`}
  `;
}
