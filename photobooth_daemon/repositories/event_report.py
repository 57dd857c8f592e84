"""Adds up the jobs of a stretch of time, or of an event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from photobooth_daemon.database.pool import Database
from photobooth_daemon.model.events import Event
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
_OF_TIME = "job.started_at >= $1 AND job.started_at < $2"
_OF_EVENT = "job.event_id = $1"


class EventReportRepository:
    """Reads ``job_history``, exactly: an event has thousands of photos, not millions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, since: datetime, until: datetime) -> EventReport:
        """Return the figures of the cameras' photos that came from ``since`` until ``until``."""
        return await self._read(since, until, _OF_TIME, since, until)

    async def read_event(self, event: Event) -> EventReport:
        """Return the figures of an event's photos."""
        return await self._read(event.starts_at, event.ends_at, _OF_EVENT, event.event_id)

    async def _read(
        self, since: datetime, until: datetime, which: str, *values: Any
    ) -> EventReport:
        photos, jobs = _PHOTOS.format(which=which), _JOBS.format(which=which)
        async with self._database.transaction() as connection:
            # All figures of one report are of one moment.
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            total = await connection.fetchrow(_TOTAL.format(photos=photos, jobs=jobs), *values)
            slots = await connection.fetch(_SLOTS.format(jobs=jobs), *values)
            causes = await connection.fetch(_CAUSES.format(photos=photos), *values)
            providers = await connection.fetch(_PROVIDERS.format(jobs=jobs), *values)
            slowest = await connection.fetch(_SLOWEST.format(photos=photos), *values)
            hours = await connection.fetch(_STRETCHES["1 hour"].format(photos=photos), *values)
            quarters = await connection.fetch(
                _STRETCHES["15 minutes"].format(photos=photos), *values
            )
        return EventReport(
            since=since,
            until=until,
            photos=total["photos"],
            done=total["done"],
            timeouts=total["timeouts"],
            failures=total["failures"],
            pending=total["pending"],
            fallbacks=total["fallbacks"],
            made_again=total["made_again"],
            total=Durations(total["p50"], total["p95"], total["longest"]),
            ready_p90_ms=total["ready_p90"],
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
            quarters=tuple(Hour(*row.values()) for row in quarters),
        )


_PHOTOS = "FROM job_history AS job WHERE job.source = 'ingest' AND {which}"
# What was made again later is no further photo, but costs, too.
_JOBS = "FROM job_history AS job WHERE job.source IN ('ingest', 'rerun') AND {which}"

_TOTAL = """
    SELECT count(*) AS photos,
           count(*) FILTER (WHERE status = 'done') AS done,
           count(*) FILTER (WHERE status = 'timeout') AS timeouts,
           count(*) FILTER (WHERE status = 'failed') AS failures,
           count(*) FILTER (WHERE status = 'pending') AS pending,
           count(*) FILTER (WHERE fallback) AS fallbacks,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM job_history AS made
                WHERE made.job_id = job.rerun_by AND made.status = 'done')) AS made_again,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY (timings ->> 'total_ms')::integer) AS p50,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY (timings ->> 'total_ms')::integer) AS p95,
           max((timings ->> 'total_ms')::integer) AS longest,
           percentile_disc(0.9) WITHIN GROUP (ORDER BY (timings ->> 'total_ms')::integer)
               FILTER (WHERE status = 'done') AS ready_p90,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY (timings ->> 'provider_ms')::integer)
               AS provider_p50,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY (timings ->> 'provider_ms')::integer)
               AS provider_p95,
           max((timings ->> 'provider_ms')::integer) AS provider_longest,
           coalesce(sum(input_size_bytes), 0)::bigint AS received_bytes,
           coalesce(sum(result_size_bytes), 0)::bigint AS result_bytes,
           (SELECT coalesce(sum(cost), 0)::float8 {jobs}) AS cost,
           min(started_at) AS first_at, max(started_at) AS last_at
    {photos}
"""

_SLOTS = """
    SELECT slot_id, (SELECT display_name FROM slot WHERE slot.slot_id = job.slot_id),
           count(*) FILTER (WHERE source = 'ingest'),
           count(*) FILTER (WHERE source = 'ingest' AND status = 'done'),
           count(*) FILTER (WHERE source = 'ingest' AND status = 'timeout'),
           count(*) FILTER (WHERE source = 'ingest' AND status = 'failed'),
           percentile_disc(0.95) WITHIN GROUP (ORDER BY (timings ->> 'total_ms')::integer)
               FILTER (WHERE source = 'ingest'),
           coalesce(sum(cost), 0)::float8
    {jobs} GROUP BY slot_id HAVING bool_or(source = 'ingest') ORDER BY slot_id
"""

_CAUSES = """
    SELECT status, coalesce(provider_code, failure_code, 'unknown') AS code, count(*)
    {photos} AND status IN ('timeout', 'failed')
     GROUP BY status, code ORDER BY count(*) DESC, code
"""

_PROVIDERS = """
    SELECT coalesce(provider, 'none'), count(*) FILTER (WHERE source = 'ingest') AS photos,
           sum(jsonb_array_length(attempts)), coalesce(sum(cost), 0)::float8
    {jobs} GROUP BY provider ORDER BY photos DESC, provider
"""

_SLOWEST = f"""
    SELECT job_id, slot_id, status, provider, (timings ->> 'total_ms')::integer,
           coalesce((timings ->> 'provider_ms')::integer, 0), started_at
    {{photos}} AND timings ? 'total_ms'
     ORDER BY (timings ->> 'total_ms')::integer DESC, job_id LIMIT {SLOWEST}
"""

_STRETCHES = {
    step: f"""
    SELECT date_bin('{step}', started_at, 'epoch') AS at, count(*),
           count(*) FILTER (WHERE status = 'done')
    {{photos}} GROUP BY at ORDER BY at
"""
    for step in ("1 hour", "15 minutes")
}
