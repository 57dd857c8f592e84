// The slot's newest pictures from cameras, with their links.

import { html } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Ago, CopyIcon, Empty, Panel } from "../../parts/basics.js";
import { Icon } from "../../parts/icons.js";

export function ResultsPanel({ results }) {
  return html`<${Panel} id="results" title=${t("results.title")}>
    ${results.length === 0 && html`<${Empty} icon="picture" title=${t("results.none")}>${t("results.none_todo")}<//>`}
    <ul class="results">${results.map((one) => html`<li key=${one.job_id}>
      <a class="thumb" href=${`/r/${one.job_id}`} target="_blank" rel="noopener"><img src=${one.preview_url} alt=${t("results.alt")} loading="lazy" decoding="async" /></a>
      <div><p><${Ago} at=${one.created_at} /></p><p class="quiet">${t("results.until")} <${Ago} at=${one.expires_at} /></p></div>
      <div class="result-links"><a class="icon-button" href=${`${one.result_url}?download=1`} download aria-label=${t("act.download")} title=${t("act.download")}><${Icon} name="download" /></a><${CopyIcon} text=${new URL(`/r/${one.job_id}`, location.origin).href} label=${t("results.copy")} /></div>
    </li>`)}</ul>
  <//>`;
}
