"""Which daemons run, where, and with which version and configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import DaemonProcess, HostPresence, Noticed
from photobooth_daemon.model.alerts import Troubles

SILENT_AFTER = timedelta(seconds=45)


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
                        forwarded_by, plain_from, free_bytes, hours_until_full, troubles)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                ON CONFLICT (process_id) DO UPDATE
                   SET seen_at = excluded.seen_at,
                       forwarded_by = excluded.forwarded_by,
                       plain_from = excluded.plain_from,
                       free_bytes = excluded.free_bytes,
                       hours_until_full = excluded.hours_until_full,
                       troubles = excluded.troubles
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
                process.free_bytes,
                process.hours_until_full,
                asdict(process.troubles),
            )

    async def gone(self, process_id: UUID) -> None:
        """Record that a process has ended."""
        async with self._database.connection() as connection:
            await connection.execute("DELETE FROM daemon_process WHERE process_id = $1", process_id)

    async def forget(self, connection: asyncpg.Connection, host: str) -> datetime | None:
        """Take back all that a host has shown; return when it did so last."""
        rows = await connection.fetch(
            "DELETE FROM daemon_process WHERE host = $1 RETURNING seen_at", host
        )
        return max((row["seen_at"] for row in rows), default=None)

    @staticmethod
    def is_living(seen_at: datetime, now: datetime) -> bool:
        """Return whether a process that showed itself then counts as running."""
        return seen_at > now - SILENT_AFTER

    async def pids_of(self, host: str) -> dict[UUID, int]:
        """Return the ids of all processes that a host has shown and not taken back."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT process_id, pid FROM daemon_process WHERE host = $1", host
            )
        return {row["process_id"]: row["pid"] for row in rows}

    async def rank(self, process_id: UUID, now: datetime) -> tuple[int, int]:
        """Return the how-manyth of the living processes this one is, from 0, and how many are."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                """
                SELECT count(*) FILTER (WHERE (process.started_at, process.process_id)
                                            < (own.started_at, own.process_id)) AS rank,
                       count(*) AS sharers
                  FROM daemon_process AS process, daemon_process AS own
                 WHERE own.process_id = $1 AND process.seen_at > $2
                """,
                process_id,
                now - SILENT_AFTER,
            )
        return row["rank"], max(1, row["sharers"])

    async def list_hosts(self, now: datetime) -> list[HostPresence]:
        """Return every host of the last day by its name, those too that have gone silent."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT host, count(*) FILTER (WHERE living) AS processes,
                       array_agg(DISTINCT version ORDER BY version)
                           FILTER (WHERE living OR seen_at = newest) AS versions,
                       array_agg(DISTINCT config_digest ORDER BY config_digest)
                           FILTER (WHERE living OR seen_at = newest) AS config_digests,
                       min(started_at) FILTER (WHERE living OR seen_at = newest) AS started_at,
                       max(seen_at) AS seen_at,
                       min(free_bytes) FILTER (WHERE living) AS free_bytes,
                       min(hours_until_full) FILTER (WHERE living) AS hours_until_full
                  FROM (SELECT *, seen_at > $1 AS living,
                               max(seen_at) OVER (PARTITION BY host) AS newest
                          FROM daemon_process) AS process
                 GROUP BY host ORDER BY host
                """,
                now - SILENT_AFTER,
            )
        return [
            HostPresence(
                row["host"],
                row["processes"],
                tuple(row["versions"]),
                tuple(row["config_digests"]),
                row["started_at"],
                row["seen_at"],
                row["free_bytes"],
                row["hours_until_full"],
            )
            for row in rows
        ]

    async def list_troubles(self, now: datetime, but: UUID) -> dict[str, Troubles]:
        """Return what the living processes, all ``but`` one, find wrong with their hosts."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT host, troubles FROM daemon_process
                 WHERE seen_at > $1 AND process_id <> $2 ORDER BY host, process_id
                """,
                now - SILENT_AFTER,
                but,
            )
        found: dict[str, Troubles] = {}
        for row in rows:
            found[row["host"]] = found.get(row["host"], Troubles()).and_of(
                _troubles(row["troubles"])
            )
        return found

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


def _troubles(told: Mapping[str, Any]) -> Troubles:
    """Return what a process has told; one of another version may tell more, or less."""
    known = {known.name for known in fields(Troubles)}
    values = {name: value for name, value in told.items() if name in known}
    for name in ("failing_checks", "stalled", "problems", "certificates"):
        if name in values:
            values[name] = tuple(
                tuple(one) if isinstance(one, list) else one for one in values[name]
            )
    return Troubles(**values)


def _process(row: Row) -> DaemonProcess:
    fields = dict(row)
    noticed = Noticed(fields.pop("forwarded_by"), fields.pop("plain_from"))
    return DaemonProcess(**fields, noticed=noticed)
