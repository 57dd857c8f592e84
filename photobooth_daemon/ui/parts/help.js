// The keys that work everywhere, and the switch that turns single keys off.

import { html, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { shortcutsOn, switchShortcuts } from "../core/keys.js";
import { app } from "../core/store.js";
import { Dialog, openDialog } from "./dialog.js";
import { Switch } from "./fields.js";

const KEYS = [["/"], ["1", "9"], ["E"], ["?"], ["Ctrl", "S"], ["Esc"]];
const NAMES = ["search", "slots", "events", "help", "save", "close"];

function Help({ close }) {
  const [on, setOn] = useState(shortcutsOn());
  const change = (wanted) => {
    switchShortcuts(wanted);
    setOn(wanted);
  };
  return html`<${Dialog} title=${t("help.title")} onClose=${close}>
    <table class="keys"><tbody>${KEYS.map((keys, n) => html`<tr><th scope="row">${keys.map((key, i) => [i > 0 && (keys[0] === "1" ? "…" : "+"), html`<kbd>${key}</kbd>`])}</th><td>${t(`help.${NAMES[n]}`)}</td></tr>`)}</tbody></table>
    <${Switch} id="shortcuts" label=${t("help.switch")} hint=${t("help.switch_hint")} checked=${on} onInput=${change} />
    <p class="quiet"><a href="/api/docs" target="_blank" rel="noopener">${t("help.api")}</a></p>
  <//>`;
}

/** Opens the list of keys. */
export function openHelp() {
  if (!app.get().dialog) openDialog((close) => html`<${Help} close=${close} />`);
}
