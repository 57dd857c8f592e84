// A new password for the booths: made or typed here, shown once, in force with the next photo.

import { html, useState } from "../../core/html.js";
import { get, put } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { Button, CopyButton, Notice, ProblemNotice } from "../../parts/basics.js";
import { Dialog, openDialog } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";
import { makePassword, passwordFault } from "../../parts/new_password.js";

function Rotation({ settings, close }) {
  const [password, setPassword] = useState(makePassword);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [saved, setSaved] = useState(null);
  const fault = passwordFault(password);
  const save = async (event) => {
    event?.preventDefault();
    setTried(true);
    if (fault || busy) return;
    setBusy(true);
    try {
      setSaved(await rotate(settings, password));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  if (saved) {
    return html`<${Dialog} title=${t("rotation.done")} onClose=${() => close(saved)} footer=${html`<${Button} kind="primary" onClick=${() => close(saved)}>${t("rotation.noted")}<//>`}>
      <${Notice} kind="ok" title=${t("rotation.in_force")}>${t("rotation.now_booths")}<//>
      <p class="secret"><code>${password}</code><${CopyButton} text=${password} /></p>
      <p class="quiet">${t("rotation.once")}</p>
    <//>`;
  }
  return html`<${Dialog} title=${t("rotation.title")} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close(null)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${save}>${t("rotation.save")}<//>`}>
    <${Notice} kind="warn">${t("rotation.warning")}<//>
    <${ProblemNotice} problem=${problem} />
    <form onSubmit=${save} class="stack">
      <${TextField} id="ingest-password" label=${t("rotation.password")} hint=${t("password.hint")} fault=${tried ? fault : null} value=${password} onInput=${setPassword} input=${{ autocomplete: "off", spellcheck: false, autocapitalize: "none", class: "input mono" }} />
      <div class="button-row"><${CopyButton} text=${password} /><${Button} kind="small" icon="refresh" onClick=${() => setPassword(makePassword())}>${t("rotation.another")}<//></div>
    </form>
  <//>`;
}

// The password does not depend on the other settings: a change of those meanwhile is no conflict.
async function rotate(settings, password) {
  try {
    return await put("/api/settings", { version: settings.version, ingest_password: password });
  } catch (refusal) {
    if (refusal.code !== "version_conflict") throw refusal;
    const { version } = await get("/api/settings");
    return put("/api/settings", { version, ingest_password: password });
  }
}

/** Opens the dialog; returns the settings after the change, or null. */
export function openRotation(settings) {
  return openDialog((close) => html`<${Rotation} settings=${settings} close=${close} />`);
}
