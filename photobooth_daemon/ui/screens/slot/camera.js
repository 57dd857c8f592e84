// How a booth reaches this slot: one address, what goes with it, and the other programs folded.

import { html, useEffect, useState } from "../../core/html.js";
import { basesOf, isHereOnly } from "../../core/addresses.js";
import { get } from "../../core/api.js";
import { rich, t } from "../../core/i18n.js";
import { remember } from "../../core/prefs.js";
import { link } from "../../core/router.js";
import { may } from "../../core/session.js";
import { CopyButton, Notice, Panel } from "../../parts/basics.js";
import { Segments } from "../../parts/fields.js";
import { Fold } from "../../parts/fold.js";
import { useLoad } from "../../parts/load.js";
import { Value } from "./value.js";

const SPARE_SECONDS = 7; // the booth has to wait longer than the daemon: upload and download count for it
const DEFAULT_WINDOW_SECONDS = 48;
const BOOTH_EDGE_PX = 2048; // a small upright JPEG goes to the provider as it is
const [PHOTO_FIELD, PASSWORD_FIELD] = ["fileToUpload", "password"];
const LAN_COMMAND = "make quickstart QUICKSTART_ARGS=--lan";

function Unreachable() {
  return html`<${Notice} kind="warn" title=${t("camera.closed")}>${t("camera.closed_todo")}
    <details><summary>${t("camera.how")}</summary><p>${t("camera.how_quickstart")}</p><div class="copy-row"><code class="command">${LAN_COMMAND}</code><${CopyButton} text=${LAN_COMMAND} /></div><p>${t("camera.how_installed")}</p></details><//>`;
}

function baseTitle(base) {
  return isHereOnly(base) ? t("camera.here") : new URL(base).hostname;
}

function Address({ slot, address, base, bases, reachable, onChoose }) {
  return html`${!reachable && html`<${Unreachable} />`}
    ${bases.length > 1 && html`<${Segments} name="base" legend=${t("camera.base")} value=${base} options=${bases.map((value) => ({ value, title: baseTitle(value) }))} onInput=${onChoose} />
      <p class="hint">${t("camera.base_hint")} ${may("settings:write") && html`<a href=${link("settings", { at: "address" })}>${t("camera.base_settle")}</a>`}</p>`}
    <div class="address-row"><div class="stack">
      <div class="copy-row"><textarea class="input code address" rows="2" readonly aria-label=${t("camera.link")} value=${address} onFocus=${(event) => event.target.select()} /><${CopyButton} text=${address} kind="primary" /></div>
      <p class="hint">${t("camera.qr_note")}</p></div>
      <img class="qr" src=${`/api/slots/${slot.id}/qr.svg?base=${encodeURIComponent(base)}`} alt=${t("camera.qr")} width="140" height="140" /></div>`;
}

function Others({ plain }) {
  const command = `curl -F ${PASSWORD_FIELD}=… -F ${PHOTO_FIELD}=@photo.jpg "${plain}?response=image" -o result.jpg`;
  return html`<${Fold} id="others" title=${t("camera.others")} summary=${t("camera.others_note")}>
    <dl class="recipe">
      <${Value} name=${t("camera.json")} value=${`${plain}?response=json`} copy />
      <${Value} name=${t("camera.text")} value=${`${plain}?response=text`} copy />
      <${Value} name=${t("camera.form")} value="multipart/form-data" note=${rich("camera.form_note", { photo: html`<code>${PHOTO_FIELD}</code>`, password: html`<code>${PASSWORD_FIELD}</code>` })} />
    </dl>
    <div><h3>${t("camera.by_hand")}</h3><p class="hint">${t("camera.by_hand_note")}</p><div class="copy-row spaced" id="curl"><code class="command">${command}</code><${CopyButton} text=${command} /></div></div>
  <//>`;
}

export function CameraPanel({ slot }) {
  const { data: settings } = useLoad((signal) => (may("settings:read") ? get("/api/settings", { signal }) : Promise.resolve(null)), []);
  const local = isHereOnly(slot.links.ingest);
  const { data: own, loading } = useLoad((signal) => (local ? get("/api/addresses", { signal }) : null), [local]);
  const [picked, setPicked] = useState(null);
  // The first steps tick off that the address has been fetched from here.
  useEffect(() => remember("address_seen", slot.id), []);
  const { bases, chosen, reachable } = basesOf(slot.links.ingest, own?.items ?? []);
  const base = bases.includes(picked) ? picked : chosen;
  const plain = base + new URL(slot.ingest_url, location.origin).pathname;
  const windowSeconds = slot.sync_response_seconds ?? settings?.sync_response_seconds ?? DEFAULT_WINDOW_SECONDS;
  return html`<div class="stack narrow">
    ${!slot.enabled && html`<${Notice} kind="warn" title=${t("camera.off")}>${t("camera.off_todo")}<//>`}
    ${settings && !settings.ingest_password.set && html`<${Notice} kind="bad" title=${t("camera.no_password")} actions=${html`<a class="button small" href=${link("settings", { at: "ingest" })}>${t("screen.settings")}</a>`}>${t("camera.no_password_todo")}<//>`}
    <${Panel} id="dslr" title=${t("camera.link")} note=${t("camera.link_note")}>
      <div class="stack">
        <${Address} slot=${slot} address=${`${plain}?response=image`} base=${base} bases=${bases} reachable=${reachable || loading} onChoose=${setPicked} />
        <div class="sub"><h3>${t("camera.recipe")}</h3><p class="hint">${rich("camera.recipe_where", { path: html`<b>Output Settings → Postprocess photos → Web based (HTTP POST)</b>` })}</p>
        <dl class="recipe">
          <${Value} name="URL" value=${t("camera.url")} />
          <${Value} name="Password / API key" value=${t("camera.password")} note=${t("camera.password_note")} />
          <${Value} name="Timeout" value=${t("camera.seconds", { count: windowSeconds + SPARE_SECONDS })} note=${t("camera.timeout_note", { count: windowSeconds })} />
          <${Value} name="Max image size (pixels)" value=${String(BOOTH_EDGE_PX)} note=${t("camera.size_note")} />
          <${Value} name="Save copy of original photo" value=${t("value.yes")} note=${t("camera.original_note")} />
        </dl></div>
      </div>
    <//>
    <${Others} plain=${plain} />
  </div>`;
}
