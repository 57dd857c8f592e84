// Screens by the address's fragment: #/slots/slot-003?tab=history. The daemon serves one page.

import { app } from "./store.js";

let guard = null;

/** Reads a fragment into its path's parts and its query. */
export function parse(fragment) {
  const [path, query = ""] = fragment.replace(/^#?\/?/, "").split("?");
  return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), query: Object.fromEntries(new URLSearchParams(query)) };
}

/** Makes a fragment of a path and a query, leaving out what is empty. */
export function link(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return `#/${path}${kept.length ? `?${new URLSearchParams(kept)}` : ""}`;
}

/** Goes to a screen. */
export function go(path, query) {
  location.hash = link(path, query);
}

/** Changes the query without a step in the history: for filters. */
export function refine(path, query) {
  history.replaceState(null, "", link(path, query));
  current = location.hash;
  app.set({ route: parse(location.hash) });
}

/**
 * Guards unsaved work: `ask()` answers whether it may be left, once for each try to leave.
 *
 * Returns the function that lifts the guard.
 */
export function guardLeaving(ask) {
  guard = ask;
  return () => {
    if (guard === ask) guard = null;
  };
}

let current = location.hash;

async function changed() {
  const wanted = location.hash;
  const samePage = parse(wanted).parts.join("/") === parse(current).parts.join("/");
  if (guard && !samePage) {
    history.pushState(null, "", current || "#/");
    if (!(await guard())) return;
    guard = null;
    history.replaceState(null, "", wanted);
  }
  current = location.hash;
  app.set({ route: parse(current) });
}

/** Starts to follow the address. */
export function startRouter() {
  addEventListener("hashchange", changed);
  addEventListener("beforeunload", (event) => {
    if (guard) event.preventDefault();
  });
  app.set({ route: parse(current) });
}
