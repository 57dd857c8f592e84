// Calls to the daemon. Every failure is a Problem with the contract's code; words are made elsewhere.

/** A refused or failed call. `code` is the contract's word, or "unreachable". */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? body.code);
    this.status = status;
    this.code = body.code;
    this.detail = body.detail ?? "";
    this.errors = body.errors ?? [];
    this.jobId = body.job_id ?? null;
    this.body = body;
  }
}

const watchers = { unauthenticated: () => {}, newPassword: () => {}, eventRunning: async () => null };

/** Says who is told when the session turns out to be over. */
export function onUnauthenticated(tell) {
  watchers.unauthenticated = tell;
}

/** Says who is told when nothing may be done before a password of one's own is chosen. */
export function onNewPasswordNeeded(tell) {
  watchers.newPassword = tell;
}

/** Says who is asked for a reason when a running event keeps something as it is; null lets it be. */
export function onEventRunning(ask) {
  watchers.eventRunning = ask;
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

async function problemOf(answer) {
  const isProblem = (answer.headers.get("Content-Type") ?? "").includes("json");
  const body = isProblem ? await answer.json().catch(() => ({})) : {};
  const retryAfter = Number(answer.headers.get("Retry-After")) || null;
  return new Problem(answer.status, { code: "internal_error", ...body, retryAfter });
}

/**
 * Makes a call and returns the parsed answer, null for 204.
 *
 * Throws a Problem: refused by the daemon, or "unreachable" when no whole answer came. What a running event
 * keeps as it is is asked about, and sent again with the reason.
 */
export async function call(method, path, options = {}) {
  const { json, form, query, signal, reason } = options;
  const address = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") address.searchParams.set(name, value);
  }
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-XSRF-Token"] = cookie("photobooth_xsrf");
  // Headers are latin-1: other letters go encoded (RFC 8187).
  if (reason) headers["X-Override-Freeze"] = `utf-8''${encodeURIComponent(reason)}`;
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  let body = null;
  try {
    answer = await fetch(address, {
      method,
      headers,
      signal,
      body: json !== undefined ? JSON.stringify(json) : form,
      credentials: "same-origin",
      cache: "no-store",
    });
    // The connection may end under the answer, too.
    if (answer.ok && answer.status !== 204) body = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { code: "unreachable" });
  }
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (problem.code === "unauthenticated") watchers.unauthenticated();
    if (problem.code === "password_change_required") watchers.newPassword();
    if (problem.code === "event_running" && !reason) {
      const given = await watchers.eventRunning(problem.body.event);
      if (given) return call(method, path, { ...options, reason: given });
    }
    throw problem;
  }
  return body;
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, options) => call("POST", path, options);
export const put = (path, json) => call("PUT", path, { json });
export const del = (path, options) => call("DELETE", path, options);
