// What went wrong, in words with what to do: the contract's codes and the providers' reasons.

import { has, t } from "./i18n.js";
import { slotTitleOf } from "./names.js";
import { duration, minute, span } from "./format.js";

// On whose side the cause lies; what is not listed is on the server's.
const SIDES = {
  no_image: "provider",
  overloaded: "provider",
  quota: "provider",
  bad_response: "provider",
  refused: "provider",
  timeout: "provider",
  unreachable: "network",
  auth: "setup",
  model_gone: "setup",
  bad_request: "setup",
  input_not_fetched: "setup",
  cancelled: "time",
  gave_way: "camera",
  window_closed: "time",
  invalid_image: "photo",
};

/** Returns `{title, todo}` for a Problem, in the reader's language. */
export function explain(problem) {
  const code = has(`problem.${problem.code}.title`) ? problem.code : "internal_error";
  const values = {
    wait: problem.body?.retryAfter ? duration(problem.body.retryAfter * 1000) : t("problem.a_moment"),
    permission: problem.body?.permission ?? "",
    event: problem.body?.event?.name ?? "",
    until: problem.body?.event ? minute(problem.body.event.ends_at) : "",
    events: (problem.body?.events ?? []).map((event) => `${event.name} (${span(event.starts_at, event.ends_at)})`).join(", "),
    slots: (problem.body?.slots ?? []).map((id) => slotTitleOf(id)).join(", "),
    status: String(problem.status),
  };
  return { title: t(`problem.${code}.title`, values), todo: t(`problem.${code}.todo`, values) };
}

/** Returns `{title, side, todo}` for the reason of a failed attempt or job. */
export function explainReason(reason) {
  const known = has(`reason.${reason}.title`) ? reason : "unknown";
  return {
    title: t(`reason.${known}.title`),
    side: t(`side.${SIDES[known] ?? "server"}`),
    todo: t(`reason.${known}.todo`),
  };
}

/** Returns the reason that explains a job best: the provider's word, else the problem's code. */
export function reasonOf(job) {
  if (job.failure_code === "provider_error" || job.failure_code === "provider_timeout") {
    if (job.failure_code === "provider_timeout") return "window_closed";
    return job.provider_code ?? "unknown";
  }
  return job.failure_code ?? job.provider_code ?? "unknown";
}
