"""Adds up the jobs of a stretch of time, or of an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
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
from photobooth_daemon.repositories.report_cells import (
    CELL,
    CELL_COLUMNS,
    JOB,
    SLOW_PHOTO,
    SLOWEST,
    find_kept,
)


class EventReportRepository:
    """Reads ``job_history``, and of a stretch of time what was added up of it; both exactly."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, since: datetime, until: datetime) -> EventReport:
        """Return the figures of the cameras' photos that came from ``since`` until ``until``.

        Raises:
            ReportTooLarge: they are more than can be added up in the time of a statement.
        """
        async with self._database.transaction() as connection:
            # What is added up meanwhile is not counted twice.
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            kept = await find_kept(connection, since, until)
            row = await _report(connection, _OF_TIME, since, until, *kept)
        return _report_of(row, since, until)

    async def read_event(self, event: Event) -> EventReport:
        """Return the figures of an event's photos.

        Raises:
            ReportTooLarge: as for :meth:`read`.
        """
        async with self._database.transaction() as connection:
            row = await _report(connection, _OF_EVENT, event.event_id)
        return _report_of(row, event.starts_at, event.ends_at)


async def _report(connection: asyncpg.Connection, query: str, *values: Any) -> Row:
    # An evening's photos are laid out once, in memory.
    await connection.execute("SET LOCAL work_mem = '32MB'")
    try:
        return await connection.fetchrow(query, *values)
    except asyncpg.QueryCanceledError as error:
        raise ReportTooLarge from error


def _report_of(row: Row, since: datetime, until: datetime) -> EventReport:
    total, took = row["total"], row["took"]
    quarters = tuple(_hour_of(one) for one in row["quarters"] or ())
    of_all, of_provider = (took[name] or (None,) * 3 for name in ("total_ms", "provider_ms"))
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
        total=Durations(*of_all),
        ready_p90_ms=took["ready_p90"],
        provider=Durations(*of_provider),
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
# one statement, which looks at each job once; what can be added up is added up from cells.
_REPORT = f"""
WITH job AS MATERIALIZED ({JOB}), cell AS MATERIALIZED (
    SELECT {CELL_COLUMNS} FROM ({CELL}) AS fresh
    UNION ALL
    SELECT {CELL_COLUMNS} FROM report_cell AS kept WHERE {{kept_quarter}}
), slot_took AS MATERIALIZED (
    SELECT slot_id, percentile_disc(0.95) WITHIN GROUP (ORDER BY ms) AS p95_ms
      FROM cell CROSS JOIN unnest(total_ms) AS ms GROUP BY slot_id
), total_took AS (
    SELECT percentile_disc(ARRAY[0.5, 0.95, 1]) WITHIN GROUP (ORDER BY ms) AS total_ms,
           percentile_disc(0.9) WITHIN GROUP (ORDER BY ms) FILTER (WHERE status = 'done')
               AS ready_p90
      FROM cell CROSS JOIN unnest(total_ms) AS ms
), provider_took AS (
    SELECT percentile_disc(ARRAY[0.5, 0.95, 1]) WITHIN GROUP (ORDER BY ms) AS provider_ms
      FROM cell CROSS JOIN unnest(provider_ms) AS ms
), again AS (
    SELECT rerun_by FROM job WHERE is_photo AND rerun_by IS NOT NULL
    UNION ALL
    SELECT rerun_by FROM job_history AS kept
     WHERE source = 'ingest' AND rerun_by IS NOT NULL AND {{kept_photo}}
), took AS (
    SELECT total_ms, ready_p90, provider_ms,
           (SELECT count(*) FROM again JOIN job_history AS made ON made.job_id = again.rerun_by
             WHERE made.status = 'done') AS made_again
      FROM total_took CROSS JOIN provider_took
), total AS (
    SELECT coalesce(sum(photos), 0) AS photos,
           coalesce(sum(photos) FILTER (WHERE status = 'done'), 0) AS done,
           coalesce(sum(photos) FILTER (WHERE status = 'timeout'), 0) AS timeouts,
           coalesce(sum(photos) FILTER (WHERE status = 'failed'), 0) AS failures,
           coalesce(sum(photos) FILTER (WHERE status = 'pending'), 0) AS pending,
           coalesce(sum(fallbacks), 0) AS fallbacks,
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
    SELECT * FROM ({SLOW_PHOTO.format(which="true")}) AS fresh
    UNION ALL
    SELECT slow.*
      FROM report_quarter AS kept CROSS JOIN jsonb_to_recordset(slowest) AS slow (
               job_id uuid, slot_id text, status text, provider text, total_ms integer,
               provider_ms integer, started_at timestamptz)
     WHERE {{kept_quarter}}
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

_OF_EVENT = _REPORT.format(which="event_id = $1", kept_quarter="false", kept_photo="false")
_OF_TIME = _REPORT.format(
    which="(started_at >= $1 AND started_at < $3 OR started_at >= $4 AND started_at < $2)",
    kept_quarter="kept.at >= $3 AND kept.at < $4",
    kept_photo="kept.started_at >= $3 AND kept.started_at < $4",
)
