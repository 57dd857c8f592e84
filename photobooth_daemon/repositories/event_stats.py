"""How an event goes, counted from its photos themselves: each of the two looks at them once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from photobooth_daemon.database.pool import Database
from photobooth_daemon.repositories.stats import OutcomeCount

# What was made again later costs, too, but is no further photo.
OUTCOMES_OF_EVENT = """
    SELECT date_bin(make_interval(secs => $2), started_at, 'epoch'), slot_id, status,
           CASE WHEN source = 'ingest' THEN coalesce(provider_code, failure_code, '') ELSE '' END,
           count(*) FILTER (WHERE source = 'ingest'),
           coalesce(sum(input_size_bytes) FILTER (WHERE source = 'ingest'), 0)::bigint,
           coalesce(sum(result_size_bytes), 0)::bigint, coalesce(sum(cost), 0)::float8
      FROM job_history
     WHERE event_id = $1 AND source IN ('ingest', 'rerun')
     GROUP BY 1, 2, 3, 4
"""

DURATIONS_OF_EVENT = """
    SELECT slot_id, stretch_at,
           percentile_cont($3::float8[]) WITHIN GROUP (ORDER BY total_ms) AS total_ms,
           percentile_cont($3::float8[]) WITHIN GROUP (ORDER BY provider_ms) AS provider_ms
      FROM (SELECT slot_id, date_bin(make_interval(secs => $2), started_at, 'epoch') AS stretch_at,
                   (timings ->> 'total_ms')::float8 AS total_ms,
                   nullif((timings ->> 'provider_ms')::float8, 0) AS provider_ms
              FROM job_history
             WHERE event_id = $1 AND source = 'ingest' AND status <> 'pending') AS photo
     GROUP BY GROUPING SETS ((), (slot_id), (stretch_at))
"""


@dataclass(frozen=True, slots=True)
class EventDurations:
    """Percentiles of a slot, of a stretch, or of all photos, in the order they were asked for."""

    slot_id: str | None
    stretch_at: datetime | None
    total_ms: list[float] | None
    provider_ms: list[float] | None


class EventStatsRepository:
    """Reads the photos of an event: it has thousands, not millions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def outcomes(self, event_id: UUID, stretch_seconds: int) -> list[OutcomeCount]:
        """Return how the photos ended, those under way as ``pending`` among them."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(OUTCOMES_OF_EVENT, event_id, stretch_seconds)
        return [OutcomeCount(*row.values()) for row in rows]

    async def durations(
        self, event_id: UUID, stretch_seconds: int, shares: list[float]
    ) -> list[EventDurations]:
        """Return these percentiles, to the millisecond."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(DURATIONS_OF_EVENT, event_id, stretch_seconds, shares)
        return [EventDurations(*row.values()) for row in rows]
