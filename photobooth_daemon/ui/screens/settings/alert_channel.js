// One way to tell people, typed in: a bot and its chat, recipients and a mail server, an address.

import { html, useState } from "../../core/html.js";
import { put } from "../../core/api.js";
import { ALERT_CHANNELS } from "../../core/bounds.js";
import { t } from "../../core/i18n.js";
import { Button, ProblemNotice } from "../../parts/basics.js";
import { Dialog, openDialog } from "../../parts/dialog.js";
import { SelectField, TextField } from "../../parts/fields.js";

const FIELDS = {
  telegram: ["token", "chat_id"],
  email: ["to", "from", "server", "security", "user", "password"],
  webhook: ["url"],
};
const SECRET = ["token", "password"];
const EMPTY = { security: "smtps" };

const fits = (schema, text) => new RegExp(schema.pattern, "u").test(text) && text.length <= (schema.maxLength ?? Infinity);
const addresses = (text) => (text ?? "").split(/[\s,;]+/).filter(Boolean);

/** Returns the mail server as one address; null for the one on the daemon's own machine. */
function smtpUrl({ server, security, user, password }) {
  if (!server) return null;
  const person = user ? `${encodeURIComponent(user)}:${encodeURIComponent(password ?? "")}@` : "";
  return `${security}://${person}${server}`;
}

function bodyOf(channel, values) {
  if (channel === "email") return { to: addresses(values.to), from: values.from || null, smtp_url: smtpUrl(values) };
  return Object.fromEntries(FIELDS[channel].map((name) => [name, values[name] ?? ""]));
}

function faultsOf(channel, values) {
  const schemas = ALERT_CHANNELS[channel];
  const body = bodyOf(channel, values);
  const faults = {};
  if (channel === "email") {
    if (!body.to.length || body.to.length > schemas.to.maxItems || !body.to.every((one) => fits(schemas.to.items, one))) faults.to = t("alerts.fault.to");
    if (body.from && !fits(schemas.from, body.from)) faults.from = t("alerts.fault.from");
    if (body.smtp_url && !fits(schemas.smtp_url, body.smtp_url)) faults.server = t("alerts.fault.server");
    return faults;
  }
  for (const name of FIELDS[channel]) if (!fits(schemas[name], body[name])) faults[name] = t(`alerts.fault.${name}`);
  return faults;
}

function ChannelForm({ channel, close }) {
  const [values, setValues] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const faults = faultsOf(channel, values);
  const save = async (event) => {
    event?.preventDefault();
    setTried(true);
    if (Object.keys(faults).length || busy) return;
    setBusy(true);
    try {
      await put(`/api/alerts/${channel}`, bodyOf(channel, values));
      close(true);
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  };
  const set = (name) => (value) => setValues({ ...values, [name]: name === "to" || name === "password" ? value : value.trim() });
  const field = (name, n) => name === "security"
    ? html`<${SelectField} key=${name} id="alert-security" label=${t("alerts.field.security")} value=${values.security} options=${["smtps", "smtp"].map((value) => ({ value, title: t(`alerts.security.${value}`) }))} onInput=${set(name)} />`
    : html`<${TextField} key=${name} id=${`alert-${name}`} type=${SECRET.includes(name) ? "password" : "text"} label=${t(`alerts.field.${name}`)} hint=${t(`alerts.hint.${name}`)} fault=${tried ? faults[name] : null} value=${values[name] ?? ""} onInput=${set(name)} input=${{ autocomplete: "off", spellcheck: false, autocapitalize: "none", autofocus: n === 0 }} />`;
  return html`<${Dialog} title=${t(`alerts.channel.${channel}`)} onClose=${() => close(false)} footer=${html`<${Button} onClick=${() => close(false)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${save}>${t("alerts.save")}<//>`}>
    <p>${t("alerts.kept")}</p>
    <${ProblemNotice} problem=${problem} />
    <form class="stack" onSubmit=${save}>${FIELDS[channel].map(field)}<button type="submit" hidden></button></form>
  <//>`;
}

/** Asks for a channel; true once it is in force. */
export function openChannel(channel) {
  return openDialog((close) => html`<${ChannelForm} channel=${channel} close=${close} />`);
}
