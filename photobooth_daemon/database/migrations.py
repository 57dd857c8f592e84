"""Brings a database to this program's schema, forward only, and says when it is not there.

Each ``sql/NNNN_name.sql`` is applied once, in one transaction, under an
advisory lock, so any number of hosts may try at the same time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import SchemaMismatch

OLDEST_SERVER_MAJOR = 14
"""The first PostgreSQL that knows ``date_bin``, which the statistics are kept with."""
ADVISORY_LOCK = 0x70686F746F  # "photo"
LOCK_TIMEOUT = "10s"
STATEMENT_TIMEOUT = "5min"

log = logging.getLogger(__name__)

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of ``sql/``."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text, kept so that an edited file is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def list_migrations() -> list[Migration]:
    """Return the migrations of this program in their order."""
    found = []
    for file in files("photobooth_daemon.sql").iterdir():
        if match := _FILE_NAME.fullmatch(file.name):
            found.append(Migration(int(match[1]), match[2], file.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.number)


async def migrate(database: Database, clock: Clock) -> list[Migration]:
    """Apply what is missing and return it; a second run does nothing.

    Raises:
        SchemaMismatch: the server is too old, the database newer than this
            program, or an applied file was edited; then nothing was changed.
        DatabaseUnavailable: it went away; what was not committed is rolled back.
    """
    applied = []
    async with database.transaction() as connection:
        _refuse_old_server(connection.get_server_version().major)
        await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK)
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
                number      integer PRIMARY KEY,
                name        text NOT NULL,
                digest      text NOT NULL,
                applied_at  timestamptz NOT NULL
            )
            """
        )
        present = await _applied_digests(connection)
        _refuse_foreign(present)
        for migration in list_migrations():
            if migration.number in present:
                continue
            await _apply(connection, migration)
            await connection.execute(
                """
                INSERT INTO schema_migration (number, name, digest, applied_at)
                VALUES ($1, $2, $3, $4)
                """,
                migration.number,
                migration.name,
                migration.digest,
                clock.utcnow(),
            )
            applied.append(migration)
    return applied


async def check(database: Database) -> None:
    """Make sure that the database has exactly this program's schema.

    Raises:
        SchemaMismatch: it has not; the text names the command to run.
    """
    async with database.connection() as connection:
        exists = await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL")
        present = await _applied_digests(connection) if exists else {}
    _refuse_foreign(present)
    missing = [m for m in list_migrations() if m.number not in present]
    if missing:
        raise SchemaMismatch(
            f"The database lacks {len(missing)} migration(s), first "
            f"{missing[0].number:04d}_{missing[0].name}. Run: photoboothctl migrate"
        )


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    """Run a migration; what it warns of, such as a default that has changed, is logged."""

    def tell(_: object, message: asyncpg.PostgresLogMessage) -> None:
        if message.severity_en == "WARNING":
            log.warning("migration %04d_%s: %s", migration.number, migration.name, message.message)

    connection.add_log_listener(tell)
    try:
        await connection.execute(migration.sql, timeout=300)
        # Listeners are called from the loop, a turn after what they are told of.
        await asyncio.sleep(0)
    finally:
        connection.remove_log_listener(tell)


async def _applied_digests(connection: asyncpg.Connection) -> dict[int, str]:
    rows = await connection.fetch("SELECT number, digest FROM schema_migration")
    return {row["number"]: row["digest"] for row in rows}


def _refuse_old_server(major: int) -> None:
    if major < OLDEST_SERVER_MAJOR:
        raise SchemaMismatch(
            f"The server is PostgreSQL {major}; photobooth-daemon needs {OLDEST_SERVER_MAJOR} or"
            " newer. Upgrade the server, or point the [database] section at a newer one."
        )


def _refuse_foreign(present: dict[int, str]) -> None:
    known = {migration.number: migration for migration in list_migrations()}
    for number, digest in sorted(present.items()):
        if number not in known:
            raise SchemaMismatch(
                f"The database was migrated by a newer photobooth-daemon: migration {number:04d} "
                "is unknown here. Install that version again, or restore a backup made before "
                "it: photoboothctl restore"
            )
        if known[number].digest != digest:
            raise SchemaMismatch(
                f"Migration {number:04d}_{known[number].name} was edited after being applied. "
                "Reinstall the package, or begin with an empty database: photoboothctl migrate"
            )
