"""What cleanup asks of the database: its own runs, and which files have a right to be there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from photobooth_daemon.database.advisory_lock import AdvisoryLock, is_held
from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import Job, MediaKind, MediaObject
from photobooth_daemon.repositories.jobs import JOB_COLUMNS, job_of

_COLUMNS = "media_id, job_id, kind, content_type, size_bytes, expires_at, cleaned_at"
_FIRST_ID = UUID(int=0)
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


def _media(row: Row) -> MediaObject:
    return MediaObject(**{**row, "kind": MediaKind(row["kind"])})


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
                SELECT {_COLUMNS} FROM media_object
                 WHERE cleaned_at IS NULL AND expires_at <= $1
                   AND (expires_at, media_id) > ($2, $3)
                 ORDER BY expires_at, media_id LIMIT $4
                """,  # noqa: S608
                now,
                _LONG_AGO if after is None else after.expires_at,
                _FIRST_ID if after is None else after.media_id,
                limit,
            )
        return [_media(row) for row in rows]

    async def list_stored_media(self, after: UUID | None, limit: int) -> list[MediaObject]:
        """Return what should be there of results, previews and originals, by their ids."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM media_object
                 WHERE cleaned_at IS NULL AND kind <> 'provider_input' AND media_id > $1
                 ORDER BY media_id LIMIT $2
                """,  # noqa: S608
                after or _FIRST_ID,
                limit,
            )
        return [_media(row) for row in rows]

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

    async def mark_lost(self, media: MediaObject, now: datetime) -> None:
        """End the life of an object whose file is gone before its time: its link answers 410.

        A result and its preview end together; an original stands for itself.
        """
        kinds, column = {MediaKind.RESULT, MediaKind.PREVIEW}, "result_expires_at"
        if media.kind is MediaKind.ORIGINAL:
            kinds, column = {MediaKind.ORIGINAL}, "original_expires_at"
        async with self._database.transaction() as connection:
            await connection.execute(
                """
                UPDATE media_object SET cleaned_at = $2, expires_at = least(expires_at, $2)
                 WHERE job_id = $1 AND kind = ANY($3) AND cleaned_at IS NULL
                """,
                media.job_id,
                now,
                [kind.value for kind in kinds],
            )
            await connection.execute(
                f"UPDATE job_history SET {column} = least({column}, $2)"  # noqa: S608
                f" WHERE job_id = $1 AND {column} IS NOT NULL",
                media.job_id,
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
                _FIRST_ID if after is None else after.job_id,
                limit,
            )
        return [job_of(row) for row in rows]

    async def list_provider_inputs(self, job_id: UUID) -> list[MediaObject]:
        """Return a job's temporary inputs whose files have not been removed."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM media_object
                 WHERE job_id = $1 AND kind = 'provider_input' AND cleaned_at IS NULL
                """,  # noqa: S608
                job_id,
            )
        return [_media(row) for row in rows]

    async def results_with_rows(self, job_ids: Sequence[UUID]) -> set[UUID]:
        """Return those jobs that own a result directory: pending, or done with a living object."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT job_id FROM job_history AS job
                 WHERE job_id = ANY($1)
                   AND (status = 'pending'
                        OR EXISTS (SELECT FROM media_object AS object
                                    WHERE object.job_id = job.job_id
                                      AND object.kind IN ('result', 'preview')
                                      AND object.cleaned_at IS NULL))
                """,
                list(job_ids),
            )
        return {row["job_id"] for row in rows}

    async def originals_with_rows(self, job_ids: Sequence[UUID]) -> set[UUID]:
        """Return those jobs that own a kept photo."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT job_id FROM media_object
                 WHERE job_id = ANY($1) AND kind = 'original' AND cleaned_at IS NULL
                """,
                list(job_ids),
            )
        return {row["job_id"] for row in rows}

    async def provider_inputs_with_rows(self, media_ids: Sequence[UUID]) -> set[UUID]:
        """Return those media ids that are temporary inputs not yet cleaned."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT media_id FROM media_object
                 WHERE media_id = ANY($1) AND kind = 'provider_input' AND cleaned_at IS NULL
                """,
                list(media_ids),
            )
        return {row["media_id"] for row in rows}

    async def templates_with_rows(self, media_ids: Sequence[UUID]) -> set[UUID]:
        """Return those media ids that are registered templates."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT media_id FROM template_media WHERE media_id = ANY($1)", list(media_ids)
            )
        return {row["media_id"] for row in rows}
