"""Adds up the jobs of a stretch of time, or of an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import ReportTooLarge
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
        """Return the figures of the cameras' photos that came from ``since`` until ``until``.

        Raises:
            ReportTooLarge: they are more than can be added up in the time of a statement.
        """
        return await self._read(since, until, _OF_TIME, since, until)

    async def read_event(self, event: Event) -> EventReport:
        """Return the figures of an event's photos.

        Raises:
            ReportTooLarge: as for :meth:`read`.
        """
        return await self._read(event.starts_at, event.ends_at, _OF_EVENT, event.event_id)

    async def _read(
        self, since: datetime, until: datetime, which: str, *values: Any
    ) -> EventReport:
        async with self._database.transaction() as connection:
            # An evening's photos are laid out once, in memory.
            await connection.execute("SET LOCAL work_mem = '32MB'")
            try:
                row = await connection.fetchrow(_REPORT.format(which=which), *values)
            except asyncpg.QueryCanceledError as error:
                raise ReportTooLarge from error
        total, took = row["total"], row["took"]
        quarters = tuple(_hour_of(one) for one in row["quarters"] or ())
        p50_ms, p95_ms = took["total_ms"] or (None, None)
        provider_p50_ms, provider_p95_ms = took["provider_ms"] or (None, None)
        return EventReport(
            since=since,
            until=until,
            photos=total["photos"],
            done=total["done"],
            timeouts=total["timeouts"],
            failures=total["failures"],
            pending=total["pending"],
            fallbacks=total["fallbacks"],
            made_again=took["made_again"],
            total=Durations(p50_ms, p95_ms, total["longest"]),
            ready_p90_ms=took["ready_p90"],
            provider=Durations(provider_p50_ms, provider_p95_ms, total["provider_longest"]),
            received_bytes=total["received_bytes"],
            result_bytes=total["result_bytes"],
            cost=total["cost"],
            first_at=_instant_of(total["first_at"]),
            last_at=_instant_of(total["last_at"]),
            slots=tuple(SlotLine(**line) for line in row["slots"] or ()),
            causes=tuple(Cause(**line) for line in row["causes"] or ()),
            providers=tuple(ProviderLine(**line) for line in row["providers"] or ()),
            slowest=tuple(_slow_photo_of(line) for line in row["slowest"] or ()),
            hours=_hours_of(quarters),
            quarters=quarters,
        )


def _instant_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _hour_of(line: Mapping[str, Any]) -> Hour:
    return Hour(datetime.fromisoformat(line["at"]), line["photos"], line["done"])


def _slow_photo_of(line: Mapping[str, Any]) -> SlowPhoto:
    own = {"job_id": UUID(line["job_id"]), "started_at": datetime.fromisoformat(line["started_at"])}
    return SlowPhoto(**{**line, **own})


def _hours_of(quarters: Iterable[Hour]) -> tuple[Hour, ...]:
    """Return the hours that quarters of an hour, in their order, add up to."""
    hours: dict[datetime, tuple[int, int]] = {}
    for one in quarters:
        at = one.at.replace(minute=0)
        photos, done = hours.get(at, (0, 0))
        hours[at] = photos + one.photos, done + one.done
    return tuple(Hour(at, photos, done) for at, (photos, done) in hours.items())


# What was made again later is no further photo, but costs, too. All figures of one report are of
# one statement, which looks at each job once; what can be added up is added up from its cells.
_REPORT = f"""
WITH job AS MATERIALIZED (
    SELECT job_id, slot_id, source = 'ingest' AS is_photo, status, provider, fallback, rerun_by,
           coalesce(provider_code, failure_code, 'unknown') AS code,
           input_size_bytes, result_size_bytes, cost,
           (timings ->> 'total_ms')::integer AS total_ms,
           (timings ->> 'provider_ms')::integer AS provider_ms,
           jsonb_array_length(attempts) AS attempts, started_at
      FROM job_history AS job
     WHERE source IN ('ingest', 'rerun') AND {{which}}
), cell AS MATERIALIZED (
    SELECT slot_id, is_photo, status, provider, code,
           date_bin('15 minutes', started_at, 'epoch') AS at,
           CASE WHEN is_photo THEN count(*) ELSE 0 END AS photos, sum(cost) AS cost,
           count(*) FILTER (WHERE fallback) AS fallbacks, sum(attempts) AS attempts,
           sum(input_size_bytes)::bigint AS input_size_bytes,
           sum(result_size_bytes)::bigint AS result_size_bytes,
           max(total_ms) AS total_ms, max(provider_ms) AS provider_ms,
           min(started_at) AS first_at, max(started_at) AS last_at
      FROM job GROUP BY 1, 2, 3, 4, 5, 6
), slot_took AS MATERIALIZED (
    SELECT slot_id, percentile_disc(0.95) WITHIN GROUP (ORDER BY total_ms) AS p95_ms
      FROM job WHERE is_photo GROUP BY slot_id
), took AS (
    SELECT percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY total_ms) AS total_ms,
           percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY provider_ms) AS provider_ms,
           percentile_disc(0.9) WITHIN GROUP (ORDER BY total_ms) FILTER (WHERE status = 'done')
               AS ready_p90,
           count(*) FILTER (WHERE rerun_by IS NOT NULL AND EXISTS (
               SELECT FROM job_history AS made
                WHERE made.job_id = job.rerun_by AND made.status = 'done')) AS made_again
      FROM job WHERE is_photo
), total AS (
    SELECT coalesce(sum(photos), 0) AS photos,
           coalesce(sum(photos) FILTER (WHERE status = 'done'), 0) AS done,
           coalesce(sum(photos) FILTER (WHERE status = 'timeout'), 0) AS timeouts,
           coalesce(sum(photos) FILTER (WHERE status = 'failed'), 0) AS failures,
           coalesce(sum(photos) FILTER (WHERE status = 'pending'), 0) AS pending,
           coalesce(sum(fallbacks), 0) AS fallbacks,
           max(total_ms) AS longest, max(provider_ms) AS provider_longest,
           coalesce(sum(input_size_bytes), 0)::bigint AS received_bytes,
           coalesce(sum(result_size_bytes), 0)::bigint AS result_bytes,
           (SELECT coalesce(sum(cost), 0)::float8 FROM cell) AS cost,
           min(first_at) AS first_at, max(last_at) AS last_at
      FROM cell WHERE is_photo
), slot_line AS (
    SELECT slot_id, (SELECT display_name FROM slot WHERE slot.slot_id = cell.slot_id),
           sum(photos) AS photos,
           coalesce(sum(photos) FILTER (WHERE status = 'done'), 0) AS done,
           coalesce(sum(photos) FILTER (WHERE status = 'timeout'), 0) AS timeouts,
           coalesce(sum(photos) FILTER (WHERE status = 'failed'), 0) AS failures,
           (SELECT p95_ms FROM slot_took WHERE slot_took.slot_id = cell.slot_id) AS p95_ms,
           coalesce(sum(cost), 0)::float8 AS cost
      FROM cell GROUP BY slot_id HAVING bool_or(is_photo)
), cause AS (
    SELECT status, code, sum(photos) AS photos
      FROM cell WHERE is_photo AND status IN ('timeout', 'failed') GROUP BY status, code
), provider_line AS (
    SELECT coalesce(provider, 'none') AS provider, sum(photos) AS photos,
           sum(attempts) AS attempts, coalesce(sum(cost), 0)::float8 AS cost
      FROM cell GROUP BY provider
), slow_photo AS (
    SELECT job_id, slot_id, status, provider, total_ms, coalesce(provider_ms, 0) AS provider_ms,
           started_at
      FROM job WHERE is_photo AND total_ms IS NOT NULL
     ORDER BY total_ms DESC, job_id LIMIT {SLOWEST}
), quarter AS (
    SELECT at, sum(photos) AS photos,
           coalesce(sum(photos) FILTER (WHERE status = 'done'), 0) AS done
      FROM cell WHERE is_photo GROUP BY at
)
SELECT (SELECT to_jsonb(total) FROM total) AS total,
       (SELECT to_jsonb(took) FROM took) AS took,
       (SELECT jsonb_agg(to_jsonb(line) ORDER BY slot_id) FROM slot_line AS line) AS slots,
       (SELECT jsonb_agg(to_jsonb(line) ORDER BY photos DESC, code) FROM cause AS line) AS causes,
       (SELECT jsonb_agg(to_jsonb(line) ORDER BY photos DESC, provider) FROM provider_line AS line)
           AS providers,
       (SELECT jsonb_agg(to_jsonb(line) ORDER BY total_ms DESC, job_id) FROM slow_photo AS line)
           AS slowest,
       (SELECT jsonb_agg(to_jsonb(line) ORDER BY at) FROM quarter AS line) AS quarters
"""  # noqa: S608
