"""Adds up photos that do not change any more, so that a report does not look at each of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg

from photobooth_daemon.database.pool import Database

QUARTER = timedelta(minutes=15)
KEPT_DAYS = 31
"""As far as a report reaches back."""
SETTLED = timedelta(hours=1)
"""After so long no photo of a quarter begins any more, not even on a host whose clock is wrong."""
AT_ONCE = timedelta(hours=1)
SLOWEST = 10

# One row for each photo, and for each time one was made again, which is no further photo.
JOB = """
    SELECT job_id, slot_id, source = 'ingest' AS is_photo, status, provider, fallback, rerun_by,
           coalesce(provider_code, failure_code, 'unknown') AS code,
           input_size_bytes, result_size_bytes, cost,
           (timings ->> 'total_ms')::integer AS total_ms,
           (timings ->> 'provider_ms')::integer AS provider_ms,
           jsonb_array_length(attempts) AS attempts, started_at,
           date_bin('15 minutes', started_at, 'epoch') AS at
      FROM job_history AS job
     WHERE source IN ('ingest', 'rerun') AND {which}
"""

CELL_COLUMNS = """
    at, slot_id, is_photo, status, provider, code, photos, cost, fallbacks, attempts,
    input_size_bytes, result_size_bytes, first_at, last_at, total_ms, provider_ms
"""

CELL = """
    SELECT at, slot_id, is_photo, status, provider, code,
           CASE WHEN is_photo THEN count(*)::integer ELSE 0 END AS photos, sum(cost) AS cost,
           (count(*) FILTER (WHERE fallback))::integer AS fallbacks,
           sum(attempts)::integer AS attempts,
           sum(input_size_bytes)::bigint AS input_size_bytes,
           sum(result_size_bytes)::bigint AS result_size_bytes,
           min(started_at) AS first_at, max(started_at) AS last_at,
           array_agg(total_ms) FILTER (WHERE is_photo AND total_ms IS NOT NULL) AS total_ms,
           array_agg(provider_ms) FILTER (WHERE is_photo AND provider_ms IS NOT NULL)
               AS provider_ms
      FROM job GROUP BY at, slot_id, is_photo, status, provider, code
"""

SLOW_PHOTO = f"""
    SELECT job_id, slot_id, status, provider, total_ms, coalesce(provider_ms, 0) AS provider_ms,
           started_at
      FROM job WHERE is_photo AND total_ms IS NOT NULL AND {{which}}
     ORDER BY total_ms DESC, job_id LIMIT {SLOWEST}
"""  # noqa: S608


class ReportCells:
    """Keeps ``report_quarter`` and ``report_cell``, one quarter after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, now: datetime, oldest: datetime) -> int:
        """Add up the next quarters, an hour that has photos at most; return how many there were.

        Photos from ``oldest`` on are added up, unless later ones have been already.
        """
        async with self._database.transaction() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            begins, ends = await connection.fetchrow(_NEXT, now, oldest, SETTLED, AT_ONCE)
            if begins is None or begins >= ends:
                return 0
            await connection.execute(_KEEP, begins, ends)
        quarters: int = (ends - begins) // QUARTER
        return quarters


async def find_kept(
    connection: asyncpg.Connection, since: datetime, until: datetime
) -> tuple[datetime, datetime]:
    """Return from when until when a stretch of time has been added up; ``until`` twice if not."""
    row = await connection.fetchrow(_KEPT, since, until)
    return (row["begins"], row["ends"]) if row["is_whole"] else (until, until)


# What is pending is read by its own index, for it is little. Two clocks have to agree: what is
# added up too early would lack the photos that are still to come. Hours without a photo are
# passed by at once.
_NEXT = """
    SELECT begins, least(ends, coalesce(
               (SELECT date_bin('15 minutes', min(started_at), 'epoch') FROM job_history
                 WHERE started_at >= begins) + $4::interval, ends))
      FROM (SELECT greatest((SELECT max(at) + interval '15 minutes' FROM report_quarter),
                            (SELECT date_bin('15 minutes', min(started_at), 'epoch')
                               FROM job_history),
                            date_bin('15 minutes', $2, 'epoch') + interval '15 minutes') AS begins,
                   date_bin('15 minutes', least(least($1, statement_timestamp()) - $3::interval, (
                       SELECT min(started_at)
                         FROM (SELECT started_at FROM job_history WHERE status = 'pending'
                               OFFSET 0) AS under_way)), 'epoch') AS ends) AS stretch
"""

_KEEP = f"""
    WITH job AS MATERIALIZED ({JOB.format(which="started_at >= $1 AND started_at < $2")}),
    quarter AS (
        INSERT INTO report_quarter (at, slowest)
        SELECT every.at, CASE WHEN busy.at IS NULL THEN '[]' ELSE (
                   SELECT coalesce(jsonb_agg(to_jsonb(slow)), '[]')
                     FROM ({SLOW_PHOTO.format(which="job.at = busy.at")}) AS slow) END
          FROM generate_series($1::timestamptz, $2::timestamptz - interval '15 minutes',
                               interval '15 minutes') AS every (at)
          LEFT JOIN (SELECT DISTINCT at FROM job) AS busy ON busy.at = every.at
    )
    INSERT INTO report_cell (number, {CELL_COLUMNS})
    SELECT row_number() OVER (), cell.* FROM ({CELL}) AS cell
"""  # noqa: S608

_KEPT = """
    SELECT min(at) AS begins, max(at) + interval '15 minutes' AS ends,
           coalesce(max(at) - min(at) = (count(*) - 1) * interval '15 minutes', false) AS is_whole
      FROM report_quarter
     WHERE at >= $1 AND at <= $2::timestamptz - interval '15 minutes'
"""
