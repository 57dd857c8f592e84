"""What the rollup of ``sql/`` counted: outcomes and durations, by slot and stretch of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from photobooth_daemon.database.pool import Database

KEPT_HOURS: Mapping[str, Mapping[int, int]] = {
    "job_rollup": {60: 2, 900: 26, 7200: 8 * 24},
    "job_rollup_duration": {300: 2, 3600: 26, 21600: 8 * 24},
}
"""How long the stretches of each table and length, in seconds, are of use."""

OUTCOMES = """
    SELECT stretch_at, slot_id, status, reason, jobs, input_bytes, result_bytes,
           cost::float8 AS cost
      FROM job_rollup
     WHERE stretch_seconds = $1 AND stretch_at > $2
"""

DURATIONS_BY_SLOT = """
    SELECT slot_id, measure, bucket, sum(jobs) AS jobs, sum(sum_ms) AS sum_ms
      FROM job_rollup_duration
     WHERE stretch_seconds = $1 AND stretch_at > $2
     GROUP BY slot_id, measure, bucket
"""

DURATIONS_BY_STRETCH = """
    SELECT stretch_at, measure, bucket, sum(jobs) AS jobs, sum(sum_ms) AS sum_ms
      FROM job_rollup_duration
     WHERE stretch_seconds = $1 AND stretch_at > $2
       AND measure = 'total_ms'
     GROUP BY stretch_at, measure, bucket
"""

# An event has thousands of photos at most: they are counted themselves. What was made again
# later costs, too, but is no further photo.
OUTCOMES_OF_EVENT = """
    SELECT date_bin(make_interval(secs => $2), started_at, 'epoch'), slot_id, status,
           CASE WHEN source = 'ingest' THEN coalesce(provider_code, failure_code, '') ELSE '' END,
           count(*) FILTER (WHERE source = 'ingest'),
           coalesce(sum(input_size_bytes) FILTER (WHERE source = 'ingest'), 0)::bigint,
           coalesce(sum(result_size_bytes), 0)::bigint, coalesce(sum(cost), 0)::float8
      FROM job_history
     WHERE event_id = $1 AND source IN ('ingest', 'rerun') AND status <> 'pending'
     GROUP BY 1, 2, 3, 4
"""

DURATIONS_OF_EVENT = """
    SELECT {} AS place, measure, ms, count(*), sum(ms)::float8
      FROM job_history
     CROSS JOIN LATERAL
           (VALUES ('total_ms', (timings ->> 'total_ms')::integer),
                   ('provider_ms', nullif((timings ->> 'provider_ms')::integer, 0))
           ) AS duration (measure, ms)
     WHERE event_id = $1 AND source = 'ingest' AND status <> 'pending' AND ms IS NOT NULL
     GROUP BY place, measure, ms
"""

PENDING_OF_EVENT = """
    SELECT slot_id, count(*) AS jobs FROM job_history
     WHERE event_id = $1 AND source = 'ingest' AND status = 'pending' GROUP BY slot_id
"""


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """How many photos of a slot ended one way in one stretch."""

    stretch_at: datetime
    slot_id: str
    status: str
    reason: str
    jobs: int
    input_bytes: int
    result_bytes: int
    cost: float


@dataclass(frozen=True, slots=True)
class DurationCount:
    """How many photos took about the same time; ``group`` is a slot, or a stretch's beginning."""

    group: str | datetime
    measure: str
    bucket: int
    jobs: int
    sum_ms: float


class StatsRepository:
    """Reads and trims the rollup."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def outcomes(self, stretch_seconds: int, since: datetime) -> list[OutcomeCount]:
        """Return the outcomes since the beginning of the stretch that holds ``since``."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                OUTCOMES,
                stretch_seconds,
                _before_first(stretch_seconds, since),
            )
        return [OutcomeCount(*row.values()) for row in rows]

    async def durations_by_slot(self, stretch_seconds: int, since: datetime) -> list[DurationCount]:
        """Return the durations of each slot, over all stretches since ``since``."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                DURATIONS_BY_SLOT,
                stretch_seconds,
                _before_first(stretch_seconds, since),
            )
        return [DurationCount(*row.values()) for row in rows]

    async def durations_by_stretch(
        self, stretch_seconds: int, since: datetime
    ) -> list[DurationCount]:
        """Return the total durations of each stretch, over all slots."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                DURATIONS_BY_STRETCH,
                stretch_seconds,
                _before_first(stretch_seconds, since),
            )
        return [DurationCount(*row.values()) for row in rows]

    async def outcomes_of_event(self, event_id: UUID, stretch_seconds: int) -> list[OutcomeCount]:
        """Return the outcomes of an event's photos."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(OUTCOMES_OF_EVENT, event_id, stretch_seconds)
        return [OutcomeCount(*row.values()) for row in rows]

    async def durations_of_event(self, event_id: UUID) -> list[DurationCount]:
        """Return the durations of an event's photos by slot, to the millisecond."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(DURATIONS_OF_EVENT.format("slot_id"), event_id)
        return [DurationCount(*row.values()) for row in rows]

    async def durations_of_event_by_stretch(
        self, event_id: UUID, stretch_seconds: int
    ) -> list[DurationCount]:
        """Return the same by stretch."""
        place = "date_bin(make_interval(secs => $2), started_at, 'epoch')"
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                DURATIONS_OF_EVENT.format(place), event_id, stretch_seconds
            )
        return [DurationCount(*row.values()) for row in rows]

    async def pending_of_event(self, event_id: UUID) -> dict[str, int]:
        """Return how many of an event's photos are under way, by slot."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(PENDING_OF_EVENT, event_id)
        return {row["slot_id"]: row["jobs"] for row in rows}


def _before_first(stretch_seconds: int, since: datetime) -> datetime:
    """Return what the stretch that holds ``since``, and every later one, begins after."""
    return since - timedelta(seconds=stretch_seconds)
