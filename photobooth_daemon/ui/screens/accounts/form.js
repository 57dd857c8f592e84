// An account's name and what it may do: by role, or permission by permission.

import { html, useState } from "../../core/html.js";
import { post, put } from "../../core/api.js";
import { ACCOUNT } from "../../core/bounds.js";
import { t } from "../../core/i18n.js";
import { PERMISSIONS, ROLES, roleOf } from "../../core/roles.js";
import { Button, ProblemNotice } from "../../parts/basics.js";
import { Dialog, openDialog } from "../../parts/dialog.js";
import { Segments, TextField } from "../../parts/fields.js";

const USERNAME = new RegExp(ACCOUNT.username.pattern, "u");

export function PermissionChoice({ chosen, onInput }) {
  const [role, setRole] = useState(() => roleOf(chosen));
  const take = (name) => {
    setRole(name);
    if (ROLES[name]) onInput(ROLES[name]);
  };
  const flip = (name, on) => onInput(PERMISSIONS.filter((one) => (one === name ? on : chosen.includes(one))));
  return html`<${Segments} name="role" legend=${t("accounts.role")} value=${role} options=${[...Object.keys(ROLES), "custom"].map((value) => ({ value, title: t(`accounts.roles.${value}`) }))} onInput=${take} />
    <p class="hint">${t(`accounts.role_hint.${role}`)}</p>
    ${role === "custom" && html`<fieldset class="permissions"><legend class="visually-hidden">${t("account.rights")}</legend>${PERMISSIONS.map((name) => html`<label key=${name} class="check-line">
      <input type="checkbox" checked=${chosen.includes(name)} onChange=${(event) => flip(name, event.target.checked)} /><span>${t(`permission.${name}`)}</span></label>`)}</fieldset>`}`;
}

function AccountForm({ account, close }) {
  const [username, setUsername] = useState("");
  const [permissions, setPermissions] = useState(account?.permissions ?? ROLES.viewer);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [taken, setTaken] = useState({ name: "", words: null }); // what the daemon said of a name
  const name = username.trim();
  const fault = account || USERNAME.test(name) ? (taken.name === name ? taken.words : null) : t("accounts.username_fault");
  const save = async (event) => {
    event?.preventDefault();
    setTried(true);
    if (fault || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      close(account ? await put(`/api/admins/${account.username}`, { permissions }) : await post("/api/admins", { json: { username: name, permissions } }));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setBusy(false);
      if (refusal.code === "username_taken") setTaken({ name, words: t("problem.username_taken.title") });
      else if (refusal.errors.some(({ pointer }) => pointer === "/username")) setTaken({ name, words: t("accounts.username_reserved") });
      else setProblem(refusal);
    }
  };
  const title = account ? t("accounts.permissions_of", { name: account.username }) : t("accounts.add");
  return html`<${Dialog} title=${title} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close(null)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${save}>${t(account ? "act.save" : "accounts.create")}<//>`}>
    <${ProblemNotice} problem=${problem} />
    <form class="stack" onSubmit=${save}>
      ${!account && html`<${TextField} id="new-username" label=${t("login.username")} hint=${t("accounts.username_hint")} fault=${tried ? fault : null} value=${username} onInput=${setUsername} input=${{ autocomplete: "off", autocapitalize: "none", spellcheck: false, autofocus: true }} />`}
      <${PermissionChoice} chosen=${permissions} onInput=${setPermissions} />
    </form>
  <//>`;
}

/** Asks for a new account, or for other permissions of one; returns what the daemon made of it, or null. */
export function openAccount(account = null) {
  return openDialog((close) => html`<${AccountForm} account=${account} close=${close} />`);
}
