"""What the rollup of ``sql/`` counted: outcomes and durations, by slot and stretch of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

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


class OutcomeCount(NamedTuple):
    """How many photos of a slot ended one way in one stretch."""

    stretch_at: datetime
    slot_id: str
    status: str
    reason: str
    jobs: int
    input_bytes: int
    result_bytes: int
    cost: float


class DurationCount(NamedTuple):
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


def _before_first(stretch_seconds: int, since: datetime) -> datetime:
    """Return what the stretch that holds ``since``, and every later one, begins after."""
    return since - timedelta(seconds=stretch_seconds)
