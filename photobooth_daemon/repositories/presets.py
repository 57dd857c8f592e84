"""Presets that administrators made."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model.presets import Preset

_COLUMNS = """
    preset_id, title, provider, operation, params, output, after_jpeg IS NOT NULL AS has_after
"""


def _preset(row: Row) -> Preset:
    return Preset(**{**dict(row), "preset_id": str(row["preset_id"])})


class PresetRepository:
    """Reads and writes ``preset``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_newest(self) -> list[Preset]:
        """Return every preset, newest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM preset"  # noqa: S608
                " ORDER BY created_at DESC, preset_id DESC"
            )
        return [_preset(row) for row in rows]

    async def find_after(self, preset_id: UUID) -> bytes | None:
        """Return the picture that goes with a preset."""
        async with self._database.connection() as connection:
            found: bytes | None = await connection.fetchval(
                "SELECT after_jpeg FROM preset WHERE preset_id = $1", preset_id
            )
        return found

    async def insert(
        self,
        connection: asyncpg.Connection,
        preset: Preset,
        after: tuple[UUID, bytes] | None,
        created_at: datetime,
        created_by: str,
    ) -> None:
        """Add a preset with its picture, and the job that this is of."""
        after_job_id, after_jpeg = after or (None, None)
        await connection.execute(
            """
            INSERT INTO preset (preset_id, title, provider, operation, params, output, after_jpeg,
                                after_job_id, created_at, created_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            UUID(preset.preset_id),
            dict(preset.title),
            preset.provider,
            preset.operation,
            dict(preset.params),
            dict(preset.output),
            after_jpeg,
            after_job_id,
            created_at,
            created_by,
        )

    async def count(self, connection: asyncpg.Connection) -> int:
        """Return how many there are."""
        found: int = await connection.fetchval("SELECT count(*) FROM preset")
        return found

    async def delete(self, connection: asyncpg.Connection, preset_id: UUID) -> bool:
        """Delete a preset; False if there is none."""
        found = await connection.fetchval(
            "DELETE FROM preset WHERE preset_id = $1 RETURNING preset_id", preset_id
        )
        return found is not None
