// Two people changed one slot: both versions side by side, and a choice for each difference.

import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { changes, configOf, withValue } from "../../core/slot_config.js";
import { Button, Notice } from "../../parts/basics.js";
import { labelOf, textAt } from "../../parts/diff.js";
import { Dialog, openDialog } from "../../parts/dialog.js";

/** Which side each difference starts on: what only one person touched is theirs to have changed. */
export function firstChoices(base, mine, theirs) {
  const myPaths = new Set(changes(base, mine).map(({ path }) => path));
  return Object.fromEntries(changes(theirs, mine).map(({ path }) => [path, myPaths.has(path) ? "mine" : "theirs"]));
}

/** Returns the configuration that the choices make of the two. */
export function settled(mine, theirs, choices) {
  let config = theirs;
  for (const { path, after } of changes(theirs, mine)) {
    if (choices[path] === "mine") config = withValue(config, path, after);
  }
  return config;
}

// Provider and operation decide what the params mean: they are taken from one side together.
const RECIPE = ["provider", "operation", "params"];

function Conflict({ base, mine, theirs, slot, known, close }) {
  const list = changes(theirs, mine);
  const [choices, setChoices] = useState(() => together(firstChoices(base, mine, theirs)));
  const choose = (path, side) => setChoices(together({ ...choices, [path]: side }, path));
  const all = (side) => setChoices(Object.fromEntries(list.map(({ path }) => [path, side])));
  const cell = (one, side, value, config) => html`<td><label class=${`pick ${choices[one.path] === side ? "picked" : ""}`}><input type="radio" name=${one.path} checked=${choices[one.path] === side} onChange=${() => choose(one.path, side)} />
    <span>${textAt(one.path, value, config, known)}</span></label></td>`;
  return html`<${Dialog} wide title=${t("conflict.title")} onClose=${() => close(null)} footer=${html`
    <${Button} onClick=${() => close(null)}>${t("act.cancel")}<//>
    <${Button} kind="primary" onClick=${() => close(settled(mine, theirs, choices))}>${t("conflict.save")}<//>`}>
    <${Notice} kind="warn">${t("conflict.text", { who: slot.updated_by, version: String(slot.version) })}<//>
    ${list.length === 0 ? html`<p>${t("conflict.same")}</p>` : html`
      <div class="button-row"><${Button} kind="small" onClick=${() => all("mine")}>${t("conflict.all_mine")}<//><${Button} kind="small" onClick=${() => all("theirs")}>${t("conflict.all_theirs", { who: slot.updated_by })}<//></div>
      <div class="table-wrap"><table class="table diff"><thead><tr><th scope="col">${t("diff.field")}</th><th scope="col">${t("conflict.mine")}</th><th scope="col">${t("conflict.theirs", { who: slot.updated_by })}</th></tr></thead>
      <tbody>${list.map((one) => html`<tr key=${one.path}><th scope="row">${labelOf(one.path, mine, known.catalogue)}</th>${cell(one, "mine", one.after, mine)}${cell(one, "theirs", one.before, theirs)}</tr>`)}</tbody></table></div>`}
  <//>`;
}

function together(choices, last) {
  const present = RECIPE.filter((path) => path in choices);
  if (!present.length || (last && !present.includes(last))) return choices;
  const side = last ? choices[last] : present.some((path) => choices[path] === "mine") ? "mine" : "theirs";
  return { ...choices, ...Object.fromEntries(present.map((path) => [path, side])) };
}

/** Shows both versions; returns the configuration to save over theirs, or null to go on editing. */
export function resolveConflict({ base, mine, theirs, known }) {
  return openDialog((close) => html`<${Conflict} base=${base} mine=${mine} theirs=${configOf(theirs)} slot=${theirs} known=${known} close=${close} />`);
}
