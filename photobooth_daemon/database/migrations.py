"""Brings a database to this program's schema, forward only, and says when it is not there.

Each ``sql/NNNN_name.sql`` is applied once, in a transaction of its own, under an advisory lock,
so any number of hosts may try at the same time. A file that begins with ``-- outside a
transaction`` builds indexes, or counts, while photos come: its statements are run one by one, and
what a run left half done when it was killed is done again by the next. ``-- formerly`` and a
digest name an earlier text that came to the same, which installations may have applied.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.advisory_lock import AdvisoryLock
from photobooth_daemon.database.index_building import LONGEST_SECONDS, run_apart
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import SchemaMismatch

OLDEST_SERVER_MAJOR = 14
"""The first PostgreSQL that knows ``date_bin``, which the statistics are kept with."""
LOCK_TIMEOUT = "10s"
STATEMENT_TIMEOUT = "5min"
STATEMENT_SECONDS = 300.0
LOOK_SECONDS = 0.2

log = logging.getLogger(__name__)

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_OUTSIDE = "-- outside a transaction"
_FORMERLY = re.compile(r"^-- formerly ([0-9a-f]{64})$", re.MULTILINE)


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

    @property
    def digests(self) -> set[str]:
        """Return that of the text, and those of texts that came to the same."""
        return {self.digest, *_FORMERLY.findall(self.sql)}

    @property
    def is_outside(self) -> bool:
        """Return whether it is run outside a transaction."""
        return self.sql.startswith(_OUTSIDE)


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
    async with database.dedicated_connection(patient=True) as connection:
        _refuse_old_server(connection.get_server_version().major)
        async with _alone(connection):
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
                if migration.number not in present:
                    await _apply(connection, migration, clock)
                    applied.append(migration)
    return applied


@asynccontextmanager
async def _alone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Hold the lock of all migrations: whoever has it is waited for, for as long as it builds.

    It is asked for again and again. A transaction that waited for it would have a snapshot, and
    an index is not built before every older snapshot is gone.
    """
    until = time.monotonic() + LONGEST_SECONDS
    told = False
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", AdvisoryLock.MIGRATION):
        if time.monotonic() > until:
            raise SchemaMismatch("Another host has been migrating the database for too long.")
        if not told:
            log.info("another host is migrating the database")
            told = True
        await asyncio.sleep(LOOK_SECONDS)
    yield
    # Not where the block failed: the connection ends, and the lock with it.
    await connection.execute("SELECT pg_advisory_unlock($1)", AdvisoryLock.MIGRATION)


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


async def _apply(connection: asyncpg.Connection, migration: Migration, clock: Clock) -> None:
    """Run a migration; what it warns of, such as a default that has changed, is logged."""

    def tell(_: object, message: asyncpg.PostgresLogMessage) -> None:
        if message.severity_en == "WARNING":
            log.warning("migration %04d_%s: %s", migration.number, migration.name, message.message)

    connection.add_log_listener(tell)
    try:
        if migration.is_outside:
            await run_apart(connection, migration.sql)
        async with connection.transaction():
            await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            if not migration.is_outside:
                await connection.execute(migration.sql, timeout=STATEMENT_SECONDS)
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
        if digest not in known[number].digests:
            raise SchemaMismatch(
                f"Migration {number:04d}_{known[number].name} was edited after being applied. "
                "Reinstall the package, or begin with an empty database: photoboothctl migrate"
            )
