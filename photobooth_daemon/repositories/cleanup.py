"""What cleanup asks of the database: its own runs, and what has expired."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from photobooth_daemon.database.advisory_lock import AdvisoryLock, is_held
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Job, MediaObject
from photobooth_daemon.repositories.jobs import JOB_COLUMNS, job_of
from photobooth_daemon.repositories.media import BEFORE_ALL_IDS, MEDIA_COLUMNS, media_of

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CleanupRun:
    """One row of ``cleanup_run``."""

    run_id: int
    started_at: datetime
    finished_at: datetime | None
    succeeded: bool | None
    counts: Mapping[str, int]
    freed_bytes: int
    error: str | None


class CleanupRepository:
    """Reads in small batches, each after the last row of the one before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def only_one(self) -> AsyncIterator[bool]:
        """Yield whether this is the only cleanup now; the lock ends with the connection."""
        async with self._database.connection() as connection:
            taken = await connection.fetchval(
                "SELECT pg_try_advisory_lock($1)", AdvisoryLock.CLEANUP
            )
            try:
                yield taken
            finally:
                if taken and not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", AdvisoryLock.CLEANUP)

    async def is_at_work(self) -> bool:
        """Return whether a cleanup runs, on any host."""
        async with self._database.connection() as connection:
            return await is_held(connection, AdvisoryLock.CLEANUP)

    async def start_run(self, now: datetime) -> int:
        """Open a run and return its number; runs that were killed are closed as failed."""
        async with self._database.transaction() as connection:
            await connection.execute(
                """
                UPDATE cleanup_run
                   SET finished_at = $1, succeeded = false, error = 'killed before its end'
                 WHERE finished_at IS NULL
                """,
                now,
            )
            run_id: int = await connection.fetchval(
                "INSERT INTO cleanup_run (started_at) VALUES ($1) RETURNING run_id", now
            )
        return run_id

    async def finish_run(
        self,
        run_id: int,
        now: datetime,
        counts: Mapping[str, int],
        freed_bytes: int,
        error: str | None,
    ) -> None:
        """Close a run with what it did; without ``error`` it succeeded."""
        async with self._database.connection() as connection:
            await connection.execute(
                """
                UPDATE cleanup_run
                   SET finished_at = $2, counts = $3, freed_bytes = $4, error = $5,
                       succeeded = $5::text IS NULL
                 WHERE run_id = $1
                """,
                run_id,
                now,
                dict(counts),
                freed_bytes,
                error,
            )

    async def list_finished_runs(self, after_run_id: int, limit: int = 100) -> list[CleanupRun]:
        """Return the finished runs after a number, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT run_id, started_at, finished_at, succeeded, counts, freed_bytes, error
                  FROM cleanup_run
                 WHERE run_id > $1 AND finished_at IS NOT NULL
                 ORDER BY run_id LIMIT $2
                """,
                after_run_id,
                limit,
            )
        return [CleanupRun(**dict(row)) for row in rows]

    async def find_last_run(self, *, succeeded: bool | None = None) -> CleanupRun | None:
        """Return the newest finished run; with ``succeeded``, the newest that ended so."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                """
                SELECT run_id, started_at, finished_at, succeeded, counts, freed_bytes, error
                  FROM cleanup_run
                 WHERE finished_at IS NOT NULL AND ($1::boolean IS NULL OR succeeded = $1)
                 ORDER BY run_id DESC LIMIT 1
                """,
                succeeded,
            )
        return None if row is None else CleanupRun(**dict(row))

    async def list_expired_media(
        self, now: datetime, after: MediaObject | None, limit: int
    ) -> list[MediaObject]:
        """Return expired objects whose files have not been removed, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {MEDIA_COLUMNS} FROM media_object
                 WHERE cleaned_at IS NULL AND expires_at <= $1
                   AND (expires_at, media_id) > ($2, $3)
                 ORDER BY expires_at, media_id LIMIT $4
                """,  # noqa: S608
                now,
                _LONG_AGO if after is None else after.expires_at,
                BEFORE_ALL_IDS if after is None else after.media_id,
                limit,
            )
        return [media_of(row) for row in rows]

    async def mark_cleaned(self, media_ids: Sequence[UUID], now: datetime) -> None:
        """Note that the files are gone; the rows stay, so that 410 stays 410.

        A key goes with its result, which nobody is answered with again. That of a photo that
        failed is free already, and goes with the job.
        """
        async with self._database.connection() as connection:
            await connection.execute(
                """
                WITH cleaned AS (
                    UPDATE media_object SET cleaned_at = $2
                     WHERE media_id = ANY($1) AND cleaned_at IS NULL
                    RETURNING job_id, kind
                )
                DELETE FROM idempotency_key
                 WHERE job_id IN (SELECT job_id FROM cleaned WHERE kind = 'result')
                """,
                list(media_ids),
                now,
            )

    async def list_abandoned_jobs(
        self,
        now: datetime,
        opened_before: datetime | None,
        grace: timedelta,
        after: Job | None,
        limit: int,
    ) -> list[Job]:
        """Return pending jobs whose deadline has passed, oldest first.

        Those not opened before ``opened_before`` may have a living process: they
        are given ``grace`` beyond their deadline.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {JOB_COLUMNS} FROM job_history
                 WHERE status = 'pending' AND deadline_at < $1
                   AND (started_at < $2 OR deadline_at < $3)
                   AND (deadline_at, job_id) > ($4, $5)
                 ORDER BY deadline_at, job_id LIMIT $6
                """,  # noqa: S608
                now,
                opened_before,
                now - grace,
                _LONG_AGO if after is None else after.deadline_at,
                BEFORE_ALL_IDS if after is None else after.job_id,
                limit,
            )
        return [job_of(row) for row in rows]

    async def list_provider_inputs(self, job_id: UUID) -> list[MediaObject]:
        """Return a job's temporary inputs whose files have not been removed."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {MEDIA_COLUMNS} FROM media_object
                 WHERE job_id = $1 AND kind = 'provider_input' AND cleaned_at IS NULL
                """,  # noqa: S608
                job_id,
            )
        return [media_of(row) for row in rows]
