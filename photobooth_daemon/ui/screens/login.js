// Logging in: as the whole page, or over a page whose session has run out.

import { html, useEffect, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { startLive, stopLive } from "../core/live.js";
import { explain } from "../core/problems.js";
import { login, logout } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Button, Notice } from "../parts/basics.js";
import { Dialog } from "../parts/dialog.js";
import { TextField } from "../parts/fields.js";
import { PasswordForm } from "../parts/password_form.js";
import { LanguageSwitch } from "../parts/preferences.js";
import { toastProblem } from "../parts/toast.js";

const PASSWORD_COMMAND = "photoboothctl admin passwd";

function LoginForm({ username: known = "" }) {
  const [username, setUsername] = useState(known);
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await login(username.trim(), password);
      if (app.get().sessionState === "in") startLive();
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
      setBusy(false);
      setPassword("");
      document.getElementById("password")?.focus();
    }
  };
  const words = problem && explain(problem);
  return html`<form class="login-form" method="post" onSubmit=${submit}>
    ${words && html`<${Notice} kind="bad" title=${words.title} role="alert">${words.todo}<//>`}
    <${TextField} id="username" label=${t("login.username")} value=${username} onInput=${setUsername} input=${{ autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true, autofocus: !known }} />
    <${TextField} id="password" label=${t("login.password")} type="password" value=${password} onInput=${setPassword} input=${{ autocomplete: "current-password", required: true, autofocus: Boolean(known) }} />
    <${Button} kind="primary wide-button" type="submit" busy=${busy} onClick=${submit}>${t("login.enter")}<//>
  </form>`;
}

export function LoginScreen() {
  useEffect(() => {
    document.title = t("app.name");
  });
  return html`<main class="login">
    <div class="login-card">
      <div class="login-brand"><img src="/ui/icon.svg" width="40" height="40" alt="" /><h1>${t("app.name")}</h1></div>
      <${LoginForm} />
      <div class="quiet"><p>${t("login.forgotten")}</p>
        <details class="by-command"><summary>${t("login.only_one")}</summary><p>${t("login.only_one_text")}</p><code class="command">${PASSWORD_COMMAND}</code></details></div>
      <${LanguageSwitch} />
    </div>
  </main>`;
}

/** What a password for one login leads to. */
export function ChoosePassword() {
  const username = useStore(app, (state) => state.session?.username);
  useEffect(() => {
    document.title = t("app.name");
    stopLive();
  }, []);
  return html`<main class="login">
    <div class="login-card">
      <div class="login-brand"><img src="/ui/icon.svg" width="40" height="40" alt="" /><h1>${t("login.choose")}</h1></div>
      <p>${t("login.choose_text", { username })}</p>
      <${PasswordForm} username=${username} known=${app.get().oneTimePassword} currentLabel=${t("login.one_time")} action=${t("login.choose_save")} />
      <p><${Button} kind="small plain" icon="logout" onClick=${() => logout().catch(toastProblem)}>${t("nav.logout")}<//></p>
      <${LanguageSwitch} />
    </div>
  </main>`;
}

/** The login over a page that keeps what was typed in it. */
export function LoginAgain() {
  return html`<${Dialog} title=${t("login.again")} closable=${false}>
    <p>${t("login.again_text")}</p>
    <${LoginForm} username=${app.get().session?.username ?? ""} />
  <//>`;
}
