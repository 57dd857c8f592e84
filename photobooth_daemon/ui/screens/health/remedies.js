// What can be done about what readiness found: a button or a link to the field, with the command folded. What only
// the server's root can do is copied, to be passed on.

import { html, useState } from "../../core/html.js";
import { has, t } from "../../core/i18n.js";
import { link } from "../../core/router.js";
import { may } from "../../core/session.js";
import { app } from "../../core/store.js";
import { Button, CopyButton } from "../../parts/basics.js";

const settings = (at) => ({ href: () => link("settings", { at }), needs: "settings:write" });
const slot = (query) => ({ href: (item) => link(`slots/${item.subject}`, query), needs: "slots:read" });
const screen = (path, needs) => ({ href: () => link(path), needs });
const act = (name, needs = "settings:write", when = () => true) => ({ act: name, needs, when });
// The intake's tab says the same on every slot; what is about none of them is read on the first.
const intake = { href: (item) => link(`slots/${item.subject || "slot-001"}`, { tab: "intake" }), needs: "slots:read" };
const REMEDIES = {
  ingest_password_missing: settings("ingest"),
  admin_password_missing: screen("accounts", "admins:write"),
  event_running: screen("events", "events:read"),
  plain_http: settings("address"),
  no_slot_enabled: screen("", "slots:read"),
  slot_misconfigured: slot(),
  template_missing: slot({ at: "bindings" }),
  probe_failed: slot(),
  probe_slow: slot(),
  model_gone: screen("", "slots:read"),
  provider_key_missing: settings("providers"),
  provider_down: settings("providers"),
  public_url_missing: settings("address"),
  public_url_unreachable: settings("address"),
  public_url_private: settings("address"),
  stamp_leads_nowhere: settings("address"),
  disk_full: act("cleanup"),
  disk_full_keep: settings("keep"),
  disk_filling: settings("keep"),
  intake_down: intake,
  intake_folder_missing: intake,
  intake_folder_read_only: intake,
  intake_stalled: intake,
  audit_lost: screen("audit", "audit:read"),
  alerts_nobody: settings("alerts"),
  alerts_quiet: act("tellAgain"),
  probe_skipped: act("trial", "slots:write"),
  cleanup_never: act("cleanup"),
  cleanup_late: act("cleanup"),
  cleanup_failed: act("cleanup"),
  backup_never: act("backup"),
  backup_old: act("backup"),
  restart_pending: act("restart", "settings:write", ({ facts }) => facts.can_restart),
};
const MORE = { disk_full: ["disk_full_keep"] };
const COMMAND = /photoboothctl|systemctl|journalctl|timedatectl|\.toml|\/etc\/|df -h|tls_cert_file|trusted_proxies|\[[\w.]+\]|\b[a-z]+_[a-z_]+\b/;

function Step({ name, item, acts }) {
  const [busy, setBusy] = useState(false);
  const found = REMEDIES[name];
  const words = t(`remedy.${name}`);
  if (found.href) return html`<a class="button small" href=${found.href(item)}>${words}</a>`;
  const run = async () => {
    setBusy(true);
    await acts[found.act]();
    setBusy(false);
  };
  return html`<${Button} kind="small" busy=${busy} onClick=${run}>${words}<//>`;
}

/** `acts` are the buttons' deeds, by name; `found` is what is wrong, `said` what the server said, where the page has words of its own. */
export function Remedy({ item, acts, found, said }) {
  const { language } = app.get();
  const steps = [item.code, ...(MORE[item.code] ?? [])].filter((name) => REMEDIES[name] && may(REMEDIES[name].needs) && (REMEDIES[name].when?.(item) ?? true));
  const cure = item.cure?.[language];
  const isCommand = cure && COMMAND.test(cure);
  const advised = item.code === "restart_pending" && steps.length ? "restart_here" : item.code;
  const advice = has(`advice.${advised}`) ? t(`advice.${advised}`) : !isCommand && !steps.length && cure;
  return html`
    ${advice && html`<p class="quiet">${advice}</p>`}
    <p class="remedy button-row">${steps.map((name) => html`<${Step} key=${name} name=${name} item=${item} acts=${acts} />`)}
      ${!steps.length && cure && html`<${CopyButton} text=${[found, said, cure].filter(Boolean).join("\n")} label=${t("readiness.pass_on")} />`}</p>
    ${(isCommand || said) && html`<details class="by-command"><summary>${t(isCommand ? (steps.length ? "readiness.by_command" : "readiness.on_server") : "readiness.details")}</summary>
      ${said && html`<p>${t("readiness.exactly", { text: said })}</p>`}
      ${isCommand && html`<p class="mono">${cure}</p>`}</details>`}`;
}
