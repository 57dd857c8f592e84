// The proof for the client: what is kept of an event, until when, and that nothing older is there.

import { html, useEffect, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { exactMoment, number } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { Notice, ProblemNotice, Waiting } from "../../parts/basics.js";
import { Dialog, openDialog } from "../../parts/dialog.js";

function Kept({ event, close }) {
  const [proof, setProof] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    get(`/api/events/${event.event_id}/retention`).then(setProof, setProblem);
  }, []);
  const rows = proof && [
    ["results", number(proof.kept.results)],
    ["originals", number(proof.kept.originals)],
    ["oldest_at", proof.kept.oldest_at && exactMoment(proof.kept.oldest_at)],
    ["newest_expires_at", proof.kept.newest_expires_at && exactMoment(proof.kept.newest_expires_at)],
    ["past_their_time", number(proof.past_their_time)],
    ["orphans", number(proof.orphans)],
  ];
  const clean = proof && proof.past_their_time === 0 && proof.orphans === 0;
  return html`<${Dialog} title=${t("kept.title")} onClose=${close}>
    <${ProblemNotice} problem=${problem} />
    ${!proof && !problem && html`<${Waiting} rows=${3} />`}
    ${proof && html`<${Notice} kind=${clean ? "ok" : "warn"} title=${t(clean ? "kept.clean" : "kept.left_over")}>${t(clean ? "kept.clean_text" : "kept.left_over_text")}<//>
      <dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${t(`kept.${name}`)}</dt><dd>${value}</dd>`)}</dl>
      <p class="quiet">${t("kept.as_of", { at: exactMoment(proof.as_of) })}</p>`}
  <//>`;
}

/** Compares rows and disk now and shows what came of it. */
export function openKept(event) {
  openDialog((close) => html`<${Kept} event=${event} close=${close} />`);
}
