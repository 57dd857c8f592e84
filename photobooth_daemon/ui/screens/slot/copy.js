// Copies what is saved of a slot to another one, which is left off.

import { html, useState } from "../../core/html.js";
import { get, post } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { slotTitle } from "../../core/names.js";
import { Button, Notice, ProblemNotice } from "../../parts/basics.js";
import { Dialog, openDialog } from "../../parts/dialog.js";
import { SelectField } from "../../parts/fields.js";

function Copy({ slot, slots, close }) {
  const others = slots.filter(({ id }) => id !== slot.id);
  const [to, setTo] = useState((others.find(({ provider }) => !provider) ?? others[0]).id);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const target = others.find(({ id }) => id === to);
  const copy = async () => {
    setBusy(true);
    setProblem(null);
    try {
      // The other slot's version now: what this dialog says of it may be a minute old.
      const { version } = await get(`/api/slots/${to}`);
      close(await post(`/api/slots/${slot.id}/copy`, { json: { to, version } }));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("slot.copy_title", { slot: slotTitle(slot) })} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close(null)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${copy}>${t("slot.copy_here")}<//>`}>
    <${ProblemNotice} problem=${problem} />
    <p>${t("slot.copy_text")}</p>
    <${SelectField} id="copy-to" label=${t("slot.copy_to")} value=${to} options=${others.map((one) => ({ value: one.id, title: slotTitle(one) + (one.provider ? "" : ` — ${t("slot_state.unset").toLowerCase()}`) }))} onInput=${setTo} />
    ${target.provider && html`<${Notice} kind="warn" title=${t("slot.copy_over")}>${t("slot.copy_over_text")}<//>`}
  <//>`;
}

/** Asks where to; returns the slot that the copy made, or null. */
export async function openCopy(slot) {
  const { items } = await get("/api/slots");
  return openDialog((close) => html`<${Copy} slot=${slot} slots=${items} close=${close} />`);
}
