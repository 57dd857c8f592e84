// A place to drop a picture on; the button beside does the same for the keyboard and the phone.

import { html, useRef, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Button } from "./basics.js";
import { Icon } from "./icons.js";

/** A `full` one takes another picture instead, and asks for none. `onFile` takes a file from the desktop, `onItem` a thing of `type` dragged inside the page. */
export function DropZone({ label, accept, type, onFile, onItem, actions, busy, full = false }) {
  const [over, setOver] = useState(false);
  const input = useRef(null);
  const takes = (event) => (onFile && event.dataTransfer.types.includes("Files")) || (type && event.dataTransfer.types.includes(type));
  const drag = (event) => {
    if (!takes(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
  };
  const drop = (event) => {
    if (!takes(event)) return;
    event.preventDefault();
    setOver(false);
    const item = type && event.dataTransfer.getData(type);
    if (item) onItem(item);
    else if (event.dataTransfer.files[0]) onFile(event.dataTransfer.files[0]);
  };
  const pick = (event) => {
    if (event.target.files[0]) onFile(event.target.files[0]);
    event.target.value = "";
  };
  return html`<div class=${`drop-zone ${over ? "over" : ""} ${full ? "full" : ""}`} aria-busy=${busy ? "true" : undefined} onDragOver=${drag} onDragEnter=${drag} onDragLeave=${() => setOver(false)} onDrop=${drop}>
    <p hidden=${full && !busy}><${Icon} name="upload" />${busy ? t("state.uploading") : label}</p>
    <div class="button-row">${onFile && html`<${Button} kind="small" icon="upload" busy=${busy} onClick=${() => input.current.click()}>${t("act.choose_file")}<//>
      <input ref=${input} class="visually-hidden" type="file" accept=${accept} tabindex="-1" aria-hidden="true" onChange=${pick} />`}${actions}</div>
  </div>`;
}
