"""The newest picture that each slot made: what stands for a trial photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from photobooth_daemon.database.pool import Database


@dataclass(frozen=True, slots=True)
class Trial:
    """A picture: by which provider and operation, how long it took, how long it might have."""

    operation: tuple[str, str]
    seconds: float
    window_seconds: float


class TrialRepository:
    """Reads it from the history."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest_of_each_slot(self, since: datetime) -> Mapping[str, Trial]:
        """Return the newest picture since then of every slot that made one."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT slot.slot_id, newest.*
                  FROM slot
                 CROSS JOIN LATERAL (
                       SELECT provider, operation,
                              extract(epoch FROM finished_at - started_at)::float8 AS seconds,
                              extract(epoch FROM deadline_at - started_at)::float8 AS window_seconds
                         FROM job_history
                        WHERE slot_id = slot.slot_id AND status = 'done' AND started_at >= $1
                        ORDER BY started_at DESC, job_id DESC
                        LIMIT 1) AS newest
                """,
                since,
            )
        return {
            row["slot_id"]: Trial(
                (row["provider"], row["operation"]), row["seconds"], row["window_seconds"]
            )
            for row in rows
        }
