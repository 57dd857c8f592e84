// Everybody's account: who may do what, made, switched off, given a password for one login.

import { html } from "../core/html.js";
import { get, post, put } from "../core/api.js";
import { has, t } from "../core/i18n.js";
import { roleOf } from "../core/roles.js";
import { app } from "../core/store.js";
import { Ago, Button, CopyButton, Notice, ProblemNotice, Title, Waiting } from "../parts/basics.js";
import { Dialog, confirm, openDialog } from "../parts/dialog.js";
import { useLoad } from "../parts/load.js";
import { toast, toastProblem } from "../parts/toast.js";
import { openAccount } from "./accounts/form.js";

function OneTimePassword({ account, close }) {
  const password = account.one_time_password;
  return html`<${Dialog} title=${t("accounts.password_of", { name: account.username })} closable=${false} footer=${html`<${Button} kind="primary" onClick=${() => close()}>${t("rotation.noted")}<//>`}>
    <${Notice} kind="ok" title=${t("accounts.one_time")}>${t("accounts.one_time_text")}<//>
    <p class="secret"><code>${password}</code><${CopyButton} text=${password} /></p>
    <p class="quiet">${t("rotation.once")}</p>
  <//>`;
}

const showPassword = (account) => openDialog((close) => html`<${OneTimePassword} account=${account} close=${close} />`);

function Account({ one, onChange, onReset }) {
  const mine = one.username === app.get().session.username;
  const name = one.username;
  return html`<li class=${`account-row ${one.disabled ? "off" : ""}`}>
    <div><h2>${name} ${mine && html`<span class="chip">${t("accounts.you")}</span>`}</h2>
      <p class="quiet">${one.last_login_at ? html`${t("accounts.last_login")} <${Ago} at=${one.last_login_at} />` : t("accounts.never")}</p></div>
    <div><p><b>${t(`accounts.roles.${roleOf(one.permissions)}`)}</b>${one.disabled ? html` <span class="status over">${t("accounts.is_off")}</span>` : !one.has_password ? html` <span class="status pending">${t("accounts.no_password")}</span>` : ""}</p>
      ${roleOf(one.permissions) === "custom" && html`<p class="quiet">${one.permissions.map((permission) => (has(`permission.${permission}`) ? t(`permission.${permission}`) : permission)).join(", ") || t("accounts.nothing")}</p>`}</div>
    <div class="button-row">
      <${Button} kind="small" aria-label=${t("accounts.permissions_of", { name })} onClick=${() => openAccount(one).then((changed) => changed && onChange(changed, "accounts.changed"))}>${t("accounts.permissions")}<//>
      <${Button} kind="small" icon="key" aria-label=${t("accounts.reset_of", { name })} onClick=${() => onReset(one)}>${t("accounts.reset")}<//>
      <${Button} kind=${one.disabled ? "small" : "small danger"} aria-label=${t(one.disabled ? "accounts.switch_on_of" : "accounts.switch_off_of", { name })} onClick=${() => onChange({ ...one, disabled: !one.disabled })}>${t(one.disabled ? "accounts.switch_on" : "accounts.switch_off")}<//>
    </div>
  </li>`;
}

export function Screen() {
  const { data, problem, reload, setData } = useLoad((signal) => get("/api/admins", { signal, query: { limit: 200 } }), []);
  const replace = (next) => setData({ ...data, items: data.items.map((one) => (one.username === next.username ? next : one)) });
  const tried = async (act) => {
    try {
      await act();
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      toastProblem(refusal);
    }
  };
  const add = async () => {
    const made = await openAccount();
    if (!made) return;
    await showPassword(made);
    reload();
  };
  // With words the daemon has the change already; else the account is to be switched.
  const change = (next, done) => tried(async () => {
    if (!done) {
      const { username: name, disabled } = next;
      if (disabled && !(await confirm({ title: t("accounts.off_title", { name }), text: t("accounts.off_text"), action: t("accounts.switch_off") }))) return;
      replace(await put(`/api/admins/${name}`, { disabled }));
      toast(t(disabled ? "accounts.switched_off" : "accounts.switched_on", { name }));
      return;
    }
    replace(next);
    toast(t(done));
  });
  const reset = (one) => tried(async () => {
    const { username: name } = one;
    if (!(await confirm({ title: t("accounts.reset_title", { name }), text: t("accounts.reset_text"), action: t("accounts.reset") }))) return;
    const changed = await post(`/api/admins/${name}/reset-password`);
    await showPassword(changed);
    reload();
  });
  return html`
    <${Title} lead=${t("accounts.lead")} actions=${html`<${Button} kind="primary" icon="plus" onClick=${add}>${t("accounts.add")}<//>`}>${t("screen.accounts")}<//>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${3} />`}
    ${data && html`<ul class="panel account-list" aria-label=${t("screen.accounts")}>${data.items.map((one) => html`<${Account} key=${one.username} one=${one} onChange=${change} onReset=${reset} />`)}</ul>`}
  `;
}
