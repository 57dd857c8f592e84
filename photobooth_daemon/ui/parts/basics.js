// Small pieces that every screen uses.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { ago, exactMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { explain } from "../core/problems.js";
import { Icon } from "./icons.js";
import { toast } from "./toast.js";

/** A button; `busy` keeps its width and says so, `icon` stands before the words. */
export function Button({ kind = "", icon, busy, children, class: extra = "", ...rest }) {
  return html`<button type="button" class=${`button ${kind} ${extra}`} aria-busy=${busy ? "true" : undefined} aria-disabled=${busy ? "true" : undefined} ...${rest} onClick=${busy ? undefined : rest.onClick}>
    ${icon && html`<${Icon} name=${icon} />`}${children}
  </button>`;
}

/** A button of one icon, its words for those who cannot see it and for the pointer's tip. */
export function IconButton({ icon, label, kind = "", ...rest }) {
  return html`<button type="button" class=${`icon-button ${kind}`} aria-label=${label} title=${label} ...${rest}><${Icon} name=${icon} /></button>`;
}

let isFirst = true;

/** The screen's title, which takes the focus when the screen opens; on the first, Tab begins at the top of the page. */
export function Title({ children, lead, actions, name }) {
  const ref = useRef(null);
  useEffect(() => {
    document.title = `${name ?? children} · ${t("app.name")}`;
  });
  useEffect(() => {
    if (!isFirst) ref.current.focus({ preventScroll: true });
    isFirst = false;
    scrollTo(0, 0);
  }, []);
  return html`<header class="title">
    <div><h1 tabindex="-1" ref=${ref}>${children}</h1>${lead && html`<div class="lead">${lead}</div>`}</div>
    ${actions && html`<div class="title-actions">${actions}</div>`}
  </header>`;
}

/** A framed part of a screen with its heading. */
export function Panel({ title, note, actions, children, class: extra = "", id }) {
  return html`<section class=${`panel ${extra}`} aria-labelledby=${title && id ? `${id}-title` : undefined} id=${id}>
    ${title && html`<header class="panel-head"><h2 id=${id && `${id}-title`}>${title}</h2>${actions}</header>`}
    ${note && html`<p class="note">${note}</p>`}
    ${children}
  </section>`;
}

/** How long ago, kept true while the page is open; the exact time on hover. */
export function Ago({ at }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 15_000);
    return () => clearInterval(timer);
  }, []);
  if (!at) return "–";
  return html`<time datetime=${at} title=${exactMoment(at)}>${ago(at)}</time>`;
}

/** What a job came to, in a word and a colour. */
export function Status({ status }) {
  const icon = { done: "check", timeout: "clock", failed: "cross", pending: "refresh" }[status];
  return html`<span class=${`status ${status}`}><${Icon} name=${icon} />${t(`status.${status}`)}</span>`;
}

/** A notice in the page: what is wrong and what to do. */
export function Notice({ kind = "info", title, children, actions, role }) {
  return html`<div class=${`notice ${kind}`} role=${role}>
    <${Icon} name=${kind === "info" ? "help" : kind === "ok" ? "check" : "warning"} />
    <div>${title && html`<p class="notice-title">${title}</p>`}${children && html`<div>${children}</div>`}</div>
    ${actions && html`<div class="notice-actions">${actions}</div>`}
  </div>`;
}

/** A Problem in words. */
export function ProblemNotice({ problem, retry }) {
  if (!problem) return null;
  const { title, todo } = explain(problem);
  return html`<${Notice} kind="bad" title=${title} role="alert" actions=${retry && html`<${Button} kind="small" onClick=${retry}>${t("act.retry")}<//>`}>${todo}<//>`;
}

/** What stands where there is nothing yet: what this is and the next step. */
export function Empty({ icon, title, children, action }) {
  return html`<div class="empty"><${Icon} name=${icon} /><p class="empty-title">${title}</p><p>${children}</p>${action}</div>`;
}

/** Grey shapes while the first answer is on its way. */
export function Waiting({ rows = 3 }) {
  return html`<div class="waiting" role="status" aria-label=${t("state.loading")}>${Array.from({ length: rows }, () => html`<span></span>`)}</div>`;
}

/** Copies a text and says so. */
export function CopyButton({ text, label, kind = "small" }) {
  const copy = async () => {
    await copyText(text);
    toast(t("state.copied"));
  };
  return html`<${Button} kind=${kind} icon="copy" onClick=${copy}>${label ?? t("act.copy")}<//>`;
}

/** The same, where there is room for an icon only. */
export function CopyIcon({ text, label }) {
  const copy = async () => {
    await copyText(text);
    toast(t("state.copied"));
  };
  return html`<${IconButton} icon="copy" label=${label} onClick=${copy} />`;
}

// Plain http on a LAN has no navigator.clipboard; the old way works there.
async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
