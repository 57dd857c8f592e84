// One box that leads anywhere: slots by number or name, screens, a job by its id.

import { html, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { recipeTitle, slotName, slotTitle, useCatalogue } from "../core/names.js";
import { link } from "../core/router.js";
import { app } from "../core/store.js";
import { Dialog, openDialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { openScreens } from "./shell.js";

const JOB_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Returns what fits the words: `{href, title, note, icon}`, best first. */
export function found(words, { slots, screens, catalogue = [] }) {
  const wanted = words.trim().toLowerCase();
  if (JOB_ID.test(wanted)) {
    return [{ href: link(`jobs/${wanted}`), title: t("search.job"), note: wanted, icon: "jobs" }];
  }
  const fits = (...texts) => !wanted || texts.some((text) => text?.toLowerCase().includes(wanted));
  const ofSlots = (slots ?? [])
    .filter((slot) => (/^\d+$/.test(wanted) ? Number(slot.id.slice(-3)) === Number(wanted) : fits(slot.id, slotName(slot), recipeTitle(slot, catalogue), slot.provider, slot.operation)))
    .map((slot) => ({ href: link(`slots/${slot.id}`), title: slotTitle(slot), note: slot.provider ? recipeTitle(slot, catalogue) : t("slot_state.unset"), icon: "camera" }));
  const ofScreens = screens
    .map(({ path, icon }) => ({ href: link(path), title: t(`screen.${path || "board"}`), note: t("search.screen"), icon }))
    .filter(({ title }) => fits(title));
  return [...ofSlots, ...ofScreens];
}

function Search({ close }) {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const results = found(words, { slots: app.get().slots, screens: openScreens(), catalogue: useCatalogue() });
  const chosen = Math.min(at, results.length - 1);
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && results.length) setAt((chosen + step + results.length) % results.length);
    else if (event.key === "Enter" && results[chosen]) {
      close();
      location.hash = results[chosen].href;
    } else if (event.key === "Escape") close(); // the browser would only empty the box
    else return;
    event.preventDefault();
  };
  const type = (event) => {
    setWords(event.target.value);
    setAt(0);
  };
  return html`<${Dialog} title=${t("search.title")} onClose=${close}>
    <input class="input search-input" type="search" role="combobox" aria-expanded="true" aria-controls="found" aria-autocomplete="list"
      aria-activedescendant=${results.length ? `found-${chosen}` : undefined} aria-label=${t("search.label")} placeholder=${t("search.hint")}
      value=${words} onInput=${type} onKeyDown=${move} autofocus autocomplete="off" spellcheck="false" />
    <ul class="found" id="found" role="listbox" aria-label=${t("search.results")}>
      ${results.map((result, n) => html`<li key=${result.href} id=${`found-${n}`} role="option" aria-selected=${String(n === chosen)} onClick=${() => {
        close();
        location.hash = result.href;
      }}><${Icon} name=${result.icon} /><span>${result.title}</span><small>${result.note}</small></li>`)}
    </ul>
    ${results.length === 0 && html`<p class="quiet" role="status">${t("search.nothing")}</p>`}
  <//>`;
}

/** Opens the box. */
export function openSearch() {
  if (!app.get().dialog) openDialog((close) => html`<${Search} close=${close} />`);
}
