// One slot: what it does with a photo, tried at once, the camera's link, its results and history.

import { html, useCallback, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { del, get, post, put } from "../core/api.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { personName, slotTitle, slotTitleOf } from "../core/names.js";
import { go, link, refine } from "../core/router.js";
import { may } from "../core/session.js";
import { changes, configOf, serverFaults, slotFaults } from "../core/slot_config.js";
import { app } from "../core/store.js";
import { Ago, Button, Notice, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { useArrival } from "../parts/arrive.js";
import { confirm } from "../parts/dialog.js";
import { useLoad } from "../parts/load.js";
import { toast, toastProblem } from "../parts/toast.js";
import { useGuard, useSaveKey } from "../parts/unsaved.js";
import { AnswerPanel } from "./slot/answer.js";
import { CameraPanel } from "./slot/camera.js";
import { resolveConflict } from "./slot/conflict.js";
import { openCopy } from "./slot/copy.js";
import { GuestFieldsPanel } from "./slot/guest_fields.js";
import { HistoryPanel } from "./slot/history.js";
import { IntakePanel } from "./slot/intake.js";
import { keepRecipe } from "./slot/keep_recipe.js";
import { LadderPanel } from "./slot/ladder.js";
import { MissingNotice } from "./slot/missing.js";
import { RecipePanel } from "./slot/recipe.js";
import { ResultsPanel } from "./slot/results.js";
import { BindingsPanel } from "./slot/bindings.js";
import { TryPanel } from "./slot/try.js";

const TABS = ["setup", "camera", "intake", "history"];

async function loadSlot(id, signal) {
  const [slot, providers, templates] = await Promise.all([
    get(`/api/slots/${id}`, { signal }),
    get("/api/providers", { signal }),
    get("/api/template-media", { signal, query: { limit: 200 } }),
  ]);
  return { slot, catalogue: providers.items, templates: templates.items };
}

export function Screen({ id, query }) {
  const { data, problem, reload, setData } = useLoad((signal) => loadSlot(id, signal), [id]);
  if (problem && !data) return html`<${Title}>${slotTitleOf(id)}<//><${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Waiting} rows=${6} />`;
  return html`<${Slot} id=${id} tab=${TABS.includes(query.tab) ? query.tab : "setup"} at=${query.at} data=${data} setData=${setData} />`;
}

function Slot({ id, tab, at, data, setData }) {
  const { slot, catalogue, templates } = data;
  const [draft, setDraft] = useState(() => configOf(slot));
  const [tried, setTried] = useState(false);
  const [refused, setRefused] = useState(null); // what the daemon said of a draft: {draft, faults}
  const [busy, setBusy] = useState(false);
  const [newer, setNewer] = useState(null);
  const known = useMemo(() => ({ catalogue, templates }), [catalogue, templates]);
  const differences = changes(configOf(slot), draft);
  const dirty = differences.length > 0;
  const writable = may("slots:write");
  const faults = useMemo(() => {
    if (refused?.draft === draft) return refused.faults;
    return tried ? slotFaults(draft, catalogue) : new Map();
  }, [draft, tried, refused, app.get().language]);

  useArrival(at);
  useGuard(dirty);
  const take = useCallback((next, { quiet = false } = {}) => {
    setData({ ...data, slot: { ...slot, ...next } });
    setDraft(configOf(next));
    setTried(false);
    setNewer(null);
    if (!quiet) toast(next.provider && !next.enabled && next.missing?.length ? t("slot.saved_missing") : t("slot.saved"));
  }, [data, slot]);
  useOthers({ id, slot, dirty, take, setNewer, setResults: (results) => setData({ ...data, slot: { ...slot, recent_results: results } }) });

  const save = async (version = slot.version, config = draft) => {
    if (busy || !writable) return;
    setTried(true);
    if (slotFaults(config, catalogue).size) {
      focusFirstFault();
      return;
    }
    setBusy(true);
    try {
      take(await put(`/api/slots/${id}`, { version, ...config }));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      if (refusal.code === "version_conflict") await settle();
      else if (refusal.code === "validation_failed") {
        setRefused({ draft: config, faults: serverFaults(refusal.errors, config, catalogue) });
        focusFirstFault();
      } else toastProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  const settle = async () => {
    const theirs = await get(`/api/slots/${id}`);
    const chosen = await resolveConflict({ base: configOf(slot), mine: draft, theirs, known });
    if (!chosen) return;
    setData({ ...data, slot: { ...slot, ...theirs } });
    setNewer(null);
    setDraft(chosen);
    if (changes(configOf(theirs), chosen).length) await saveOver(theirs, chosen);
  };
  const saveOver = async (theirs, chosen) => {
    try {
      take(await put(`/api/slots/${id}`, { version: theirs.version, ...chosen }));
    } catch (refusal) {
      toastProblem(refusal);
    }
  };
  const restore = async (version) => {
    try {
      take(await post(`/api/slots/${id}/revisions/${version}/restore`, { query: { version: slot.version } }), { quiet: true });
      toast(t("history.restored", { version }));
    } catch (refusal) {
      toastProblem(refusal);
    }
  };
  const reset = async () => {
    const before = slot.version;
    if (!(await confirm({ title: t("slot.reset_title", { slot: slotTitle(slot) }), text: t("slot.reset_text"), action: t("slot.reset") }))) return;
    try {
      await del(`/api/slots/${id}`, { query: { version: before } });
      const now = await get(`/api/slots/${id}`);
      take(now, { quiet: true });
      toast(t("slot.reset_done"), { undo: async () => {
        try {
          take(await post(`/api/slots/${id}/revisions/${before}/restore`, { query: { version: now.version } }), { quiet: true });
        } catch (refusal) {
          toastProblem(refusal);
        }
      } });
    } catch (refusal) {
      toastProblem(refusal);
    }
  };
  const copy = async () => {
    try {
      const made = await openCopy(slot);
      if (!made) return;
      toast(t("slot.copied", { slot: slotTitle(made) }));
      go(`slots/${made.id}`);
    } catch (refusal) {
      toastProblem(refusal);
    }
  };
  const keep = async () => {
    if (await keepRecipe(slot)) toast(t("recipes.kept"));
  };
  useSaveKey(() => dirty && save());

  const form = { slot, draft, setDraft, faults, known, disabled: !writable };
  return html`
    <${Title} lead=${html`<span class=${`state-label ${stateWord(slot)}`}><span class=${`state-dot ${stateWord(slot)}`} aria-hidden="true"></span>${t(`slot_state.${stateWord(slot)}`)}</span>
      <span>${t("slot.version", { version: String(slot.version), who: personName(slot.updated_by) })} <${Ago} at=${slot.updated_at} /></span>`}>${slotTitle(slot)}<//>
    ${newer && html`<${Notice} kind="warn" title=${t("slot.newer_title", { who: newer.updated_by ?? "" })} actions=${html`<${Button} kind="small" onClick=${settle}>${t("slot.compare")}<//>`}>${t("slot.newer_text")}<//>`}
    ${!dirty && tab === "setup" && html`<${MissingNotice} slot=${slot} catalogue=${catalogue} />`}
    <${Tabs} id=${id} tab=${tab} />
    ${tab === "history" ? html`<${HistoryPanel} slot=${slot} known=${known} onRestore=${restore} writable=${writable && !dirty} />`
    : tab === "camera" ? html`<${CameraPanel} slot=${slot} />`
    : tab === "intake" ? html`<${IntakePanel} slot=${slot} />`
    : html`<div class=${`columns trying ${draft.provider ? "" : "unset"}`}>
      <div class="stack side">
        <${TryPanel} slot=${slot} draft=${draft} dirty=${dirty} disabled=${!writable} onRefused=${(list) => {
          setTried(true);
          setRefused({ draft, faults: serverFaults(list, draft, catalogue) });
          focusFirstFault();
        }} />
        <${ResultsPanel} results=${slot.recent_results} />
      </div>
      <div class="stack">
        <${RecipePanel} ...${form} />
        <${BindingsPanel} ...${form} onTemplates=${(list) => setData({ ...data, templates: list })} />
        <${GuestFieldsPanel} ...${form} />
        <${LadderPanel} ...${form} />
        <${AnswerPanel} ...${form} />
        ${writable && slot.provider && html`<p class="button-row"><${Button} icon="copy" disabled=${dirty} title=${dirty ? t("slot.copy_unsaved") : undefined} onClick=${copy}>${t("slot.copy")}<//><${Button} icon="picture" disabled=${dirty} title=${dirty ? t("slot.copy_unsaved") : undefined} onClick=${keep}>${t("recipes.keep")}…<//><${Button} kind="danger" icon="trash" onClick=${reset}>${t("slot.reset")}<//></p>`}
      </div>
    </div>`}
    ${dirty && html`<div class="save-bar" role="region" aria-label=${t("slot.unsaved_label")}>
      <p role="status">${faults.size ? html`<span class="fault">${t("slot.faults", { count: faults.size })}</span>` : t("slot.unsaved", { count: differences.length })}</p>
      <div class="button-row"><${Button} onClick=${() => {
        setDraft(configOf(slot));
        setTried(false);
      }}>${t("act.discard")}<//>
      <${Button} kind="primary" busy=${busy} onClick=${() => save()}>${t("act.save")}<//></div>
    </div>`}
  `;
}

function stateWord(slot) {
  if (!slot.provider) return "unset";
  return slot.enabled ? "on" : "off";
}

function Tabs({ id, tab }) {
  return html`<ul class="tabs" aria-label=${t("slot.parts")}>${TABS.map((name) => html`<li key=${name}><a href=${link(`slots/${id}`, name === "setup" ? {} : { tab: name })} aria-current=${name === tab ? "page" : undefined} onClick=${(event) => {
    event.preventDefault();
    refine(`slots/${id}`, name === "setup" ? {} : { tab: name });
  }}>${t(`slot.tab.${name}`)}</a></li>`)}</ul>`;
}

function focusFirstFault() {
  requestAnimationFrame(() => setTimeout(() => document.querySelector("[aria-invalid='true'], .fault button, .faulty select")?.focus(), 0));
}

// Another administrator's change arrives: taken at once while nothing is unsaved here, else announced.
function useOthers(context) {
  const latest = useRef(context);
  latest.current = context;
  useEffect(() => onEvent(async (type, value) => {
    const { id, slot, dirty, take, setNewer, setResults } = latest.current;
    const again = type === "reconnected" || type === "reset";
    try {
      if ((type === "slot" && value.slot_id === id && value.version > slot.version) || again) {
        const now = await get(`/api/slots/${id}`);
        if (now.version <= latest.current.slot.version) return;
        if (dirty) setNewer(now);
        else take(now, { quiet: true });
      } else if (type === "job" && value.slot_id === id && value.status === "done") {
        setResults((await get(`/api/slots/${id}`)).recent_results);
      }
    } catch (problem) {
      if (!problem.code) throw problem; // the next event, or the notice about the connection, will do
    }
  }), []);
}
