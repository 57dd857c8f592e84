"""Alert channels as the database has them: sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from photobooth_daemon.database.pool import Database


class AlertChannelRepository:
    """Reads and writes ``alert_channel``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_sealed(self) -> Mapping[str, bytes]:
        """Return every channel's sealed settings by its name."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT channel, sealed FROM alert_channel")
        return {row["channel"]: row["sealed"] for row in rows}

    async def save(
        self,
        connection: asyncpg.Connection,
        channel: str,
        sealed: bytes,
        updated_at: datetime,
        updated_by: str,
    ) -> None:
        """Put a channel in place of the one there was."""
        await connection.execute(
            """
            INSERT INTO alert_channel (channel, sealed, updated_at, updated_by)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (channel) DO UPDATE SET sealed = $2, updated_at = $3, updated_by = $4
            """,
            channel,
            sealed,
            updated_at,
            updated_by,
        )

    async def delete(self, connection: asyncpg.Connection, channel: str) -> bool:
        """Delete a channel; False if there was none."""
        found = await connection.fetchval(
            "DELETE FROM alert_channel WHERE channel = $1 RETURNING channel", channel
        )
        return found is not None
