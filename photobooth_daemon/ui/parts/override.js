// An event is running and keeps something as it is: change it anyway, and say why?

import { html, useState } from "../core/html.js";
import { REASON } from "../core/bounds.js";
import { minute } from "../core/format.js";
import { t } from "../core/i18n.js";
import { faultsOf } from "../core/schema.js";
import { Button, Notice } from "./basics.js";
import { Dialog, openDialog } from "./dialog.js";
import { TextField } from "./fields.js";

/** Returns the reason as it is kept: one line without outer spaces. */
export function cleanReason(text) {
  return text.trim().replace(/\s+/g, " ");
}

function Reason({ event, close }) {
  const [typed, setTyped] = useState("");
  const [tried, setTried] = useState(false);
  const reason = cleanReason(typed);
  const fault = faultsOf(REASON, reason).get("");
  const send = (submitted) => {
    submitted?.preventDefault();
    setTried(true);
    if (!fault) close(reason);
  };
  return html`<${Dialog} title=${t("override.title")} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close(null)}>${t("override.leave")}<//><${Button} kind="danger" onClick=${send}>${t("override.go_on")}<//>`}>
    <${Notice} kind="warn" title=${t("override.event", { name: event.name, until: minute(event.ends_at) })}>${t("override.by", { who: event.updated_by })}<//>
    <form onSubmit=${send}><${TextField} id="override-reason" label=${t("override.reason")} hint=${t("override.reason_hint", { min: REASON.minLength, max: REASON.maxLength })} fault=${tried ? fault : null} value=${typed} onInput=${setTyped} input=${{ maxlength: REASON.maxLength, autofocus: true, autocomplete: "off" }} /></form>
  <//>`;
}

/** Asks why something is changed all the same; null lets it be. */
export function askForReason(event) {
  return openDialog((close) => html`<${Reason} event=${event} close=${close} />`, { over: true });
}
