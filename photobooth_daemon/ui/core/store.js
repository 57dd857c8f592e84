// One store of what several screens share; views re-render on the part they select.

import { useEffect, useState } from "./html.js";

/** Returns a store: `get()`, `set(patch)` and `subscribe(listener)`, which returns its undo. */
export function createStore(initial) {
  let state = initial;
  const listeners = new Set();
  return {
    get: () => state,
    set(patch) {
      state = { ...state, ...(typeof patch === "function" ? patch(state) : patch) };
      for (const listener of [...listeners]) listener(state);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Selects from a store inside a view, which re-renders when the selected value changes. */
export function useStore(store, select) {
  const [value, setValue] = useState(() => select(store.get()));
  useEffect(() => {
    const look = () => setValue(() => select(store.get()));
    look();
    return store.subscribe(look);
  }, [store]);
  return value;
}

export const app = createStore({
  session: null, // {username, permissions, expires_at}
  sessionState: "unknown", // in, out, expired, new_password
  oneTimePassword: "", // just logged in with: it is not asked for again
  slots: null,
  catalogue: null, // of providers
  statistics: null, // of the last 24 hours
  health: null,
  connection: "connecting", // live, lost
  inWork: {}, // slot id → {job id: true}
  route: null,
  language: "en",
  toasts: [],
  dialog: null,
  dialogOver: null, // asked while another dialog is open
  paused: false,
});
