"""Providers' keys as the database has them: sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from photobooth_daemon.database.pool import Database


class ProviderKeyRepository:
    """Reads and writes ``provider_key``; each change counts the keys' version up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_all(self) -> tuple[int, Mapping[str, bytes]]:
        """Return the keys' version and every sealed key by its provider, as one snapshot."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT setting.provider_keys_version, found.provider, found.sealed_key"
                " FROM setting LEFT JOIN provider_key AS found ON true"
            )
        keys = {row["provider"]: row["sealed_key"] for row in rows if row["provider"] is not None}
        return rows[0]["provider_keys_version"], keys

    async def save(
        self,
        connection: asyncpg.Connection,
        provider: str,
        sealed_key: bytes,
        updated_at: datetime,
        updated_by: str,
    ) -> None:
        """Put a key in place of the one there was."""
        await connection.execute(
            """
            INSERT INTO provider_key (provider, sealed_key, updated_at, updated_by)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (provider) DO UPDATE
               SET sealed_key = $2, updated_at = $3, updated_by = $4
            """,
            provider,
            sealed_key,
            updated_at,
            updated_by,
        )
        await self._count_up(connection)

    async def delete(self, connection: asyncpg.Connection, provider: str) -> bool:
        """Delete a key; False if there was none."""
        found = await connection.fetchval(
            "DELETE FROM provider_key WHERE provider = $1 RETURNING provider", provider
        )
        if found is not None:
            await self._count_up(connection)
        return found is not None

    async def _count_up(self, connection: asyncpg.Connection) -> None:
        await connection.execute(
            "UPDATE setting SET provider_keys_version = provider_keys_version + 1"
        )
