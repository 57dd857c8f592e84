"""When backups were made, and what a backup has to know of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from photobooth_daemon.database.advisory_lock import AdvisoryLock, is_held
from photobooth_daemon.database.pool import Database
from photobooth_daemon.repositories.processes import SILENT_AFTER


@dataclass(frozen=True, slots=True)
class BackupRun:
    """What came of making a backup; without ``error`` there is one."""

    started_at: datetime
    finished_at: datetime
    size_bytes: int
    error: str | None

    @property
    def succeeded(self) -> bool:
        """Return whether there is one."""
        return self.error is None


class BackupRepository:
    """Reads and writes ``backup_run``, and empties a database that is restored into."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def only_one(self) -> AsyncIterator[bool]:
        """Yield whether nobody else backs up or restores; the lock ends with its connection.

        It is no connection of the pool: this may take an hour.
        """
        async with self._database.dedicated_connection() as connection:
            yield await connection.fetchval("SELECT pg_try_advisory_lock($1)", AdvisoryLock.BACKUP)

    async def is_at_work(self) -> bool:
        """Return whether a backup is being made, by whichever process of whichever host."""
        async with self._database.connection() as connection:
            return await is_held(connection, AdvisoryLock.BACKUP)

    async def find_living_host(self, now: datetime) -> str | None:
        """Return a host on which a daemon of this installation runs, if there is any."""
        async with self._database.connection() as connection:
            if await connection.fetchval("SELECT to_regclass('daemon_process') IS NULL"):
                return None
            found: str | None = await connection.fetchval(
                "SELECT host FROM daemon_process WHERE seen_at > $1 ORDER BY host LIMIT 1",
                now - SILENT_AFTER,
            )
        return found

    async def record(
        self,
        started_at: datetime,
        finished_at: datetime,
        location: str,
        size_bytes: int,
        error: str | None,
    ) -> None:
        """Record a backup; without ``error`` it succeeded."""
        async with self._database.connection() as connection:
            await connection.execute(
                """
                INSERT INTO backup_run
                       (started_at, finished_at, succeeded, location, size_bytes, error)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                started_at,
                finished_at,
                error is None,
                location,
                size_bytes,
                error,
            )

    async def find_last(self) -> BackupRun | None:
        """Return what came of the last one, if there was any."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                """
                SELECT started_at, finished_at, size_bytes, error FROM backup_run
                 ORDER BY started_at DESC, run_id DESC LIMIT 1
                """
            )
        return None if row is None else BackupRun(**dict(row))

    async def schema(self) -> tuple[list[int], int]:
        """Return the applied migrations and the server's major version."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT number FROM schema_migration ORDER BY number")
        return [row["number"] for row in rows], await self.server_major()

    async def server_major(self) -> int:
        """Return the server's major version."""
        async with self._database.connection() as connection:
            number = await connection.fetchval("SHOW server_version_num")
        return int(number) // 10000

    async def is_unused(self) -> bool:
        """Return whether the database holds nothing but what the migrations put there."""
        async with self._database.connection() as connection:
            if await connection.fetchval("SELECT to_regclass('setting') IS NULL"):
                return True
            used: bool = await connection.fetchval(
                """
                SELECT EXISTS (SELECT FROM job_history)
                    OR EXISTS (SELECT FROM template_media)
                    OR EXISTS (SELECT FROM audit_log)
                    OR EXISTS (SELECT FROM slot WHERE version > 1)
                """
            )
        return not used

    async def find_other_owner(self) -> str | None:
        """Return the role that owns a table which this one may not drop, if there is any."""
        async with self._database.connection() as connection:
            found: str | None = await connection.fetchval(
                "SELECT tableowner FROM pg_tables WHERE schemaname = 'public'"
                " AND NOT pg_has_role(tableowner, 'USAGE') LIMIT 1"
            )
        return found

    async def drop_everything(self) -> None:
        """Drop every table and function of the schema ``public`` in one transaction."""
        async with self._database.transaction() as connection:
            tables = await connection.fetch(
                "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
                " WHERE schemaname = 'public'"
            )
            for row in tables:
                await connection.execute(f"DROP TABLE {row['name']} CASCADE")
            functions = await connection.fetch(
                """
                SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p
                 WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
                   AND NOT EXISTS (SELECT FROM pg_depend AS d
                                    WHERE d.objid = p.oid AND d.deptype = 'e')
                """
            )
            for row in functions:
                await connection.execute(f"DROP FUNCTION {row['name']} CASCADE")
