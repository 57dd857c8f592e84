// The live picture of the fifteen slots: loaded once, kept up by events, reloaded after a gap.

import { get } from "./api.js";
import { openStream } from "./sse.js";
import { app } from "./store.js";

const SETTLE_MS = 300; // a burst of events makes one reload
const PICTURES_OF_SLOT = 13; // the newest large, and a dozen below it
const COUNTS_MS = 30_000; // counts and shares age even while nothing happens

const listeners = new Set();
let stream = null;
let settling = 0;
let ageing = 0;

/** Calls `listener` with each event until the returned function is called. */
export function onEvent(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Loads slots and figures anew; what cannot be loaded now keeps its last value. */
export async function reloadBoard() {
  const [slots, statistics, health] = await Promise.allSettled([
    get("/api/slots"),
    get("/api/stats", { query: { window: "24h" } }),
    readHealth(),
  ]);
  const patch = {};
  if (slots.status === "fulfilled") patch.slots = slots.value.items;
  if (statistics.status === "fulfilled") patch.statistics = statistics.value;
  if (health.status === "fulfilled") patch.health = health.value;
  app.set(patch);
  if (slots.status === "rejected") throw slots.reason;
}

/** Asks how the daemon is; a failing one answers 503 with the same document. */
export async function readHealth() {
  try {
    return await get("/healthz");
  } catch (problem) {
    if (problem.body?.checks) return problem.body;
    throw problem;
  }
}

function reloadSoon() {
  clearTimeout(settling);
  settling = setTimeout(() => reloadBoard().catch(() => {}), SETTLE_MS);
}

async function countPending() {
  const { items } = await get("/api/jobs", { query: { status: "pending", limit: 200 } });
  const inWork = {};
  for (const job of items) (inWork[job.slot_id] ??= {})[job.job_id] = true;
  app.set({ inWork });
}

// The new picture and the count show at once; the figures follow with the reload.
function takeJob(job) {
  if ("hidden" in job || job.removed) {
    if (job.removed) dropPicture(job);
    return;
  }
  app.set(({ inWork, slots }) => {
    const ofSlot = { ...inWork[job.slot_id] };
    if (job.status === "pending") ofSlot[job.job_id] = true;
    else delete ofSlot[job.job_id];
    const made = job.status === "done" && ["ingest", "rerun"].includes(job.source);
    const result = { job_id: job.job_id, preview_url: `/public/results/${job.job_id}/preview`, created_at: job.at };
    const withResult = (slot) => ({ ...slot, last_result: result, recent_results: [result, ...slot.recent_results].slice(0, PICTURES_OF_SLOT) });
    return {
      inWork: { ...inWork, [job.slot_id]: ofSlot },
      slots: slots?.map((slot) => (made && slot.id === job.slot_id ? withResult(slot) : slot)) ?? null,
    };
  });
  reloadSoon();
}

// A picture that is gone leaves its slot's card at once.
function dropPicture(job) {
  app.set(({ slots }) => ({
    slots: slots?.map((slot) => {
      const kept = slot.recent_results.filter(({ job_id: id }) => id !== job.job_id);
      return { ...slot, last_result: kept[0] ?? null, recent_results: kept };
    }) ?? null,
  }));
  reloadSoon();
}

function take({ type, data }) {
  const value = data ? JSON.parse(data) : {};
  if (type === "job" && value.trying) {
    // A photo in work stays one, whoever is asked: only those who follow this photo care.
    for (const listener of [...listeners]) listener("attempt", value);
    return;
  }
  if (type === "job") takeJob(value);
  else if (type === "reset") catchUp();
  else reloadSoon();
  for (const listener of [...listeners]) listener(type, value);
}

function catchUp() {
  reloadSoon();
  countPending().catch(() => {});
}

/** Goes live: one stream for the page, whichever screen is open. */
export function startLive() {
  stopLive();
  stream = openStream("/api/live", {
    onEvent: take,
    onState(state) {
      const before = app.get().connection;
      if (state === "expired") app.set({ connection: "lost", sessionState: "expired" });
      else app.set({ connection: state });
      if (state === "live" && before !== "live") {
        catchUp();
        for (const listener of [...listeners]) listener("reconnected", {});
      }
    },
  });
  ageing = setInterval(reloadSoon, COUNTS_MS);
}

/** Ends the stream, at logout. */
export function stopLive() {
  stream?.close();
  stream = null;
  clearInterval(ageing);
  clearTimeout(settling);
}
