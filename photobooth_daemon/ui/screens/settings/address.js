// The address that links begin with: set here, unless the server's configuration file gives it.

import { html } from "../../core/html.js";
import { SETTINGS } from "../../core/bounds.js";
import { isHereOnly } from "../../core/addresses.js";
import { get } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { may } from "../../core/session.js";
import { Button, Notice, Panel } from "../../parts/basics.js";
import { TextField } from "../../parts/fields.js";
import { useLoad } from "../../parts/load.js";

const ADDRESS = new RegExp(SETTINGS.public_url.pattern, "u");

const isAddress = (text) => ADDRESS.test(text ?? "") && URL.canParse(text);

/** Returns why an address is not taken, in words, or undefined. */
export function addressFault(address) {
  return !address || isAddress(address) ? undefined : t("address.fault");
}

export function AddressPanel({ inForce, value, fault, writable, onInput }) {
  const { data: own } = useLoad((signal) => (may("slots:read") ? get("/api/addresses", { signal }) : null), []);
  // What the page was opened by, and this machine's own addresses as far as others can reach them; a
  // number is sure to be found, a name is not everywhere.
  const open = (own?.items ?? []).filter((one) => one.is_open).sort((one, other) => one.is_name - other.is_name);
  const offered = [location.origin, ...open.map(({ url }) => url)];
  const offers = [...new Set(offered)].filter((url) => !isHereOnly(url) && url !== value);
  if (inForce.source === "config") {
    return html`<${Panel} id="address" title=${t("address.title")} note=${t("address.note")}>
      <p class="mono">${inForce.url}</p><p class="hint">${t("address.elsewhere")}</p><//>`;
  }
  return html`<${Panel} id="address" title=${t("address.title")} note=${t("address.note")}>
    ${isAddress(value) && isHereOnly(value) && html`<${Notice} kind="warn" title=${t("address.here_only")}>${t("address.here_only_todo")}<//>`}
    <fieldset disabled=${!writable}>
      <${TextField} id="public_url" label=${t("setting.public_url")} hint=${t("setting_hint.public_url")} fault=${fault} value=${value ?? ""} placeholder=${t("address.none")} onInput=${(text) => onInput(text.trim() || null)} input=${{ type: "url", inputmode: "url", autocomplete: "off", spellcheck: false, class: "input mono" }} />
      ${offers.length > 0 && html`<p class="button-row spaced">${offers.map((url) => html`<${Button} key=${url} kind="small" onClick=${() => onInput(url)}>${t("address.take_here", { address: url })}<//>`)}</p>`}
    </fieldset>
  <//>`;
}
