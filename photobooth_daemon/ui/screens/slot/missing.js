// What a saved slot lacks to be switched on, each with the way to its field.

import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { goTo, pathOf, placeOf } from "../../core/places.js";
import { serverFaults } from "../../core/slot_config.js";
import { Notice } from "../../parts/basics.js";
import { labelOf } from "../../parts/diff.js";

export function MissingNotice({ slot, catalogue }) {
  if (slot.enabled || !slot.provider || !slot.missing?.length) return null;
  const words = serverFaults(slot.missing, { ...slot, enabled: true }, catalogue);
  const jump = (event, pointer) => {
    event.preventDefault();
    goTo(placeOf(pointer));
  };
  return html`<${Notice} kind="warn" title=${t("slot.missing")}>
    <ul class="missing">${slot.missing.map(({ pointer }) => html`<li key=${pointer}><a href=${`#${placeOf(pointer)}`} onClick=${(event) => jump(event, pointer)}>${labelOf(pathOf(pointer), slot, catalogue)}</a> — ${words.get(pointer)}</li>`)}</ul>
  <//>`;
}
