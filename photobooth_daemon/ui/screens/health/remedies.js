// What can be done here about what readiness found: a button, or a link to the field.

import { html, useState } from "../../core/html.js";
import { has, t } from "../../core/i18n.js";
import { link } from "../../core/router.js";
import { may } from "../../core/session.js";
import { app } from "../../core/store.js";
import { Button } from "../../parts/basics.js";

const settings = (at) => ({ href: () => link("settings", { at }), needs: "settings:write" });
const slot = (query) => ({ href: (item) => link(`slots/${item.subject}`, query), needs: "slots:read" });
const REMEDIES = {
  ingest_password_missing: settings("ingest"),
  admin_password_missing: { href: () => link("accounts"), needs: "admins:write" },
  event_running: { href: () => link("events"), needs: "events:read" },
  no_slot_enabled: { href: () => link(""), needs: "slots:read" },
  slot_misconfigured: slot(),
  template_missing: slot({ at: "bindings" }),
  probe_failed: slot(),
  probe_slow: slot(),
  model_gone: { href: () => link(""), needs: "slots:read" },
  provider_key_missing: settings("providers"),
  provider_down: settings("providers"),
  public_url_missing: settings("address"),
  public_url_unreachable: settings("address"),
  public_url_private: settings("address"),
  stamp_leads_nowhere: settings("address"),
  disk_filling: settings("keep"),
  alerts_nobody: settings("alerts"),
  probe_skipped: { act: "trial", needs: "slots:write" },
  backup_never: { act: "backup", needs: "settings:write" },
  backup_old: { act: "backup", needs: "settings:write" },
};
const COMMAND = /photoboothctl|systemctl|journalctl|timedatectl|\.toml|\/etc\/|df -h|\[\w+\]/;

/** `acts` are the buttons' deeds, by name. */
export function Remedy({ item, acts }) {
  const { language } = app.get();
  const [busy, setBusy] = useState(false);
  const found = REMEDIES[item.code];
  const able = found && may(found.needs);
  const cure = item.cure?.[language];
  const isCommand = cure && COMMAND.test(cure);
  const act = async () => {
    setBusy(true);
    await acts[found.act]();
    setBusy(false);
  };
  return html`
    ${able && found.href && html`<p class="remedy"><a class="button small" href=${found.href(item)}>${t(`remedy.${item.code}`)}</a></p>`}
    ${able && found.act && html`<p class="remedy"><${Button} kind="small" busy=${busy} onClick=${act}>${t(`remedy.${item.code}`)}<//></p>`}
    ${cure && !isCommand && !(able && has(`remedy.${item.code}`)) && html`<p class="quiet">${cure}</p>`}
    ${isCommand && html`<details class="by-command"><summary>${t(able ? "readiness.by_command" : "readiness.on_server")}</summary><p class="mono">${cure}</p></details>`}`;
}
