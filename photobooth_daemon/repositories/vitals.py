"""The figures of the whole installation that every process shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from photobooth_daemon.database import Database


class VitalsRepository:
    """Reads sums that are cheap enough to read again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ping(self) -> None:
        """Ask the database for nothing.

        Raises:
            DatabaseUnavailable: it does not answer.
        """
        async with self._database.connection() as connection:
            await connection.fetchval("SELECT 1")

    async def media_bytes(self) -> Mapping[str, int]:
        """Return the bytes of stored files by kind, from the rows that speak of them."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT kind, sum(size_bytes)::bigint AS bytes FROM media_object
                 WHERE cleaned_at IS NULL GROUP BY kind
                UNION ALL
                SELECT 'template', sum(size_bytes)::bigint FROM template_media
                """
            )
        return {row["kind"]: row["bytes"] or 0 for row in rows}

    async def last_backup_at(self) -> datetime | None:
        """Return when a backup last succeeded."""
        async with self._database.connection() as connection:
            at: datetime | None = await connection.fetchval(
                "SELECT max(finished_at) FROM backup_run WHERE succeeded"
            )
        return at
