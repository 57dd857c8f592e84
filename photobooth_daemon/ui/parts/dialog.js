// Modal dialogs on the browser's own <dialog>: focus stays inside, Esc closes, focus returns.

import { html, useLayoutEffect, useRef, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { app, useStore } from "../core/store.js";
import { Button, IconButton } from "./basics.js";

let count = 0;

/** A dialog around `children`; `onClose` hears Esc, the cross and a click beside it. */
export function Dialog({ title, onClose, children, footer, wide = false, closable = true }) {
  const ref = useRef(null);
  const [id] = useState(() => `dialog-${(count += 1)}`);
  // Before the next key is read: what is typed right after "/" belongs to the search box.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    if (closable) onClose();
  };
  const beside = (event) => {
    if (event.target === ref.current && closable) onClose();
  };
  return html`<dialog ref=${ref} class=${wide ? "wide" : ""} aria-labelledby=${id} onCancel=${cancel} onMouseDown=${beside}>
    <div class="dialog-body">
      <header class="dialog-head"><h2 id=${id}>${title}</h2>${closable && html`<${IconButton} icon="close" label=${t("act.close")} onClick=${onClose} />`}</header>
      <div class="dialog-content">${children}</div>
      ${footer && html`<footer class="dialog-foot">${footer}</footer>`}
    </div>
  </dialog>`;
}

/**
 * Opens a dialog made by `view(close)` and returns what `close` was called with.
 *
 * `over`: above the one that is open, which stays as it is.
 */
export function openDialog(view, { over = false } = {}) {
  const place = over ? "dialogOver" : "dialog";
  return new Promise((resolve) => {
    const close = (value) => {
      app.set({ [place]: null });
      resolve(value);
    };
    app.set({ [place]: () => view(close) });
  });
}

/** Asks before something that cannot be taken back; true means go on. */
export function confirm({ title, text, action, danger = true, stay, over = false }) {
  return openDialog((close) => html`<${Dialog} title=${title} onClose=${() => close(false)} footer=${html`
    <${Button} onClick=${() => close(false)}>${stay ?? t("act.cancel")}<//>
    <${Button} kind=${danger ? "danger" : "primary"} onClick=${() => close(true)}>${action}<//>`}>
    <p>${text}</p>
  <//>`, { over });
}

export function DialogHost() {
  const dialog = useStore(app, (state) => state.dialog);
  const over = useStore(app, (state) => state.dialogOver);
  return html`${dialog && dialog()}${over && over()}`;
}
