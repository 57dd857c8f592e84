// Reads the figures of /api/stats and of a slot's card from the daemon's documents.

const NONE = { done: 0, timeout: 0, failed: 0, pending: 0, jobs: 0, success: null, p50: null, p95: null, p99: null };

/** Returns one row of statistics in the form the screens use. */
export function figures(row) {
  if (!row) return NONE;
  const { done = 0, timeout = 0, failed = 0, pending = 0 } = row.jobs ?? row;
  const finished = done + timeout + failed;
  return {
    done,
    timeout,
    failed,
    pending,
    jobs: finished + pending,
    success: finished ? done / finished : null,
    timeouts: finished ? timeout / finished : null,
    p50: row.total_ms?.p50 ?? null,
    p95: row.total_ms?.p95 ?? null,
    p99: row.total_ms?.p99 ?? null,
    provider: row.provider_ms ?? {},
    bytes: row.bytes ?? null,
    cost: row.cost ?? null,
  };
}

/** Returns a slot's figures out of a statistics document. */
export function figuresOfSlot(statistics, slotId) {
  return figures(statistics?.slots?.find((row) => row.slot_id === slotId));
}
