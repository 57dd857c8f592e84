// What the camera gets back, how it looks, how long it may take and what it may cost.

import { html } from "../../core/html.js";
import { SLOT } from "../../core/bounds.js";
import { money } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { withUnit } from "../../core/units.js";
import { Panel } from "../../parts/basics.js";
import { SelectField, Switch } from "../../parts/fields.js";
import { More } from "../../parts/fold.js";
import { NumberField, boundsText } from "../../parts/schema_form.js";

const orNull = (value) => value ?? null;

const RARE = ["/sync_response_seconds", "/cost_cap_per_day", "/output/quality", "/output/format", "/output/fit", "/output/max_edge_px", "/inline_preview"];

// What the folded settings are set to, where that is not as usual.
function rarely({ output, sync_response_seconds: seconds, cost_cap_per_day: cap }, titled) {
  return [
    `${titled("output.format", output.format)} ${output.quality}`,
    output.fit !== "none" && titled("output.fit", output.fit),
    withUnit("output.max_edge_px", output.max_edge_px),
    withUnit("sync_response_seconds", seconds),
    cap !== null && money(cap),
  ].filter(Boolean).join(" · ");
}

export function AnswerPanel({ draft, setDraft, faults, disabled }) {
  const choices = (path, values) => values.map((value) => ({ value, title: t(`choice.${path}.${value}`) }));
  const set = (patch) => setDraft({ ...draft, ...patch });
  const setOutput = (patch) => set({ output: { ...draft.output, ...patch } });
  return html`<${Panel} id="answer" title=${t("slot.answer")}>
    <fieldset disabled=${disabled} class="form-grid">
      <${SelectField} id="response_mode" label=${t("field.response_mode")} hint=${t("slot.response_mode_hint")} value=${draft.response_mode} options=${choices("response_mode", ["image", "json", "text"])} fault=${faults.get("/response_mode")} onInput=${(response_mode) => set({ response_mode })} />
      <${SelectField} id="on_failure" label=${t("field.on_failure")} hint=${t("slot.on_failure_hint")} value=${draft.on_failure} options=${choices("on_failure", ["error", "original"])} fault=${faults.get("/on_failure")} onInput=${(on_failure) => set({ on_failure })} />
    </fieldset>
    <${More} title=${t("slot.rarely")} summary=${rarely(draft, (path, value) => t(`choice.${path}.${value}`))} faulty=${RARE.some((at) => faults.has(at))}><fieldset disabled=${disabled} class="form-grid">
      <${NumberField} id="sync_response_seconds" label=${t("field.sync_response_seconds")} hint=${t("slot.window_hint")} suffix=${t("unit.seconds")} placeholder=${t("field_none.sync_response_seconds")} value=${draft.sync_response_seconds ?? undefined} fault=${faults.get("/sync_response_seconds")} onInput=${(value) => set({ sync_response_seconds: orNull(value) })} />
      <${NumberField} id="cost_cap_per_day" label=${t("field.cost_cap_per_day")} hint=${t("slot.cost_hint")} suffix=${t("unit.dollars")} placeholder=${t("field_none.cost_cap_per_day")} value=${draft.cost_cap_per_day ?? undefined} fault=${faults.get("/cost_cap_per_day")} onInput=${(value) => set({ cost_cap_per_day: orNull(value) })} />
      <${SelectField} id="output-format" label=${t("field.output.format")} value=${draft.output.format} options=${choices("output.format", ["jpeg", "png", "webp"])} fault=${faults.get("/output/format")} hint=${t("slot.format_hint")} onInput=${(format) => setOutput({ format })} />
      <${NumberField} id="output-quality" label=${t("field.output.quality")} value=${draft.output.quality} fault=${faults.get("/output/quality")} hint=${boundsText(SLOT.output.properties.quality)} onInput=${(value) => setOutput({ quality: value ?? "" })} />
      <${SelectField} id="output-fit" label=${t("field.output.fit")} value=${draft.output.fit} options=${choices("output.fit", ["none", "crop", "pad"])} fault=${faults.get("/output/fit")} hint=${t("slot.fit_hint")} onInput=${(fit) => setOutput({ fit })} />
      <${NumberField} id="output-max_edge_px" label=${t("field.output.max_edge_px")} suffix=${t("unit.pixels")} placeholder=${t("field_none.output.max_edge_px")} value=${draft.output.max_edge_px ?? undefined} fault=${faults.get("/output/max_edge_px")} onInput=${(value) => setOutput({ max_edge_px: orNull(value) })} />
      <${Switch} id="inline_preview" label=${t("field.inline_preview")} hint=${t("slot.inline_hint")} checked=${draft.inline_preview} onInput=${(inline_preview) => set({ inline_preview })} />
    </fieldset><//>
  <//>`;
}
