// How a booth reaches this slot: the link, and a recipe for DSLR Remote Pro.

import { html, useEffect } from "../../core/html.js";
import { get } from "../../core/api.js";
import { rich, t } from "../../core/i18n.js";
import { remember } from "../../core/prefs.js";
import { may } from "../../core/session.js";
import { CopyButton, Notice, Panel } from "../../parts/basics.js";
import { useLoad } from "../../parts/load.js";
import { Value } from "./value.js";

const SPARE_SECONDS = 7; // the booth has to wait longer than the daemon: upload and download count for it
const DEFAULT_WINDOW_SECONDS = 48;
const BOOTH_EDGE_PX = 2048; // a small upright JPEG goes to the provider as it is

export function CameraPanel({ slot }) {
  const { data: settings } = useLoad((signal) => (may("settings:read") ? get("/api/settings", { signal }) : Promise.resolve(null)), []);
  // The first steps tick off that the address has been fetched from here.
  useEffect(() => remember("address_seen", slot.id), []);
  const address = new URL(slot.ingest_url, location.origin);
  const plain = address.href;
  if (slot.response_mode !== "image") address.searchParams.set("response", "image");
  const windowSeconds = slot.sync_response_seconds ?? settings?.sync_response_seconds ?? DEFAULT_WINDOW_SECONDS;
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(address.hostname);
  const command = `curl -F password=… -F fileToUpload=@photo.jpg "${address.href}" -o result.jpg`;
  return html`<div class="stack narrow">
    ${!slot.enabled && html`<${Notice} kind="warn" title=${t("camera.off")}>${t("camera.off_todo")}<//>`}
    ${local && html`<${Notice} kind="warn" title=${t("camera.local")}>${t("camera.local_todo")}<//>`}
    ${settings && !settings.ingest_password.set && html`<${Notice} kind="bad" title=${t("camera.no_password")} actions=${html`<a class="button small" href="#/settings">${t("screen.settings")}</a>`}>${t("camera.no_password_todo")}<//>`}
    <${Panel} id="link" title=${t("camera.link")}>
      <div class="copy-row"><input class="input mono" readonly aria-label=${t("camera.link")} value=${plain} onFocus=${(event) => event.target.select()} /><${CopyButton} text=${plain} kind="primary" /></div>
    <//>
    <${Panel} id="dslr" title=${t("camera.recipe")} note=${rich("camera.recipe_where", { path: html`<b>Output Settings → Postprocess photos → Web based (HTTP POST)</b>` })}>
      <dl class="recipe">
        <${Value} name="URL" value=${address.href} copy note=${slot.response_mode !== "image" && t("camera.response_note")} />
        <${Value} name="Password / API key" value=${t("camera.password")} note=${t("camera.password_note")} />
        <${Value} name="Timeout" value=${t("camera.seconds", { count: windowSeconds + SPARE_SECONDS })} note=${t("camera.timeout_note", { count: windowSeconds })} />
        <${Value} name="Max image size (pixels)" value=${String(BOOTH_EDGE_PX)} note=${t("camera.size_note")} />
        <${Value} name="Save copy of original photo" value=${t("value.yes")} note=${t("camera.original_note")} />
      </dl>
    <//>
    <${Panel} id="curl" title=${t("camera.by_hand")} note=${t("camera.by_hand_note")}>
      <div class="copy-row"><code class="command">${command}</code><${CopyButton} text=${command} /></div>
    <//>
  </div>`;
}
