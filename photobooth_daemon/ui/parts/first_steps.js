// The way from an empty installation to the first photo: a list that ticks itself off.

import { html, useEffect, useState } from "../core/html.js";
import { readSteps, undone } from "../core/first_steps.js";
import { t } from "../core/i18n.js";
import { onEvent } from "../core/live.js";
import { remember, remembered } from "../core/prefs.js";
import { may } from "../core/session.js";
import { Button, Panel } from "./basics.js";
import { Icon } from "./icons.js";

const SETTLE_MS = 400; // a burst of events makes one look
const AWAY = "steps_away"; // the steps that were open when the list was put away

/** The steps while something is open and nobody has put it away; null while unknown, [] else. */
export function useFirstSteps() {
  const [steps, setSteps] = useState(null);
  const able = ["slots:read", "slots:write", "settings:read", "jobs:read"].every(may);
  useEffect(() => {
    if (!able) return undefined;
    let timer = 0;
    const look = () => readSteps().then(setSteps, (problem) => {
      if (!problem.code) throw problem; // the board says what is wrong with the daemon
    });
    const stop = onEvent(() => {
      clearTimeout(timer);
      timer = setTimeout(look, SETTLE_MS);
    });
    look();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [able]);
  const putAway = () => {
    remember(AWAY, steps.filter(({ done }) => !done).map(({ name }) => name).join(" "));
    setSteps([...steps]);
  };
  if (!able) return { steps: [], putAway };
  return { steps: steps && (undone(steps, remembered(AWAY, "")) ? steps : []), putAway };
}

export function FirstSteps({ steps, onPutAway }) {
  const next = steps.find(({ done }) => !done);
  const count = steps.filter(({ done }) => done).length;
  return html`<${Panel} id="first-steps" class="first-steps" title=${t("steps.title")} note=${t("steps.note", { done: count, all: steps.length })}
    actions=${html`<${Button} kind="small plain" onClick=${onPutAway}>${t("steps.put_away")}<//>`}>
    <ol>${steps.map((step, n) => html`<li key=${step.name} class=${step.done ? "done" : step === next ? "next" : ""}>
      <span class="step-mark" aria-hidden="true">${step.done ? html`<${Icon} name="check" />` : n + 1}</span>
      <div><a href=${step.href} aria-current=${step === next ? "step" : undefined}>${t(`steps.${step.name}.title`)}</a><span class="visually-hidden"> — ${t(step.done ? "steps.done" : "steps.open")}</span>
        ${!step.done && html`<p class="quiet">${t(`steps.${step.name}.todo`)}</p>`}</div></li>`)}</ol>
  <//>`;
}
