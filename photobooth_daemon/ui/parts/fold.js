// Parts of a form that are folded until they are wanted; the heading says what they are set to.

import { html, useEffect, useState } from "../core/html.js";
import { Icon } from "./icons.js";

function Folded({ id, kind, heading, summary, faulty, children }) {
  const [open, setOpen] = useState(false);
  // It stays open when the fault has been mended: somebody is writing in it.
  useEffect(() => {
    if (faulty) setOpen(true);
  }, [faulty]);
  // Not by the browser's own opening and closing: what a fault has to open would not know of it yet.
  const turn = (event) => {
    event.preventDefault();
    setOpen(!open);
  };
  return html`<details class=${kind} id=${id} open=${open || faulty}>
    <summary onClick=${turn}><${Icon} name="chevron" />${heading}<span class="quiet">${summary}</span></summary>
    <div class="stack">${children}</div>
  </details>`;
}

/** A folded panel; `faulty` opens it. */
export function Fold({ title, ...rest }) {
  return html`<${Folded} kind="panel fold" heading=${html`<h2>${title}</h2>`} ...${rest} />`;
}

/** The same inside a panel. */
export function More({ title, ...rest }) {
  return html`<${Folded} kind="fold more-settings" heading=${html`<h3>${title}</h3>`} ...${rest} />`;
}
