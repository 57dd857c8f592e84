"""Adds up the jobs of a stretch of time."""

from __future__ import annotations

from datetime import datetime

from photobooth_daemon.database.pool import Database
from photobooth_daemon.model.reports import (
    Cause,
    Durations,
    EventReport,
    Hour,
    ProviderLine,
    SlotLine,
    SlowPhoto,
)

SLOWEST = 10


class EventReportRepository:
    """Reads ``job_history``, exactly: an event has thousands of photos, not millions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, since: datetime, until: datetime) -> EventReport:
        """Return the figures of the cameras' photos that came from ``since`` until ``until``."""
        async with self._database.transaction() as connection:
            # All figures of one report are of one moment.
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            total = await connection.fetchrow(_TOTAL, since, until)
            slots = await connection.fetch(_SLOTS, since, until)
            causes = await connection.fetch(_CAUSES, since, until)
            providers = await connection.fetch(_PROVIDERS, since, until)
            slowest = await connection.fetch(_SLOWEST, since, until, SLOWEST)
            hours = await connection.fetch(_HOURS, since, until)
        return EventReport(
            since=since,
            until=until,
            photos=total["photos"],
            done=total["done"],
            timeouts=total["timeouts"],
            failures=total["failures"],
            pending=total["pending"],
            total=Durations(total["p50"], total["p95"], total["longest"]),
            provider=Durations(
                total["provider_p50"], total["provider_p95"], total["provider_longest"]
            ),
            received_bytes=total["received_bytes"],
            result_bytes=total["result_bytes"],
            cost=total["cost"],
            first_at=total["first_at"],
            last_at=total["last_at"],
            slots=tuple(SlotLine(*row.values()) for row in slots),
            causes=tuple(Cause(*row.values()) for row in causes),
            providers=tuple(ProviderLine(*row.values()) for row in providers),
            slowest=tuple(SlowPhoto(*row.values()) for row in slowest),
            hours=tuple(Hour(*row.values()) for row in hours),
        )


_PHOTOS = "FROM job_history AS job WHERE source = 'ingest' AND started_at >= $1 AND started_at < $2"

_TOTAL = f"""
    SELECT count(*) AS photos,
           count(*) FILTER (WHERE status = 'done') AS done,
           count(*) FILTER (WHERE status = 'timeout') AS timeouts,
           count(*) FILTER (WHERE status = 'failed') AS failures,
           count(*) FILTER (WHERE status = 'pending') AS pending,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY (timings ->> 'total_ms')::integer) AS p50,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY (timings ->> 'total_ms')::integer) AS p95,
           max((timings ->> 'total_ms')::integer) AS longest,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY (timings ->> 'provider_ms')::integer)
               AS provider_p50,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY (timings ->> 'provider_ms')::integer)
               AS provider_p95,
           max((timings ->> 'provider_ms')::integer) AS provider_longest,
           coalesce(sum(input_size_bytes), 0)::bigint AS received_bytes,
           coalesce(sum(result_size_bytes), 0)::bigint AS result_bytes,
           coalesce(sum(cost), 0)::float8 AS cost,
           min(started_at) AS first_at, max(started_at) AS last_at
    {_PHOTOS}
"""

_SLOTS = f"""
    SELECT slot_id, (SELECT display_name FROM slot WHERE slot.slot_id = job.slot_id),
           count(*), count(*) FILTER (WHERE status = 'done'),
           count(*) FILTER (WHERE status = 'timeout'), count(*) FILTER (WHERE status = 'failed'),
           percentile_disc(0.95) WITHIN GROUP (ORDER BY (timings ->> 'total_ms')::integer),
           coalesce(sum(cost), 0)::float8
    {_PHOTOS} GROUP BY slot_id ORDER BY slot_id
"""  # noqa: S608

_CAUSES = f"""
    SELECT status, coalesce(provider_code, failure_code, 'unknown') AS code, count(*)
    {_PHOTOS} AND status IN ('timeout', 'failed')
     GROUP BY status, code ORDER BY count(*) DESC, code
"""

_PROVIDERS = f"""
    SELECT coalesce(provider, 'none'), count(*), sum(jsonb_array_length(attempts)),
           coalesce(sum(cost), 0)::float8
    {_PHOTOS} GROUP BY provider ORDER BY count(*) DESC
"""

_SLOWEST = f"""
    SELECT job_id, slot_id, status, provider, (timings ->> 'total_ms')::integer,
           coalesce((timings ->> 'provider_ms')::integer, 0), started_at
    {_PHOTOS} AND timings ? 'total_ms'
     ORDER BY (timings ->> 'total_ms')::integer DESC, job_id LIMIT $3
"""

_HOURS = f"""
    SELECT date_bin('1 hour', started_at, 'epoch') AS at, count(*),
           count(*) FILTER (WHERE status = 'done')
    {_PHOTOS} GROUP BY at ORDER BY at
"""
