// The person's own matters: language and theme of this browser, password, permissions.

import { html, useState } from "../core/html.js";
import { put } from "../core/api.js";
import { exactMoment } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { startLive, stopLive } from "../core/live.js";
import { login } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { Button, Panel, ProblemNotice, Title } from "../parts/basics.js";
import { TextField } from "../parts/fields.js";
import { passwordFault } from "../parts/new_password.js";
import { LanguageSwitch, ThemeSwitch } from "../parts/preferences.js";
import { toast } from "../parts/toast.js";

function PasswordForm({ username }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(""); // the current password that was refused
  const fault = passwordFault(next);
  const change = async (event) => {
    event.preventDefault();
    setTried(true);
    if (fault || busy) return;
    setBusy(true);
    try {
      await put("/api/me/password", { current_password: current, new_password: next });
      stopLive();
      await login(username, next); // the change ended every session, this one too
      startLive();
      toast(t("account.password_changed"));
      setCurrent("");
      setNext("");
      setTried(false);
      setProblem(null);
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      const refused = refusal.errors.some(({ pointer }) => pointer === "/current_password");
      setWrong(refused ? current : "");
      setProblem(refused ? null : refusal);
      if (refused) document.getElementById("current_password").focus();
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="stack" onSubmit=${change}>
    <${ProblemNotice} problem=${problem} />
    <input type="text" name="username" autocomplete="username" value=${username} hidden readonly />
    <${TextField} id="current_password" type="password" label=${t("account.current_password")} fault=${wrong && wrong === current ? t("account.not_current") : null} value=${current} onInput=${setCurrent} input=${{ autocomplete: "current-password", required: true }} />
    <${TextField} id="new_password" type="password" label=${t("account.new_password")} hint=${t("password.hint")} fault=${tried ? fault : null} value=${next} onInput=${setNext} input=${{ autocomplete: "new-password", required: true }} />
    <div><${Button} kind="primary" type="submit" busy=${busy} onClick=${change}>${t("account.change")}<//></div>
  </form>`;
}

export function Screen() {
  const session = useStore(app, (state) => state.session);
  return html`
    <${Title} lead=${html`<b>${session.username}</b><span>${t("account.until", { at: exactMoment(session.expires_at) })}</span>`}>${t("screen.account")}<//>
    <div class="columns even">
      <div class="stack">
        <${Panel} id="prefs" title=${t("account.prefs")} note=${t("account.prefs_note")}><div class="stack"><${LanguageSwitch} hideLegend=${false} /><${ThemeSwitch} /></div><//>
        <${Panel} id="rights" title=${t("account.rights")}><ul class="rights">${session.permissions.map((name) => html`<li key=${name}><span>${has(`permission.${name}`) ? t(`permission.${name}`) : name}</span> <span class="mono quiet">${name}</span></li>`)}</ul><//>
      </div>
      <${Panel} id="password" title=${t("account.password")} note=${t("account.password_note")}><${PasswordForm} username=${session.username} /><//>
    </div>
  `;
}
