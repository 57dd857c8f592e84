// What the slot was before: who changed what, readable, and the way back.

import { html, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { personName } from "../../core/names.js";
import { changes } from "../../core/slot_config.js";
import { Ago, Button, Panel, ProblemNotice, Waiting } from "../../parts/basics.js";
import { confirm } from "../../parts/dialog.js";
import { Differences } from "../../parts/diff.js";
import { useLoad } from "../../parts/load.js";

function Revision({ revision, before, current, known, onRestore, writable }) {
  const list = before ? changes(before.config, revision.config) : [];
  return html`<li class="revision">
    <header><h3>${t("history.version", { version: String(revision.version) })} ${current && html`<span class="chip">${t("history.current")}</span>`}</h3>
      <p class="quiet">${t(`history.action.${revision.action}`)} · ${personName(revision.created_by)} · <${Ago} at=${revision.created_at} /></p>
      ${!current && writable && html`<${Button} kind="small" onClick=${() => onRestore(revision)}>${t("history.restore")}<//>`}</header>
    ${list.length > 0 && html`<${Differences} list=${list} before=${before.config} after=${revision.config} known=${known} />`}
    ${before && list.length === 0 && html`<p class="quiet">${t("history.same")}</p>`}
  </li>`;
}

export function HistoryPanel({ slot, known, onRestore, writable }) {
  const [more, setMore] = useState({ items: [], cursor: undefined });
  const { data, problem, reload } = useLoad((signal) => get(`/api/slots/${slot.id}/revisions`, { signal }), [slot.version]);
  if (problem) return html`<${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Waiting} rows=${4} />`;
  const items = [...data.items, ...more.items];
  const cursor = more.cursor === undefined ? data.next_cursor : more.cursor;
  const next = async () => {
    const page = await get(`/api/slots/${slot.id}/revisions`, { query: { cursor } });
    setMore({ items: [...more.items, ...page.items], cursor: page.next_cursor });
  };
  const restore = async (revision) => {
    const list = changes(slot, revision.config);
    const text = html`<p>${t("history.restore_text")}</p><${Differences} list=${list} before=${slot} after=${revision.config} known=${known} />`;
    const sure = await confirm({ title: t("history.restore_title", { version: String(revision.version) }), text, action: t("history.restore"), danger: false });
    if (sure) onRestore(revision.version);
  };
  return html`<${Panel} id="history" title=${t("slot.tab.history")} note=${writable ? t("history.note") : t("history.note_unsaved")}>
    <ol class="revisions">${items.map((revision, n) => html`<${Revision} key=${revision.version} revision=${revision} before=${items[n + 1]} current=${revision.version === slot.version} known=${known} onRestore=${restore} writable=${writable} />`)}</ol>
    ${cursor && html`<${Button} onClick=${next}>${t("act.more")}<//>`}
  <//>`;
}
