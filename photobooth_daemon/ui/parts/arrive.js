// A link may lead to one part of a screen (…?at=providers): it is scrolled to, and its control focused.

import { useEffect } from "../core/html.js";

const CONTROLS = "button, input:not([type=hidden]), select, textarea, a[href]";

/** Goes to the part of this id once it is shown. */
export function useArrival(id) {
  useEffect(() => {
    if (!id) return undefined;
    // After the screen's title, which takes the focus first.
    const timer = setTimeout(() => {
      const part = document.getElementById(id);
      if (!part) return;
      part.scrollIntoView({ block: "center" });
      (part.matches(CONTROLS) ? part : part.querySelector(CONTROLS))?.focus({ preventScroll: true });
    }, 50);
    return () => clearTimeout(timer);
  }, [id]);
}
