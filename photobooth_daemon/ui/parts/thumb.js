// A small picture that may be gone by the time it is looked at.

import { html, useEffect, useState } from "../core/html.js";
import { Icon } from "./icons.js";

export function Thumb({ url, alt = "", hidden = false }) {
  const [gone, setGone] = useState(false);
  useEffect(() => setGone(false), [url]);
  if (!url || gone) return html`<span class="thumb none"><${Icon} name="picture" /></span>`;
  return html`<span class=${`thumb ${hidden ? "hidden-picture" : ""}`}><img src=${url} alt=${alt} loading="lazy" decoding="async" onError=${() => setGone(true)} /></span>`;
}
