// A link may lead to one part of a screen (…?at=providers): it is scrolled to, and its control focused.

import { useEffect } from "../core/html.js";
import { goTo } from "../core/places.js";

const SETTLE_MS = 50; // after the screen's title, which takes the focus first

/** Goes to the part of this id once it is shown. */
export function useArrival(id) {
  useEffect(() => {
    if (!id) return undefined;
    const timer = setTimeout(() => goTo(id), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [id]);
}
