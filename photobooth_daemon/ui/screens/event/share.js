// What guests get: the gallery's link and its QR code, the slideshow for a screen.

import { html, useEffect, useState } from "../../core/html.js";
import { post } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { link } from "../../core/router.js";
import { may } from "../../core/session.js";
import { Button, CopyButton, Panel } from "../../parts/basics.js";
import { confirm } from "../../parts/dialog.js";
import { Icon } from "../../parts/icons.js";
import { toast, toastProblem } from "../../parts/toast.js";

function Qr({ source }) {
  const [gone, setGone] = useState(false);
  useEffect(() => setGone(false), [source]);
  if (gone) return null;
  return html`<img class="qr" src=${source} alt=${t("event.qr")} onError=${() => setGone(true)} width="180" height="180" />`;
}

export function SharePanel({ event, setEvent }) {
  const { gallery } = event;
  const renew = async () => {
    if (!(await confirm({ title: t("event.renew_title"), text: t("event.renew_text"), action: t("event.renew") }))) return;
    try {
      setEvent(await post(`/api/events/${event.event_id}/gallery/renew`));
      toast(t("event.renewed"));
    } catch (problem) {
      toastProblem(problem);
    }
  };
  if (!gallery.enabled) {
    return html`<${Panel} id="gallery" title=${t("event.gallery")}><p class="quiet">${t("event.gallery_off")}</p>
      ${may("events:write") && html`<p class="spaced"><a class="button small" href=${link(`events/${event.event_id}`, { tab: "setup" })}>${t("event.gallery_switch_on")}</a></p>`}<//>`;
  }
  return html`<${Panel} id="gallery" title=${t("event.gallery")} note=${t(gallery.pin_set ? "event.gallery_pin" : "event.gallery_open")}>
    <${Qr} source=${`${new URL(gallery.link).pathname}/qr.svg`} />
    <p class="gallery-link"><a href=${gallery.link} target="_blank" rel="noopener">${gallery.link}</a></p>
    <div class="button-row"><${CopyButton} text=${gallery.link} label=${t("event.copy_link")} />
      <a class="button small" href=${`${gallery.link}/show`} target="_blank" rel="noopener"><${Icon} name="play" />${t("event.slideshow")}</a>
      ${may("events:write") && html`<${Button} kind="small" icon="refresh" onClick=${renew}>${t("event.renew")}<//>`}</div>
  <//>`;
}
