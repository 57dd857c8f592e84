"""Which files have a row, and which rows should have a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import MediaKind, MediaObject
from photobooth_daemon.repositories.media import BEFORE_ALL_IDS, MEDIA_COLUMNS, media_of


class StoredMedia:
    """Tells living files from orphans, and ends the life of rows whose file is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_stored(self, after: UUID | None, limit: int) -> list[MediaObject]:
        """Return what should be there of results, previews and originals, by their ids."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {MEDIA_COLUMNS} FROM media_object
                 WHERE cleaned_at IS NULL AND kind <> 'provider_input' AND media_id > $1
                 ORDER BY media_id LIMIT $2
                """,  # noqa: S608
                after or BEFORE_ALL_IDS,
                limit,
            )
        return [media_of(row) for row in rows]

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

    async def results_with_rows(self, job_ids: Sequence[UUID]) -> set[UUID]:
        """Return those jobs that own a result directory: pending, or done with a living object."""
        return await self._those_of(
            """
            SELECT job_id FROM job_history AS job
             WHERE job_id = ANY($1)
               AND (status = 'pending'
                    OR EXISTS (SELECT FROM media_object AS object
                                WHERE object.job_id = job.job_id
                                  AND object.kind IN ('result', 'preview')
                                  AND object.cleaned_at IS NULL))
            """,
            job_ids,
        )

    async def originals_with_rows(self, job_ids: Sequence[UUID]) -> set[UUID]:
        """Return those jobs that own a kept photo."""
        return await self._those_of(
            """
            SELECT job_id FROM media_object
             WHERE job_id = ANY($1) AND kind = 'original' AND cleaned_at IS NULL
            """,
            job_ids,
        )

    async def provider_inputs_with_rows(self, media_ids: Sequence[UUID]) -> set[UUID]:
        """Return those media ids that are temporary inputs not yet cleaned."""
        return await self._those_of(
            """
            SELECT media_id FROM media_object
             WHERE media_id = ANY($1) AND kind = 'provider_input' AND cleaned_at IS NULL
            """,
            media_ids,
        )

    async def templates_with_rows(self, media_ids: Sequence[UUID]) -> set[UUID]:
        """Return those media ids that are registered templates."""
        return await self._those_of(
            "SELECT media_id FROM template_media WHERE media_id = ANY($1)", media_ids
        )

    async def _those_of(self, sql: str, ids: Sequence[UUID]) -> set[UUID]:
        async with self._database.connection() as connection:
            return {row[0] for row in await connection.fetch(sql, list(ids))}
