// Who is at the keyboard, and what they may do.

import { get, onNewPasswordNeeded, onUnauthenticated, post } from "./api.js";
import { app } from "./store.js";

/** Finds out whether the session cookie still opens the door. */
export async function resume() {
  try {
    app.set({ session: await get("/api/me"), sessionState: "in" });
  } catch (problem) {
    if (problem.code !== "unauthenticated") throw problem;
    app.set({ session: null, sessionState: "out" });
  }
}

/**
 * Opens a session; throws the Problem of a refusal.
 *
 * A password for one login opens one in which nothing can be done but choose another.
 */
export async function login(username, password) {
  const { token, ...session } = await post("/api/login", { json: { username, password } });
  try {
    await get("/api/admins", { query: { limit: 1 } });
    app.set({ session, sessionState: "in", oneTimePassword: "" });
  } catch (problem) {
    if (problem.code !== "password_change_required") throw problem;
    app.set({ session, sessionState: "new_password", oneTimePassword: password });
  }
}

/** Ends the session here and at the daemon. */
export async function logout() {
  await post("/api/logout");
  app.set({ session: null, sessionState: "out", slots: null, statistics: null, oneTimePassword: "" });
}

/** Tells whether the person may do what `permission` names. */
export function may(permission) {
  return app.get().session?.permissions.includes(permission) ?? false;
}

onNewPasswordNeeded(() => {
  if (app.get().sessionState === "in") app.set({ sessionState: "new_password" });
});

// An expired session keeps the page and what was typed in it: the login comes up over it.
onUnauthenticated(() => {
  const { sessionState } = app.get();
  if (sessionState === "in") app.set({ sessionState: "expired" });
});
