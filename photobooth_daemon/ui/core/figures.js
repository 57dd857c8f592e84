// Reads the figures of /api/stats.

const NONE = { done: 0, timeout: 0, failed: 0, pending: 0, jobs: 0, success: null, timeouts: null, p50: null, p95: null, p99: null, reasons: {} };

/** Returns one row of statistics in the form the screens use. */
export function figures(row) {
  if (!row) return NONE;
  const { done, timeout, failed, pending } = row.jobs;
  const finished = done + timeout + failed;
  return {
    done,
    timeout,
    failed,
    pending,
    jobs: finished + pending,
    success: row.success_share,
    timeouts: row.timeout_share,
    p50: row.total_ms.p50,
    p95: row.total_ms.p95,
    p99: row.total_ms.p99,
    provider: row.provider_ms,
    bytes: row.bytes,
    cost: row.cost,
    reasons: row.reasons,
  };
}

/** Returns a series as points: `{at, values: {done, timeout, failed, p95}}`. */
export function points(series) {
  return series.at.map((at, n) => ({
    at,
    values: { done: series.done[n], timeout: series.timeout[n], failed: series.failed[n], p95: series.p95_total_ms[n] },
  }));
}

/** Returns a slot's figures out of a statistics document. */
export function figuresOfSlot(statistics, slotId) {
  return figures(statistics?.slots?.find((row) => row.slot_id === slotId));
}
