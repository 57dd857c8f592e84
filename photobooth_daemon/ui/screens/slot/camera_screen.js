// A camera's FTP page, drawn: where the values of the list beside it are typed.

import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Segments } from "../../parts/fields.js";
import { Icon } from "../../parts/icons.js";

export const MAKES = ["canon", "nikon", "sony"];
const PASSWORD_DOTS = "•".repeat(10);

/** The values in the order in which the list numbers them: field of the screen, what stands in it. */
export function fieldsOf(ftp, address, user) {
  return [
    ["address", address],
    ["port", String(ftp.port)],
    ["user", user],
    ["password", PASSWORD_DOTS],
    ["passive", t("intake.passive_on")],
    ["tls", t(ftp.tls === "off" ? "intake.screen_plain" : "intake.screen_tls")],
    ["directory", "/"],
  ];
}

function Display({ make, fields }) {
  const said = fields.map(([name, value], at) => t("intake.screen_row", { number: at + 1, name: t(`intake.${name}`), value: name === "password" ? t("camera.password") : value })).join("; ");
  return html`<div class="camera-back" role="img" aria-label=${t("intake.screen_said", { fields: said })}>
    <div class="camera-display">
      <p class="camera-title"><${Icon} name="globe" />${t(`intake.make.${make}.page`)}</p>
      <ol>${fields.map(([name, value], at) => html`<li key=${name} class=${name === "address" ? "chosen" : ""}>
        <span class="number">${at + 1}</span><span class="camera-label">${t(`intake.${name}`)}</span><span class="camera-value">${value}</span></li>`)}</ol>
    </div>
    <div class="camera-keys"><span class="camera-lever"></span><span class="camera-wheel"><span></span></span><span class="camera-key"></span><span class="camera-key"></span></div>
  </div>`;
}

/** The drawn page of one make, chosen above it, with the way to it through the camera's menu. */
export function CameraScreen({ fields }) {
  const [make, setMake] = useState(MAKES[0]);
  return html`<div class="stack camera-screen">
    <${Segments} name="make" legend=${t("intake.makes")} value=${make} options=${MAKES.map((value) => ({ value, title: t(`intake.make.${value}.name`) }))} onInput=${setMake} />
    <figure>
      <figcaption><p class="menu-path">${t(`intake.make.${make}.path`)}</p><p class="hint">${t(`intake.make.${make}.then`)}</p></figcaption>
      <${Display} make=${make} fields=${fields} />
    </figure>
    <p class="hint">${t("intake.screen_note")}</p>
  </div>`;
}
