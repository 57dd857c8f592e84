// The slot for cameras that cannot post: what to type into them, the folder, the last photos.

import { html, useEffect } from "../../core/html.js";
import { get } from "../../core/api.js";
import { rich, t } from "../../core/i18n.js";
import { may } from "../../core/session.js";
import { app } from "../../core/store.js";
import { Ago, CopyButton, Empty, Notice, Panel, ProblemNotice, Waiting } from "../../parts/basics.js";
import { Icon } from "../../parts/icons.js";
import { useLoad } from "../../parts/load.js";
import { CameraScreen, fieldsOf } from "./camera_screen.js";
import { Value } from "./value.js";

const EVERY_MS = 5_000;
const PASSWORD_FILE = "/etc/photobooth-daemon/credentials/ingest_password";
const LOG = "journalctl -u photobooth-intake";
const RESTART = "sudo systemctl restart photobooth-intake";
const STEPS = [
  ["password", `sudo install -m 600 /dev/stdin ${PASSWORD_FILE}`],
  ["start", "sudo systemctl enable --now photobooth-intake"],
  ["look", "photoboothctl intake status"],
];
const MARKS = { taken: ["pending", "refresh"], done: ["done", "check"], fallback: ["timeout", "warning"], failed: ["failed", "cross"] };

function Command({ text }) {
  return html`<div class="copy-row"><code class="command">${text}</code><${CopyButton} text=${text} /></div>`;
}

function ForTheShell({ children }) {
  return html`<details class="by-command"><summary>${t("intake.shell")}</summary>${children}</details>`;
}

function SwitchOn() {
  return html`<${Panel} id="intake-off" title=${t("intake.off")} note=${t("intake.off_note")}>
    <p class="spaced-below">${t("intake.off_first")}</p>
    <${ForTheShell}><ol class="steps">${STEPS.map(([name, command]) => html`<li key=${name}><p>${t(`intake.step.${name}`)}</p><${Command} text=${command} /></li>`)}</ol><//>
  <//>`;
}

function State({ intake, slot }) {
  if (intake.state === "down") return html`<${Notice} kind="bad" title=${t("intake.down")}><p>${t("intake.down_todo")}</p><${ForTheShell}>${[RESTART, LOG].map((text) => html`<${Command} key=${text} text=${text} />`)}<//><//>`;
  if (!slot) return html`<${Notice} kind="warn" title=${t("intake.not_this")}>${t("intake.not_this_todo")}<${ForTheShell}>${t("intake.not_this_shell")}<//><//>`;
  const now = slot.status;
  if (!now) return null;
  if (!now.reachable) return html`<${Notice} kind="bad" title=${t("intake.no_folder")}>${t("intake.no_folder_todo")}<//>`;
  if (!now.writable) return html`<${Notice} kind="bad" title=${t("intake.read_only")}>${t("intake.read_only_todo")}<//>`;
  if (now.stuck) return html`<${Notice} kind="bad" title=${t("intake.stuck", { count: now.waiting })}>${now.holds_up ? rich("intake.holds_up", { why: html`<span lang="en">${now.holds_up}</span>` }) : t("intake.stuck_todo")}<//>`;
  if (now.waiting > now.sending) return html`<${Notice} title=${t("intake.waiting", { count: now.waiting })}>${now.holds_up && rich("intake.holds_up", { why: html`<span lang="en">${now.holds_up}</span>` })}<//>`;
  return null;
}

function FtpPanel({ ftp, slot }) {
  if (!ftp.enabled) return html`<${Panel} id="ftp" title=${t("intake.ftp")} note=${t("intake.ftp_off")}><${ForTheShell}>${t("intake.ftp_off_shell")}<//><//>`;
  const address = ftp.address ?? location.hostname;
  const local = ["localhost", "127.0.0.1", "[::1]", "::1"].includes(address);
  const [user, short] = slot.users;
  const ports = ftp.passive_ports.join("–");
  const fields = fieldsOf(ftp, address, user);
  const number = Object.fromEntries(fields.map(([name], at) => [name, at + 1]));
  return html`<${Panel} id="ftp" title=${t("intake.ftp")} note=${t("intake.ftp_note")}>
    ${local && html`<${Notice} kind="warn" title=${t("camera.local")}>${ftp.address ? html`${t("intake.local_todo")}<${ForTheShell}>${t("intake.local_shell")}<//>` : t("camera.local_todo")}<//>`}
    <div class="typed-where">
      <${CameraScreen} fields=${fields} />
      <dl class="recipe">
        <${Value} number=${number.address} name=${t("intake.address")} value=${address} copy />
        <${Value} number=${number.port} name=${t("intake.port")} value=${String(ftp.port)} copy />
        <${Value} number=${number.user} name=${t("intake.user")} value=${user} copy note=${rich("intake.user_note", { user: html`<b class="mono">${short}</b>` })} />
        <${Value} number=${number.password} name=${t("intake.password")} value=${t("camera.password")} note=${t("intake.password_note")} />
        <${Value} number=${number.passive} name=${t("intake.passive")} value=${t("intake.passive_on")} note=${t("intake.passive_note", { ports })} />
        <${Value} number=${number.tls} name=${t("intake.tls")} value=${t(`intake.tls_${ftp.tls}`)} note=${t(`intake.tls_${ftp.tls}_note`)} />
        <${Value} number=${number.directory} name=${t("intake.directory")} value=${t("intake.directory_any")} />
      </dl>
    </div>
  <//>`;
}

function FolderPanel({ slot }) {
  return html`<${Panel} id="folder" title=${t("intake.folder")} note=${t("intake.folder_note")}>
    <dl class="recipe">
      <${Value} name=${t("intake.photos_go")} value=${slot.folder} copy />
      <${Value} name=${t("intake.pictures_come")} value=${slot.results_folder} copy />
    </dl>
  <//>`;
}

function Photo({ photo }) {
  const [kind, icon] = MARKS[photo.outcome];
  const name = photo.job_id && may("jobs:read") && photo.outcome !== "taken"
    ? html`<a class="fate-name" href=${`#/jobs/${photo.job_id}`}>${photo.name}</a>` : html`<span class="fate-name">${photo.name}</span>`;
  return html`<li class="fate">
    <div>${name}<p class="quiet"><${Ago} at=${photo.at} />${photo.source && ` · ${t(`intake.source.${photo.source}`)}`}</p>
      ${photo.reason && html`<p>${photo.reason[app.get().language]}</p>`}</div>
    <span class=${`status ${kind}`}><${Icon} name=${icon} />${t(`intake.outcome.${photo.outcome}`)}</span>
  </li>`;
}

function PhotosPanel({ photos }) {
  return html`<${Panel} id="photos" title=${t("intake.photos")} note=${photos.some((one) => one.outcome === "failed") && t("intake.photos_note")}>
    ${photos.length === 0 && html`<${Empty} icon="picture" title=${t("intake.none")}>${t("intake.none_todo")}<//>`}
    <ul class="fates">${photos.map((photo) => html`<${Photo} key=${`${photo.name} ${photo.at}`} photo=${photo} />`)}</ul>
  <//>`;
}

export function IntakePanel({ slot }) {
  const { data, problem, reload } = useLoad((signal) => get("/api/intake", { signal }), []);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  if (problem && !data) return html`<${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!data) return html`<${Waiting} rows=${4} />`;
  if (data.state === "off") {
    return html`<div class="stack narrow"><${SwitchOn} /></div>`;
  }
  const mine = data.slots.find((one) => one.slot_id === slot.id);
  return html`<div class="columns">
    <div class="stack">
      <${State} intake=${data} slot=${mine} />
      ${!slot.enabled && html`<${Notice} kind="warn" title=${t("camera.off")}>${t("intake.slot_off_todo")}<//>`}
      ${mine && html`<${FtpPanel} ftp=${data.ftp} slot=${mine} /><${FolderPanel} slot=${mine} />`}
    </div>
    ${mine && data.state === "running" && html`<div class="stack side"><${PhotosPanel} photos=${mine.photos} /></div>`}
  </div>`;
}
