// One line of what has to be typed into a camera or its program; `number` tells where in a picture.

import { html } from "../../core/html.js";
import { CopyButton } from "../../parts/basics.js";

export function Value({ name, value, note, number, copy = false }) {
  return html`<div class="recipe-row"><dt>${number && html`<span class="number">${number}</span>`}${name}</dt><dd><span class=${copy ? "mono copyable" : ""}>${value}</span>${copy && html`<${CopyButton} text=${value} />`}${note && html`<p class="hint">${note}</p>`}</dd></div>`;
}
