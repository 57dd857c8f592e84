"""The one row of ``setting``: what administrators changed, over the program's defaults."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import Settings, SettingsState

SETTING_COLUMNS = """
    setting.version AS settings_version,
    setting.stored AS settings_stored,
    setting.updated_at AS settings_updated_at,
    setting.updated_by AS settings_updated_by,
    setting.ingest_password_hash,
    setting.ingest_password_updated_at,
    setting.ingest_password_updated_by,
    setting.provider_keys_version
"""
"""The columns that :func:`settings_state` reads; named apart so that a join can carry them."""

_NAMES = frozenset(field.name for field in fields(Settings))


def settings_state(row: Row) -> SettingsState:
    """Return the settings of a row that has :data:`SETTING_COLUMNS`.

    A stored key that this version does not know is skipped, so that yesterday's
    package runs on today's row.
    """
    return SettingsState(
        values=Settings(**{k: v for k, v in row["settings_stored"].items() if k in _NAMES}),
        version=row["settings_version"],
        updated_at=row["settings_updated_at"],
        updated_by=row["settings_updated_by"],
        ingest_password_hash=row["ingest_password_hash"],
        ingest_password_updated_at=row["ingest_password_updated_at"],
        ingest_password_updated_by=row["ingest_password_updated_by"],
        provider_keys_version=row["provider_keys_version"],
    )


class SettingsRepository:
    """Reads and replaces the settings' row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self) -> SettingsState:
        """Return the settings in force."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(f"SELECT {SETTING_COLUMNS} FROM setting")  # noqa: S608
        return settings_state(row)

    async def lock(self, connection: asyncpg.Connection) -> SettingsState:
        """Return the settings and keep other writers away until the transaction ends."""
        row = await connection.fetchrow(
            f"SELECT {SETTING_COLUMNS} FROM setting FOR UPDATE"  # noqa: S608
        )
        return settings_state(row)

    async def save_values(
        self, connection: asyncpg.Connection, values: Settings, updated_at: datetime, actor: str
    ) -> None:
        """Replace the values and count the version up; defaults are not stored."""
        defaults = asdict(Settings())
        stored = {k: v for k, v in asdict(values).items() if v != defaults[k]}
        await connection.execute(
            """
            UPDATE setting
               SET stored = $1, version = version + 1, updated_at = $2, updated_by = $3
            """,
            stored,
            updated_at,
            actor,
        )

    async def save_ingest_password(
        self,
        connection: asyncpg.Connection,
        password_hash: str,
        updated_at: datetime,
        actor: str,
    ) -> None:
        """Replace the ingest password's hash; the version is :meth:`save_values`' to count."""
        await connection.execute(
            """
            UPDATE setting
               SET ingest_password_hash = $1, ingest_password_updated_at = $2,
                   ingest_password_updated_by = $3
            """,
            password_hash,
            updated_at,
            actor,
        )
