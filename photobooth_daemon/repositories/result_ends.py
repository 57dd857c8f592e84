"""How results end before their time: hidden, or removed by a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from photobooth_daemon.model import Job, MediaKind
from photobooth_daemon.repositories.jobs import JOB_COLUMNS, job_of

_KEPT = (MediaKind.RESULT.value, MediaKind.PREVIEW.value, MediaKind.ORIGINAL.value)


class ResultEnds:
    """Writes what the public sees of a job no more; the files go afterwards."""

    async def lock(self, connection: asyncpg.Connection, job_id: UUID) -> list[Job]:
        """Return a job and those that made it again, or that it made again; none if unknown."""
        rows = await connection.fetch(
            f"""
            SELECT {JOB_COLUMNS} FROM job_history
             WHERE job_id = $1 OR rerun_by = $1 OR rerun_of = $1
                OR rerun_of = (SELECT rerun_of FROM job_history WHERE job_id = $1)
             ORDER BY started_at, job_id FOR UPDATE
            """,  # noqa: S608
            job_id,
        )
        found = [job_of(row) for row in rows]
        return found if any(job.job_id == job_id for job in found) else []

    async def list_of_event(
        self, connection: asyncpg.Connection, event_id: UUID, limit: int
    ) -> list[UUID]:
        """Return jobs of an event that still have a file of a photo or a picture."""
        rows = await connection.fetch(
            """
            SELECT DISTINCT job.job_id
              FROM job_history AS job JOIN media_object AS object USING (job_id)
             WHERE job.event_id = $1 AND object.cleaned_at IS NULL AND object.kind = ANY($2)
               AND job.status <> 'pending'
             LIMIT $3
            """,
            event_id,
            list(_KEPT),
            limit,
        )
        return [row["job_id"] for row in rows]

    async def set_hidden(
        self, connection: asyncpg.Connection, job_ids: Collection[UUID], hidden: bool
    ) -> None:
        """Take jobs out of their gallery, or put them back."""
        await connection.execute(
            "UPDATE job_history SET hidden = $2 WHERE job_id = ANY($1)", list(job_ids), hidden
        )

    async def end(
        self, connection: asyncpg.Connection, job_ids: Sequence[UUID], now: datetime
    ) -> None:
        """End the life of results, previews and originals: every link of theirs answers 410.

        What is being made again of them has no result either, once it is done; recipes
        that show one of them show it no more.
        """
        await connection.execute(
            """
            UPDATE media_object SET expires_at = least(expires_at, $2)
             WHERE job_id = ANY($1) AND kind = ANY($3) AND cleaned_at IS NULL
            """,
            list(job_ids),
            now,
            list(_KEPT),
        )
        await connection.execute(
            """
            UPDATE job_history
               SET result_removed_at = coalesce(result_removed_at, $2),
                   result_expires_at = CASE WHEN result_expires_at > $2 THEN $2
                                            ELSE result_expires_at END,
                   original_expires_at = CASE WHEN original_expires_at > $2 THEN $2
                                              ELSE original_expires_at END
             WHERE job_id = ANY($1) OR (rerun_of = ANY($1) AND status = 'pending')
            """,
            list(job_ids),
            now,
        )
        await connection.execute("DELETE FROM preset_sample WHERE job_id = ANY($1)", list(job_ids))
        await connection.execute(
            """
            UPDATE preset SET after_jpeg = NULL, after_job_id = NULL
             WHERE after_job_id = ANY($1)
            """,
            list(job_ids),
        )
        await connection.execute(
            """
            UPDATE rerun SET state = 'cancelled', finished_at = $2
             WHERE job_id = ANY($1) AND state = 'queued'
            """,
            list(job_ids),
            now,
        )

    async def mark_cleaned(
        self, connection: asyncpg.Connection, job_ids: Sequence[UUID], now: datetime
    ) -> None:
        """Note that the files are gone."""
        await connection.execute(
            """
            UPDATE media_object SET cleaned_at = $2
             WHERE job_id = ANY($1) AND kind = ANY($3) AND cleaned_at IS NULL
            """,
            list(job_ids),
            now,
            list(_KEPT),
        )
