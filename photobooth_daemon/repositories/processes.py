"""Which daemons run, where, and with which version and configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import Noticed

SILENT_AFTER = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class DaemonProcess:
    """One process of the daemon."""

    process_id: UUID
    host: str
    pid: int
    version: str
    config_digest: str
    started_at: datetime
    noticed: Noticed


class ProcessRepository:
    """Reads and writes ``daemon_process``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seen(self, process: DaemonProcess, now: datetime) -> None:
        """Record that a process is alive."""
        async with self._database.connection() as connection:
            await connection.execute(
                """
                INSERT INTO daemon_process
                       (process_id, host, pid, version, config_digest, started_at, seen_at,
                        forwarded_by, plain_from)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (process_id) DO UPDATE
                   SET seen_at = excluded.seen_at,
                       forwarded_by = excluded.forwarded_by,
                       plain_from = excluded.plain_from
                """,
                process.process_id,
                process.host,
                process.pid,
                process.version,
                process.config_digest,
                process.started_at,
                now,
                process.noticed.forwarded_by,
                process.noticed.plain_from,
            )

    async def gone(self, process_id: UUID) -> None:
        """Record that a process has ended."""
        async with self._database.connection() as connection:
            await connection.execute("DELETE FROM daemon_process WHERE process_id = $1", process_id)

    async def list_living(self, now: datetime) -> list[DaemonProcess]:
        """Return the processes that were heard of lately."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT process_id, host, pid, version, config_digest, started_at,
                       forwarded_by, plain_from
                  FROM daemon_process WHERE seen_at > $1 ORDER BY started_at
                """,
                now - SILENT_AFTER,
            )
        return [_process(row) for row in rows]


def _process(row: Row) -> DaemonProcess:
    fields = dict(row)
    noticed = Noticed(fields.pop("forwarded_by"), fields.pop("plain_from"))
    return DaemonProcess(**fields, noticed=noticed)
