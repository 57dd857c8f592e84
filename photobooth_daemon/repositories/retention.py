"""Until when the rows allow each file of an event to be there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from photobooth_daemon.database.pool import Database

_BATCH_JOBS = 200
_FIRST = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Allowed:
    """A job, and until when its files may be there; None where no row allows them any more.

    What a ``pending`` job has is still being made.
    """

    job_id: UUID
    started_at: datetime
    pending: bool
    result_until: datetime | None
    original_until: datetime | None


class RetentionRepository:
    """Reads an event's jobs in small batches, whatever made them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def iterate(self, event_id: UUID) -> AsyncIterator[list[Allowed]]:
        """Yield what each job of an event may keep, a batch at a time."""
        started_at, job_id = _FIRST
        while True:
            async with self._database.connection() as connection:
                rows = await connection.fetch(_PAGE, event_id, started_at, job_id, _BATCH_JOBS)
            if rows:
                yield [Allowed(*row.values()) for row in rows]
            if len(rows) < _BATCH_JOBS:
                return
            started_at, job_id = rows[-1]["started_at"], rows[-1]["job_id"]

    async def unknown(self, job_ids: Collection[UUID]) -> set[UUID]:
        """Return those ids that are no job's."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT job_id FROM job_history WHERE job_id = ANY($1)", list(job_ids)
            )
        return set(job_ids) - {row["job_id"] for row in rows}


_PAGE = """
    SELECT job.job_id, job.started_at, job.status = 'pending',
           max(object.expires_at) FILTER (WHERE object.kind IN ('result', 'preview')),
           max(object.expires_at) FILTER (WHERE object.kind = 'original')
      FROM (SELECT job_id, started_at, status
              FROM job_history
             WHERE event_id = $1 AND (started_at, job_id) > ($2, $3)
             ORDER BY started_at, job_id LIMIT $4) AS job
      LEFT JOIN media_object AS object
        ON object.job_id = job.job_id AND object.cleaned_at IS NULL
     GROUP BY job.job_id, job.started_at, job.status
     ORDER BY job.started_at, job.job_id
"""
