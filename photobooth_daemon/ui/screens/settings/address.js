// The address that links begin with: set here, unless the server's configuration file gives it.

import { html } from "../../core/html.js";
import { SETTINGS } from "../../core/bounds.js";
import { t } from "../../core/i18n.js";
import { Button, Notice, Panel } from "../../parts/basics.js";
import { TextField } from "../../parts/fields.js";

const ADDRESS = new RegExp(SETTINGS.public_url.pattern, "u");
const HERE_ONLY = ["localhost", "127.0.0.1", "[::1]"];

function isHereOnly(address) {
  return ADDRESS.test(address ?? "") && URL.canParse(address) && HERE_ONLY.includes(new URL(address).hostname);
}

/** Returns why an address is not taken, in words, or undefined. */
export function addressFault(address) {
  return !address || (ADDRESS.test(address) && URL.canParse(address)) ? undefined : t("address.fault");
}

export function AddressPanel({ inForce, value, fault, writable, onInput }) {
  const here = HERE_ONLY.includes(location.hostname) || location.origin === value ? null : location.origin;
  if (inForce.source === "config") {
    return html`<${Panel} id="address" title=${t("address.title")} note=${t("address.note")}>
      <p class="mono">${inForce.url}</p><p class="hint">${t("address.elsewhere")}</p><//>`;
  }
  return html`<${Panel} id="address" title=${t("address.title")} note=${t("address.note")}>
    ${isHereOnly(value) && html`<${Notice} kind="warn" title=${t("address.here_only")}>${t("address.here_only_todo")}<//>`}
    <fieldset disabled=${!writable}>
      <${TextField} id="public_url" label=${t("setting.public_url")} hint=${t("setting_hint.public_url")} fault=${fault} value=${value ?? ""} placeholder=${t("address.none")} onInput=${(text) => onInput(text.trim() || null)} input=${{ type: "url", inputmode: "url", autocomplete: "off", spellcheck: false, class: "input mono" }} />
      ${here && html`<p class="button-row spaced"><${Button} kind="small" onClick=${() => onInput(here)}>${t("address.take_here", { address: here })}<//></p>`}
    </fieldset>
  <//>`;
}
