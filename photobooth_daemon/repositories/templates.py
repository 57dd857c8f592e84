"""Template media: pictures that administrators registered, and the slots that use them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import TemplateMedia

_COLUMNS = """
    media.media_id, media.label, media.content_type, media.width, media.height,
    media.size_bytes, media.sha256, media.created_at, media.created_by
"""
_USED_BY = """
    coalesce(
        (SELECT array_agg(DISTINCT bound.slot_id ORDER BY bound.slot_id)
           FROM slot_template_media AS bound WHERE bound.media_id = media.media_id),
        '{}') AS used_by
"""


@dataclass(frozen=True, slots=True)
class UsedTemplate:
    """A template picture with the slots that use it."""

    media: TemplateMedia
    used_by: tuple[str, ...]


def _used(row: Row) -> UsedTemplate:
    values = dict(row)
    used_by = tuple(values.pop("used_by"))
    return UsedTemplate(TemplateMedia(**values), used_by)


class TemplateRepository:
    """Reads, adds and removes template media."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, connection: asyncpg.Connection, media: TemplateMedia) -> None:
        """Insert one picture's row; its files are in place already."""
        await connection.execute(
            """
            INSERT INTO template_media (media_id, label, content_type, width, height, size_bytes,
                                        sha256, created_at, created_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            media.media_id,
            media.label,
            media.content_type,
            media.width,
            media.height,
            media.size_bytes,
            media.sha256,
            media.created_at,
            media.created_by,
        )

    async def find(self, media_id: UUID) -> UsedTemplate | None:
        """Return one picture with the slots that use it."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS}, {_USED_BY} FROM template_media AS media"  # noqa: S608
                " WHERE media.media_id = $1",
                media_id,
            )
        return None if row is None else _used(row)

    async def list_newest(
        self, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[UsedTemplate]:
        """Return pictures, newest first, those older than the place ``before``."""
        created_at, media_id = before or (None, None)
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS}, {_USED_BY} FROM template_media AS media"  # noqa: S608
                " WHERE $1::timestamptz IS NULL OR (media.created_at, media.media_id) < ($1, $2)"
                " ORDER BY media.created_at DESC, media.media_id DESC LIMIT $3",
                created_at,
                media_id,
                limit,
            )
        return [_used(row) for row in rows]

    async def list_by_ids(self, media_ids: Collection[UUID]) -> list[TemplateMedia]:
        """Return those of these pictures that exist, in no particular order."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM template_media AS media"  # noqa: S608
                " WHERE media.media_id = ANY($1)",
                list(media_ids),
            )
        return [TemplateMedia(**dict(row)) for row in rows]

    async def hold(
        self, connection: asyncpg.Connection, media_ids: Collection[UUID]
    ) -> frozenset[UUID]:
        """Return which of these exist; they cannot be deleted until the transaction ends."""
        if not media_ids:
            return frozenset()
        rows = await connection.fetch(
            "SELECT media_id FROM template_media WHERE media_id = ANY($1)"
            " ORDER BY media_id FOR KEY SHARE",
            list(media_ids),
        )
        return frozenset(row["media_id"] for row in rows)

    async def lock(self, connection: asyncpg.Connection, media_id: UUID) -> TemplateMedia | None:
        """Return one picture and keep others from binding it until the transaction ends."""
        row = await connection.fetchrow(
            f"SELECT {_COLUMNS} FROM template_media AS media"  # noqa: S608
            " WHERE media.media_id = $1 FOR UPDATE",
            media_id,
        )
        return None if row is None else TemplateMedia(**dict(row))

    async def users(self, connection: asyncpg.Connection, media_id: UUID) -> list[str]:
        """Return the ids of the slots that use a picture."""
        rows = await connection.fetch(
            "SELECT DISTINCT slot_id FROM slot_template_media WHERE media_id = $1 ORDER BY slot_id",
            media_id,
        )
        return [row["slot_id"] for row in rows]

    async def delete(self, connection: asyncpg.Connection, media_id: UUID) -> None:
        """Delete one picture's row; no slot is bound to it any more."""
        await connection.execute("DELETE FROM template_media WHERE media_id = $1", media_id)
