"""What presets have made of administrators' own photos."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database


class PresetSampleRepository:
    """Reads and writes ``preset_sample``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_made(self) -> dict[str, datetime]:
        """Return which presets have a sample, and since when."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT preset_id, made_at FROM preset_sample")
        return {row["preset_id"]: row["made_at"] for row in rows}

    async def find(self, preset_id: str) -> tuple[bytes, bytes] | None:
        """Return a sample's pictures before and after."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                "SELECT before_jpeg, after_jpeg FROM preset_sample WHERE preset_id = $1", preset_id
            )
        return None if row is None else (row["before_jpeg"], row["after_jpeg"])

    async def insert(
        self,
        preset_id: str,
        job_id: UUID,
        before_jpeg: bytes,
        after_jpeg: bytes,
        made_at: datetime,
    ) -> None:
        """Keep the sample of a job's result while that is there; the first one stays."""
        async with self._database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO preset_sample (preset_id, job_id, before_jpeg, after_jpeg, made_at)
                SELECT $1, job_id, $3, $4, $5
                  FROM job_history WHERE job_id = $2 AND result_removed_at IS NULL FOR SHARE
                ON CONFLICT (preset_id) DO NOTHING
                """,
                preset_id,
                job_id,
                before_jpeg,
                after_jpeg,
                made_at,
            )

    async def delete(self, connection: asyncpg.Connection, preset_id: str) -> bool:
        """Forget a sample; False if there is none."""
        found = await connection.fetchval(
            "DELETE FROM preset_sample WHERE preset_id = $1 RETURNING preset_id", preset_id
        )
        return found is not None
