// What is typed and not saved yet: leaving asks first, and a key saves.

import { useEffect, useLayoutEffect, useRef } from "../core/html.js";
import { t } from "../core/i18n.js";
import { guardLeaving } from "../core/router.js";
import { confirm } from "./dialog.js";

/** Asks before a screen is left on which something is unsaved. */
export function useGuard(dirty) {
  // At once, not after the next frame: whoever discards and leaves is not asked any more.
  useLayoutEffect(() => {
    if (!dirty) return undefined;
    return guardLeaving(() => confirm({ title: t("slot.leave_title"), text: t("slot.leave_text"), action: t("slot.leave"), stay: t("act.stay") }));
  }, [dirty]);
}

/** Lets Ctrl+S save, on a Mac the command key, unless a dialog is open. */
export function useSaveKey(save) {
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => {
    const press = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.code === "KeyS" && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        latest.current();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
