// Language and theme, remembered by this browser.

import { html, useState } from "../core/html.js";
import { LANGUAGES, speak, t } from "../core/i18n.js";
import { applyTheme, remember, remembered } from "../core/prefs.js";
import { app, useStore } from "../core/store.js";
import { Segments } from "./fields.js";

/** Each language is named in itself, so that its reader finds it. */
const NAMES = { ru: "Русский", en: "English" };
const THEMES = ["auto", "light", "dark"];

export function LanguageSwitch({ hideLegend = true }) {
  const language = useStore(app, (state) => state.language);
  return html`<${Segments} name="language" legend=${t("prefs.language")} hideLegend=${hideLegend} value=${language} onInput=${speak}
    options=${LANGUAGES.map((value) => ({ value, title: html`<span lang=${value}>${NAMES[value]}</span>` }))} />`;
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(remembered("theme", "auto"));
  const choose = (wanted) => {
    remember("theme", wanted);
    applyTheme(wanted);
    setTheme(wanted);
  };
  return html`<${Segments} name="theme" legend=${t("prefs.theme")} value=${theme} onInput=${choose}
    options=${THEMES.map((value) => ({ value, title: t(`prefs.${value}`) }))} />`;
}
