// A person's own new password; the change ends every session, so this browser logs in again.

import { html, useState } from "../core/html.js";
import { put } from "../core/api.js";
import { t } from "../core/i18n.js";
import { startLive, stopLive } from "../core/live.js";
import { login } from "../core/session.js";
import { Button, ProblemNotice } from "./basics.js";
import { TextField } from "./fields.js";
import { passwordFault } from "./new_password.js";
import { toast } from "./toast.js";

/** `known` is the current password where it has just been typed: it is not asked for again. */
export function PasswordForm({ username, known = "", currentLabel, action }) {
  const [current, setCurrent] = useState(known);
  const [next, setNext] = useState("");
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(""); // the current password that was refused
  const fault = passwordFault(next);
  const asked = !known || wrong === known;
  const change = async (event) => {
    event.preventDefault();
    setTried(true);
    if (fault || busy) return;
    setBusy(true);
    try {
      await put("/api/me/password", { current_password: current, new_password: next });
      stopLive();
      await login(username, next);
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
      if (refused) document.getElementById("current_password")?.focus();
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="stack" onSubmit=${change}>
    <${ProblemNotice} problem=${problem} />
    <input type="text" name="username" autocomplete="username" value=${username} hidden readonly />
    ${asked && html`<${TextField} id="current_password" type="password" label=${currentLabel ?? t("account.current_password")} fault=${wrong && wrong === current ? t("account.not_current") : null} value=${current} onInput=${setCurrent} input=${{ autocomplete: "current-password", required: true }} />`}
    <${TextField} id="new_password" type="password" label=${t("account.new_password")} hint=${t("password.hint")} fault=${tried ? fault : null} value=${next} onInput=${setNext} input=${{ autocomplete: "new-password", required: true, autofocus: Boolean(known) }} />
    <div><${Button} kind="primary" type="submit" busy=${busy} onClick=${change}>${action ?? t("account.change")}<//></div>
  </form>`;
}
