"""Reruns as their worker sees them: taken from the queue, ended, or taken up after a crash."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import asyncpg

from photobooth_daemon.database.advisory_lock import AdvisoryLock
from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import JobStatus
from photobooth_daemon.model.events import RerunMode
from photobooth_daemon.model.reruns import LeftPhotos, Rerun, RerunState
from photobooth_daemon.repositories.jobs import MADE_AGAIN_BY_ITSELF
from photobooth_daemon.repositories.reruns import RERUN_COLUMNS, rerun_of

MOST_ATTEMPTS = 3
"""So often a rerun is begun whose process is then gone; it may be the photo that ends it."""
PACE = timedelta(seconds=5)
"""Decoding, painting on this machine and encoding take processor time from cameras beside it."""
_WRITTEN_DOWN = timedelta(seconds=5)
"""A process that has ended a job says so of its rerun as well, unless it is gone."""
_OPENED = timedelta(seconds=30)
"""A rerun whose job is not open by then has no process any more."""
_NOT_ITS_END = frozenset({"interrupted", "gave_way"})
"""How a job fails whose photo is made again by another: its process, or its place, was gone."""


class RerunQueue:
    """Takes reruns from the queue for one process among others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def queued_slots(self) -> list[str]:
        """Return the slots whose photos are queued."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT DISTINCT slot_id FROM rerun WHERE state = 'queued'"
            )
        return [row["slot_id"] for row in rows]

    async def claim(
        self, now: datetime, slot_ids: Collection[str], most_running: int, *, cameras_here: bool
    ) -> Rerun | None:
        """Take the oldest of these slots; None while a camera's photo is under way there.

        No more than ``most_running`` are taken at once, by all processes together; while any
        camera's photo is under way, here or elsewhere, no more than one in ``PACE``.
        """
        async with self._database.transaction() as connection:
            if not await connection.fetchval(
                "SELECT pg_try_advisory_xact_lock($1)", AdvisoryLock.RERUN_CLAIM
            ):
                return None
            row = await connection.fetchrow(
                f"""
                WITH next AS (
                    SELECT rerun.job_id FROM rerun JOIN job_history AS job USING (job_id)
                     WHERE rerun.state = 'queued' AND rerun.slot_id = ANY($2)
                       AND (SELECT count(*) FROM rerun WHERE state = 'running') < $3
                       AND (NOT EXISTS (SELECT FROM rerun WHERE claimed_at > $4)
                            OR NOT ($5 OR EXISTS (SELECT FROM job_history AS camera
                                                   WHERE camera.status = 'pending'
                                                     AND camera.source = 'ingest'
                                                     AND camera.deadline_at > $1)))
                       AND NOT EXISTS (SELECT FROM job_history AS camera
                                        WHERE camera.status = 'pending'
                                          AND camera.source = 'ingest'
                                          AND camera.slot_id = rerun.slot_id
                                          AND camera.deadline_at > $1)
                     ORDER BY rerun.requested_at, job.started_at, job.job_id
                     LIMIT 1 FOR UPDATE OF rerun SKIP LOCKED
                )
                UPDATE rerun SET state = 'running', claimed_at = $1, attempts = attempts + 1
                 WHERE job_id = (SELECT job_id FROM next)
                RETURNING {RERUN_COLUMNS}
                """,  # noqa: S608
                now,
                list(slot_ids),
                most_running,
                now - PACE,
                cameras_here,
            )
        return None if row is None else rerun_of(row)

    async def give_back(self, rerun: Rerun) -> None:
        """Queue it again as if it had never been taken."""
        async with self._database.connection() as connection:
            await connection.execute(
                """
                UPDATE rerun SET state = 'queued', claimed_at = NULL, attempts = attempts - 1
                 WHERE rerun_job_id = $1 AND state = 'running'
                """,
                rerun.rerun_job_id,
            )

    async def put_off(self, rerun: Rerun) -> None:
        """Queue it again, as another job than the one that it was."""
        async with self._database.transaction() as connection:
            # The first job's row before its rerun's.
            await connection.execute(
                "SELECT FROM job_history WHERE job_id = $1 FOR UPDATE", rerun.job_id
            )
            again = await connection.fetchval(
                """
                UPDATE rerun SET state = 'queued', claimed_at = NULL, attempts = attempts - 1,
                       rerun_job_id = gen_random_uuid()
                 WHERE rerun_job_id = $1 AND state = 'running'
                RETURNING rerun_job_id
                """,
                rerun.rerun_job_id,
            )
            if again is not None:
                await connection.execute(
                    "UPDATE job_history SET rerun_by = $2 WHERE job_id = $1", rerun.job_id, again
                )

    async def end(self, rerun: Rerun, state: RerunState, error: str | None, now: datetime) -> None:
        """Write down how it ended."""
        async with self._database.connection() as connection:
            await connection.execute(
                """
                UPDATE rerun SET state = $2, error = $3, finished_at = $4
                 WHERE rerun_job_id = $1 AND state = 'running'
                """,
                rerun.rerun_job_id,
                state.value,
                error,
                now,
            )

    async def list_left_photos(self, now: datetime) -> list[LeftPhotos]:
        """Return which slots of which events have photos to be made again by themselves."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT event.event_id, job.slot_id,
                       (SELECT max(finished_at) FROM rerun
                         WHERE rerun.event_id = event.event_id AND rerun.slot_id = job.slot_id
                           AND rerun.state = 'failed') AS rerun_failed_at,
                       EXISTS (SELECT FROM rerun
                                WHERE rerun.event_id = event.event_id
                                  AND rerun.slot_id = job.slot_id
                                  AND rerun.state IN ('queued', 'running')) AS being_made
                  FROM event JOIN job_history AS job USING (event_id)
                 WHERE event.rerun = $1 AND {MADE_AGAIN_BY_ITSELF}
                 GROUP BY event.event_id, job.slot_id
                """,  # noqa: S608
                RerunMode.AUTO.value,
                now,
            )
        return [LeftPhotos(**dict(row)) for row in rows]

    async def newest_outcome(
        self, provider: str, since: datetime
    ) -> tuple[JobStatus, datetime] | None:
        """Return how and when the provider's newest photo ended, if one has since then."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                """
                SELECT status, finished_at FROM job_history
                 WHERE started_at > $2 AND provider = $1 AND status <> 'pending'
                 ORDER BY started_at DESC, job_id DESC LIMIT 1
                """,
                provider,
                since,
            )
        return None if row is None else (JobStatus(row["status"]), row["finished_at"])

    async def queue_left(
        self,
        connection: asyncpg.Connection,
        left: LeftPhotos,
        by: str,
        now: datetime,
        ended_before: datetime,
        most: int | None,
    ) -> int:
        """Queue a slot's photos that failed before an instant, each for its only time."""
        rows = await connection.fetch(
            f"""
            WITH wanted AS (
                SELECT job.job_id, job.event_id, job.slot_id
                  FROM event JOIN job_history AS job USING (event_id)
                 WHERE event.event_id = $3 AND job.slot_id = $4 AND job.finished_at < $5
                   AND event.rerun = 'auto' AND {MADE_AGAIN_BY_ITSELF}
                 ORDER BY job.started_at, job.job_id LIMIT $6 FOR UPDATE OF job
            ), queued AS (
                INSERT INTO rerun (job_id, event_id, slot_id, state, rerun_job_id, requested_at,
                                   requested_by)
                SELECT job_id, event_id, slot_id, 'queued', gen_random_uuid(), $2, $1 FROM wanted
                ON CONFLICT (job_id) DO NOTHING
                RETURNING job_id, rerun_job_id
            )
            UPDATE job_history AS job SET rerun_by = queued.rerun_job_id FROM queued
             WHERE job.job_id = queued.job_id
            RETURNING job.job_id
            """,  # noqa: S608
            by,
            now,
            left.event_id,
            left.slot_id,
            ended_before,
            most,
        )
        return len(rows)

    async def settle_abandoned(self, now: datetime) -> list[Rerun]:
        """End what processes have left running that are gone, or queue it again; return it.

        A job that is still open may have a living process, or recovery ends it first.
        """
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                """
                SELECT rerun.job_id, done.status, done.failure_code,
                       coalesce(done.provider_code, done.failure_code) AS error
                  FROM rerun JOIN job_history AS job USING (job_id)
                  LEFT JOIN job_history AS done ON done.job_id = rerun.rerun_job_id
                 WHERE rerun.state = 'running'
                   AND (done.finished_at < $1
                        OR (done.job_id IS NULL AND rerun.claimed_at < $2))
                   FOR UPDATE OF job SKIP LOCKED
                """,
                now - _WRITTEN_DOWN,
                now - _OPENED,
            )
            return [found for row in rows for found in await self._settle(connection, row, now)]

    async def _settle(self, connection: asyncpg.Connection, row: Row, now: datetime) -> list[Rerun]:
        gone = row["status"] is None or row["failure_code"] in _NOT_ITS_END
        ended = RerunState.DONE if row["status"] == JobStatus.DONE else RerunState.FAILED
        rows = await connection.fetch(
            f"""
            UPDATE rerun
               SET state = CASE WHEN $2 AND attempts < $5 THEN 'queued' ELSE $3 END,
                   rerun_job_id = CASE WHEN $2 AND attempts < $5 THEN gen_random_uuid()
                                       ELSE rerun_job_id END,
                   finished_at = CASE WHEN $2 AND attempts < $5 THEN NULL
                                      ELSE $6::timestamptz END,
                   error = coalesce($4, CASE WHEN $2 THEN 'interrupted' END)
             WHERE job_id = $1 AND state = 'running'
            RETURNING {RERUN_COLUMNS}
            """,  # noqa: S608
            row["job_id"],
            gone,
            ended.value,
            row["error"],
            MOST_ATTEMPTS,
            now,
        )
        found = [rerun_of(row) for row in rows]
        for rerun in found:
            await connection.execute(
                "UPDATE job_history SET rerun_by = $2 WHERE job_id = $1",
                rerun.job_id,
                rerun.rerun_job_id,
            )
        return found
