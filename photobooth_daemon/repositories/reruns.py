"""Reruns: what is queued to be made again, and what became of it.

Whoever writes both a job's row and its rerun's takes the job's first: nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import Job, JobSource, JobStatus
from photobooth_daemon.model.reruns import Rerun, RerunCounts, RerunState
from photobooth_daemon.repositories.jobs import JOB_COLUMNS, job_of

RERUN_COLUMNS = "job_id, rerun_job_id, slot_id, state, attempts, requested_at"
_CAN_RUN = """
    job.status IN ('failed', 'timeout') AND job.rerun_of IS NULL
    AND job.original_expires_at > $1 AND job.result_removed_at IS NULL
"""


class RerunRepository:
    """Queues photos to be made again, and tells how that is going."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, connection: asyncpg.Connection, job_id: UUID) -> Rerun | None:
        """Return the rerun of a first job."""
        row = await connection.fetchrow(
            f"SELECT {RERUN_COLUMNS} FROM rerun WHERE job_id = $1",  # noqa: S608
            job_id,
        )
        return None if row is None else rerun_of(row)

    async def find_queued_job(self, rerun_job_id: UUID) -> Job | None:
        """Return the job that a queued rerun will be, as if it were open already."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"""
                WITH asked AS (
                    SELECT job_id, requested_at FROM rerun
                     WHERE rerun_job_id = $1 AND state IN ('queued', 'running')
                )
                SELECT {JOB_COLUMNS}, (SELECT requested_at FROM asked) AS requested_at
                  FROM job_history WHERE job_id = (SELECT job_id FROM asked)
                """,  # noqa: S608
                rerun_job_id,
            )
        return None if row is None else _waiting_job(rerun_job_id, dict(row))

    async def counts(self, event_ids: Collection[UUID]) -> dict[UUID, RerunCounts]:
        """Return how the reruns of each of these events are."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT event_id, count(*) FILTER (WHERE state = 'queued') AS queued,
                       count(*) FILTER (WHERE state = 'running') AS running,
                       count(*) FILTER (WHERE state = 'done') AS done,
                       count(*) FILTER (WHERE state = 'failed') AS failed
                  FROM rerun WHERE event_id = ANY($1) GROUP BY event_id
                """,
                list(event_ids),
            )
        found = {row["event_id"]: RerunCounts(*tuple(row)[1:]) for row in rows}
        return {event_id: found.get(event_id, RerunCounts()) for event_id in event_ids}

    async def queue_job(
        self, connection: asyncpg.Connection, job_id: UUID, by: str, now: datetime
    ) -> Rerun | None:
        """Queue one job's photo; None if it cannot be made again, or is queued already."""
        found = await self._queue(connection, "job.job_id = $3", by, now, job_id)
        return found[0] if found else None

    async def queue_event(
        self,
        connection: asyncpg.Connection,
        event_id: UUID,
        statuses: Collection[JobStatus],
        by: str,
        now: datetime,
    ) -> int:
        """Queue every photo of an event that ended so and has an original; return how many."""
        where = "job.event_id = $3 AND job.status = ANY($4)"
        return len(await self._queue(connection, where, by, now, event_id, list(statuses)))

    async def cancel_event(
        self, connection: asyncpg.Connection, event_id: UUID, now: datetime
    ) -> int:
        """Take what is queued of an event out of the queue; return how many there were."""
        rows = await connection.fetch(
            """
            WITH held AS (
                SELECT job.job_id, job.rerun_by FROM rerun JOIN job_history AS job USING (job_id)
                 WHERE rerun.event_id = $1 AND rerun.state = 'queued' FOR UPDATE OF job
            ), cancelled AS (
                UPDATE rerun SET state = 'cancelled', finished_at = $2 FROM held
                 WHERE rerun.job_id = held.job_id AND rerun.state = 'queued'
                RETURNING rerun.job_id, rerun.rerun_job_id
            )
            UPDATE job_history AS job SET rerun_by = NULL FROM cancelled
             WHERE job.job_id = cancelled.job_id AND job.rerun_by = cancelled.rerun_job_id
            RETURNING job.job_id
            """,
            event_id,
            now,
        )
        return len(rows)

    async def _queue(
        self, connection: asyncpg.Connection, where: str, by: str, now: datetime, *values: Any
    ) -> list[Rerun]:
        rows = await connection.fetch(
            f"""
            WITH wanted AS (
                SELECT job.job_id, job.event_id, job.slot_id FROM job_history AS job
                 WHERE {where} AND {_CAN_RUN} FOR UPDATE
            ), queued AS (
                INSERT INTO rerun AS held (job_id, event_id, slot_id, state, rerun_job_id,
                                           requested_at, requested_by)
                SELECT job_id, event_id, slot_id, 'queued', gen_random_uuid(), $1, $2 FROM wanted
                ON CONFLICT (job_id) DO UPDATE
                   SET state = 'queued', rerun_job_id = excluded.rerun_job_id, attempts = 0,
                       requested_at = $1, requested_by = $2, claimed_at = NULL,
                       finished_at = NULL, error = NULL
                 WHERE held.state IN ('failed', 'cancelled')
                RETURNING {RERUN_COLUMNS}
            ), told AS (
                UPDATE job_history AS job SET rerun_by = queued.rerun_job_id FROM queued
                 WHERE job.job_id = queued.job_id
            )
            SELECT {RERUN_COLUMNS} FROM queued
            """,  # noqa: S608
            now,
            by,
            *values,
        )
        return [rerun_of(row) for row in rows]


def rerun_of(row: Row) -> Rerun:
    """Return the rerun of a row that has :data:`RERUN_COLUMNS`."""
    return Rerun(**{**row, "state": RerunState(row["state"])})


def _waiting_job(rerun_job_id: UUID, values: dict[str, Any]) -> Job:
    requested_at = values.pop("requested_at")
    return replace(
        job_of(values),
        job_id=rerun_job_id,
        source=JobSource.RERUN,
        status=JobStatus.PENDING,
        failure_code=None,
        provider_code=None,
        attempts=(),
        timings={},
        cost=None,
        client_address=None,
        request_id=None,
        started_at=requested_at,
        deadline_at=requested_at,
        finished_at=None,
        fallback=False,
        rerun_of=values["job_id"],
        rerun_by=None,
        original_expires_at=None,
    )
