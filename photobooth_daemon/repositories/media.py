"""Media objects: which file lives until when."""

from __future__ import annotations

from uuid import UUID

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import MediaKind, MediaObject

MEDIA_COLUMNS = "media_id, job_id, kind, content_type, size_bytes, expires_at, cleaned_at"
BEFORE_ALL_IDS = UUID(int=0)
"""Where a look at rows in the order of their ids begins."""


def media_of(row: Row) -> MediaObject:
    """Return the object of a row that has :data:`MEDIA_COLUMNS`."""
    return MediaObject(**{**row, "kind": MediaKind(row["kind"])})


class MediaRepository:
    """Reads and writes ``media_object``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, media: MediaObject) -> None:
        """Insert one object, before its link is given to anyone."""
        async with self._database.connection() as connection:
            await connection.execute(
                """
                INSERT INTO media_object
                       (media_id, job_id, kind, content_type, size_bytes, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                media.media_id,
                media.job_id,
                media.kind.value,
                media.content_type,
                media.size_bytes,
                media.expires_at,
            )

    async def find_provider_input(self, media_id: UUID) -> MediaObject | None:
        """Return a temporary input, expired ones too."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {MEDIA_COLUMNS} FROM media_object"  # noqa: S608
                " WHERE media_id = $1 AND kind = 'provider_input'",
                media_id,
            )
        return None if row is None else media_of(row)
