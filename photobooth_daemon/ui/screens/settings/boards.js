// Links to the live board for screens that nobody logs in on: made, shown once, taken back.

import { html, useState } from "../../core/html.js";
import { del, get, post } from "../../core/api.js";
import { BOARD } from "../../core/bounds.js";
import { t } from "../../core/i18n.js";
import { slotTitleOf } from "../../core/names.js";
import { may } from "../../core/session.js";
import { app, useStore } from "../../core/store.js";
import { Ago, Button, CopyButton, Notice, Panel, ProblemNotice, Waiting } from "../../parts/basics.js";
import { Dialog, confirm, openDialog } from "../../parts/dialog.js";
import { TextField } from "../../parts/fields.js";
import { useLoad } from "../../parts/load.js";
import { toast, toastProblem } from "../../parts/toast.js";
import { SlotChoice } from "../event/slot_choice.js";

function BoardForm({ close }) {
  const [label, setLabel] = useState("");
  const [slots, setSlots] = useState([]);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const fault = label.trim() ? null : t("fault.empty");
  const save = async (event) => {
    event?.preventDefault();
    setTried(true);
    if (fault || busy) return;
    setBusy(true);
    try {
      close(await post("/api/boards", { json: { label: label.trim(), slots } }));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      setProblem(refusal);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("boards.add")} onClose=${() => close(null)} footer=${html`<${Button} onClick=${() => close(null)}>${t("act.cancel")}<//><${Button} kind="primary" busy=${busy} onClick=${save}>${t("boards.create")}<//>`}>
    <${ProblemNotice} problem=${problem} />
    <form class="stack" onSubmit=${save}>
      <${TextField} id="board-label" label=${t("boards.label")} hint=${t("boards.label_hint")} fault=${tried ? fault : null} value=${label} onInput=${setLabel} input=${{ maxlength: BOARD.label.maxLength, autocomplete: "off", autofocus: true }} />
      <${SlotChoice} chosen=${slots} none=${t("boards.slots_none")} onInput=${setSlots} />
    </form>
  <//>`;
}

function Link({ board, close }) {
  return html`<${Dialog} title=${board.label} closable=${false} footer=${html`<${Button} kind="primary" onClick=${() => close()}>${t("rotation.noted")}<//>`}>
    <${Notice} kind="ok" title=${t("boards.made")}>${t("boards.made_text")}<//>
    <div class="copy-row"><input class="input mono" readonly aria-label=${t("boards.link")} value=${board.link} onFocus=${(event) => event.target.select()} /><${CopyButton} text=${board.link} kind="primary" /></div>
    <div class="qr-row"><img class="qr" src=${`data:image/svg+xml,${encodeURIComponent(board.qr_svg)}`} width="168" height="168" alt=${t("boards.qr")} /><p class="quiet">${t("boards.qr_note")}</p></div>
    <p class="quiet">${t("rotation.once")}</p>
  <//>`;
}

function Board({ board, onDelete }) {
  const names = board.slots.map((id) => slotTitleOf(id)).join(", ");
  return html`<li><div><h3>${board.label}</h3><p class="quiet">${names || t("events.all_slots")}</p><p class="quiet">${board.created_by}, <${Ago} at=${board.created_at} /></p></div>
    ${may("slots:write") && html`<div><${Button} kind="small danger" aria-label=${t("boards.take_back_of", { label: board.label })} onClick=${() => onDelete(board)}>${t("boards.take_back")}<//></div>`}</li>`;
}

export function BoardsPanel() {
  useStore(app, (state) => state.slots); // their names
  const { data, problem, reload } = useLoad((signal) => (may("slots:read") ? get("/api/boards", { signal, query: { limit: 200 } }) : null), []);
  const add = async () => {
    const board = await openDialog((close) => html`<${BoardForm} close=${close} />`);
    if (!board) return;
    await openDialog((close) => html`<${Link} board=${board} close=${close} />`);
    reload();
  };
  const remove = async (board) => {
    if (!(await confirm({ title: t("boards.take_back_title", { label: board.label }), text: t("boards.take_back_text"), action: t("boards.take_back") }))) return;
    try {
      await del(`/api/boards/${board.board_id}`);
      toast(t("boards.taken_back"));
    } catch (refusal) {
      if (!refusal.code) throw refusal;
      toastProblem(refusal);
    }
    reload();
  };
  if (!may("slots:read")) return null;
  return html`<${Panel} id="boards" title=${t("boards.title")} note=${t("boards.note")}>
    <${ProblemNotice} problem=${problem} retry=${reload} />
    ${!data && !problem && html`<${Waiting} rows=${1} />`}
    ${data?.items.length > 0 && html`<ul class="board-links">${data.items.map((board) => html`<${Board} key=${board.board_id} board=${board} onDelete=${remove} />`)}</ul>`}
    ${may("slots:write") && html`<p class="button-row spaced"><${Button} icon="plus" onClick=${add}>${t("boards.add")}<//></p>`}
  <//>`;
}
