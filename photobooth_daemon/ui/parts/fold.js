// A part of a form that is folded until it is wanted; its heading says what it is set to.

import { html, useState } from "../core/html.js";
import { Icon } from "./icons.js";

/** A folded panel; `faulty` opens it. */
export function Fold({ id, title, summary, faulty = false, begin = false, children }) {
  const [open, setOpen] = useState(begin);
  return html`<details class="panel fold" id=${id} open=${open || faulty} onToggle=${(event) => setOpen(event.target.open)}>
    <summary><${Icon} name="chevron" /><h2>${title}</h2><span class="quiet">${summary}</span></summary>
    <div class="stack">${children}</div>
  </details>`;
}
