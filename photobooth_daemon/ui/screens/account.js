// The person's own matters: language and theme of this browser, password, permissions.

import { html } from "../core/html.js";
import { exactMoment } from "../core/format.js";
import { has, t } from "../core/i18n.js";
import { app, useStore } from "../core/store.js";
import { Panel, Title } from "../parts/basics.js";
import { PasswordForm } from "../parts/password_form.js";
import { LanguageSwitch, ThemeSwitch } from "../parts/preferences.js";

export function Screen() {
  const session = useStore(app, (state) => state.session);
  return html`
    <${Title} lead=${html`<b>${session.username}</b><span>${t("account.until", { at: exactMoment(session.expires_at) })}</span>`}>${t("screen.account")}<//>
    <div class="columns even">
      <div class="stack">
        <${Panel} id="prefs" title=${t("account.prefs")} note=${t("account.prefs_note")}><div class="stack"><${LanguageSwitch} hideLegend=${false} /><${ThemeSwitch} /></div><//>
        <${Panel} id="rights" title=${t("account.rights")}><ul class="rights">${session.permissions.map((name) => html`<li key=${name}>${has(`permission.${name}`) ? t(`permission.${name}`) : name}</li>`)}</ul><//>
      </div>
      <${Panel} id="password" title=${t("account.password")} note=${t("account.password_note")}><${PasswordForm} username=${session.username} /><//>
    </div>
  `;
}
