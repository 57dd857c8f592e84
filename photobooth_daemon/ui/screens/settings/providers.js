// The providers: is a key there and from where, a new one, does it answer, what it offers.

import { html, useEffect, useState } from "../../core/html.js";
import { del, get, post, put } from "../../core/api.js";
import { PROVIDER_KEY } from "../../core/bounds.js";
import { duration } from "../../core/format.js";
import { ofSchema, t } from "../../core/i18n.js";
import { onEvent } from "../../core/live.js";
import { readCatalogue } from "../../core/names.js";
import { remember } from "../../core/prefs.js";
import { faultsOf } from "../../core/schema.js";
import { may } from "../../core/session.js";
import { app } from "../../core/store.js";
import { Button, Notice, Panel, ProblemNotice, Waiting } from "../../parts/basics.js";
import { Dialog, confirm, openDialog } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";
import { useLoad } from "../../parts/load.js";
import { toast, toastProblem } from "../../parts/toast.js";

const OURS = "administrator"; // where a key comes from that was entered here
const MODELS_SHOWN = 40;

function KeyForm({ one, close }) {
  const [key, setKey] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const fault = faultsOf(PROVIDER_KEY, key.trim()).size ? t("providers.key_fault") : null;
  const save = async (event) => {
    event?.preventDefault();
    setTried(true);
    if (fault || busy) return;
    setBusy(true);
    try {
      await put(`/api/providers/${one.provider}/key`, { api_key: key.trim() });
      close(true);
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("providers.key_of", { provider: ofSchema(one, "title") })} onClose=${() => close(false)} footer=${html`<${Button} onClick=${() => close(false)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${save}>${t("providers.save_key")}<//>`}>
    <p>${t("providers.key_text")}</p>
    <${ProblemNotice} problem=${problem} />
    <form onSubmit=${save}><${TextField} id="api-key" type="password" label=${t("providers.key")} hint=${t("providers.key_hint")} fault=${tried ? fault : null} value=${key} onInput=${setKey} input=${{ autocomplete: "off", spellcheck: false, autofocus: true }} /></form>
  <//>`;
}

function Models({ models }) {
  const more = models.length - MODELS_SHOWN;
  return html`<details class="models"><summary>${t("providers.models", { count: models.length })}</summary>
    <ul>${models.slice(0, MODELS_SHOWN).map((name) => html`<li key=${name} class="mono">${name}</li>`)}</ul>
    ${more > 0 && html`<p class="quiet">${t("providers.models_more", { count: more })}</p>`}</details>`;
}

function Found({ one, found }) {
  const { language } = app.get();
  const title = found.ok && !one.takes_key ? t("providers.works") : found.message[language];
  return html`<${Notice} kind=${found.ok ? "ok" : "bad"} title=${title} role="status">
    ${found.ok && html`<p class="quiet">${t("providers.answered_in", { time: duration(found.latency_ms) })}</p>`}
    ${found.models?.length > 0 && html`<${Models} models=${found.models} />`}
  <//>`;
}

function Source({ one, source }) {
  if (!one.configured) return html`<span class="status pending">${t(source ? "providers.no_address" : "settings.not_configured")}</span>`;
  if (source) return html`<span class="status done">${t(`key_source.${source}`)}</span>`;
  return html`<span class="status done">${t(one.takes_key ? "providers.own_address" : "providers.no_key_needed")}</span>`;
}

function Provider({ one, source, onChanged }) {
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState(false);
  const name = ofSchema(one, "title") || one.provider;
  const ours = one.takes_key && (!source || source === OURS);
  const check = async () => {
    setBusy(true);
    try {
      const answer = await post(`/api/providers/${one.provider}/check`);
      remember(`check.${one.provider}`, answer.code ?? "ok");
      setFound(answer);
    } catch (problem) {
      if (!problem.code) throw problem;
      toastProblem(problem);
    } finally {
      setBusy(false);
    }
  };
  const enter = async () => {
    if (!(await openDialog((close) => html`<${KeyForm} one=${one} close=${close} />`))) return;
    toast(t("providers.key_saved"));
    await onChanged();
    if (may("slots:write")) await check();
  };
  const forget = async () => {
    if (!(await confirm({ title: t("providers.forget_title", { provider: name }), text: t("providers.forget_text"), action: t("providers.forget") }))) return;
    try {
      await del(`/api/providers/${one.provider}/key`);
      remember(`check.${one.provider}`, "");
      setFound(null);
      toast(t("providers.forgotten"));
      await onChanged();
    } catch (problem) {
      if (!problem.code) throw problem;
      toastProblem(problem);
    }
  };
  return html`<li id=${`provider-${one.provider}`}>
    <header><h3>${name}</h3><${Source} one=${one} source=${source} /></header>
    ${one.takes_key && source && source !== OURS && html`<p class="hint">${t("providers.elsewhere", { source: t(`key_source.${source}`) })}</p>`}
    <div class="button-row">
      ${ours && may("providers:write") && html`<${Button} kind="small" icon="key" aria-label=${t(source ? "providers.replace_of" : "providers.enter_of", { provider: name })} onClick=${enter}>${t(source ? "providers.replace" : "providers.enter")}<//>`}
      ${may("slots:write") && (one.configured || !one.takes_key) && html`<${Button} kind="small" icon="refresh" busy=${busy} aria-label=${t("providers.check_of", { provider: name })} onClick=${check}>${t("providers.check")}<//>`}
      ${ours && source && may("providers:write") && html`<${Button} kind="small danger" icon="trash" aria-label=${t("providers.forget_of", { provider: name })} onClick=${forget}>${t("providers.forget")}<//>`}
    </div>
    ${found && html`<${Found} one=${one} found=${found} />`}
  </li>`;
}

async function loadProviders() {
  const [catalogue, settings] = await Promise.all([readCatalogue(), get("/api/settings")]);
  return { catalogue, sources: settings.providers };
}

export function ProvidersPanel() {
  const { data, problem, reload } = useLoad(() => (may("slots:read") ? loadProviders() : null), []);
  useEffect(() => onEvent((type, value) => (type === "reconnected" || (type === "settings" && value.provider)) && reload()), []);
  if (!may("slots:read")) return null;
  return html`<${Panel} id="providers" title=${t("settings.providers")} note=${t("settings.providers_note")}>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${3} />`}
    ${data && html`<ul class="providers">${data.catalogue.map((one) => html`<${Provider} key=${one.provider} one=${one} source=${data.sources[one.provider]?.source ?? null} onChanged=${reload} />`)}</ul>`}
  <//>`;
}
