// Which slots an event or a board has, by their names; all of them while none is chosen.

import { html, useState } from "../../core/html.js";
import { SLOT_IDS } from "../../core/bounds.js";
import { t } from "../../core/i18n.js";
import { slotTitle } from "../../core/names.js";
import { app, useStore } from "../../core/store.js";
import { Segments } from "../../parts/fields.js";
import { Icon } from "../../parts/icons.js";

export function SlotChoice({ chosen, onInput, fault, none }) {
  const slots = useStore(app, (state) => state.slots);
  const [some, setSome] = useState(chosen.length > 0);
  const choose = (wanted) => {
    setSome(wanted === "some");
    if (wanted === "all") onInput([]);
  };
  const flip = (id, on) => onInput(on ? [...chosen, id].sort() : chosen.filter((one) => one !== id));
  // Those that are set up come first: an evening hardly has the others.
  const known = slots ?? SLOT_IDS.map((id) => ({ id, display_name: "", provider: true }));
  const shown = [...known].sort((one, other) => Number(!one.provider) - Number(!other.provider));
  return html`<div class="field">
    <${Segments} name="event-slots" legend=${t("field.slots")} value=${some ? "some" : "all"} options=${["all", "some"].map((value) => ({ value, title: t(`event.slots_${value}`) }))} onInput=${choose} />
    ${some && html`<fieldset class="slot-picks"><legend class="visually-hidden">${t("field.slots")}</legend>${shown.map((slot) => html`<label key=${slot.id} class=${`pick ${chosen.includes(slot.id) ? "picked" : ""}`}>
      <input type="checkbox" checked=${chosen.includes(slot.id)} onChange=${(event) => flip(slot.id, event.target.checked)} /><span>${slotTitle(slot)}</span></label>`)}</fieldset>`}
    ${some && chosen.length === 0 && html`<p class="hint">${none ?? t("event.slots_none")}</p>`}
    ${fault && html`<p class="fault"><${Icon} name="warning" />${fault}</p>`}
  </div>`;
}
