"""The audit log's rows and the row that says where it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import AuditEntry, AuditHead

_COLUMNS = "audit_id, at, actor, action, entity, before, after, address, request_id, digest"
_VERIFY_BATCH = 1000
# Entries about an event and its photos, and those that changed, while it ran, what its photos
# were made by. What was done before the event was planned is none of its.
_OF_EVENT = """(
    entity = 'event:' || {0}::uuid
    OR entity IN (SELECT 'job:' || job_id FROM job_history WHERE event_id = {0}::uuid)
    OR EXISTS (
        SELECT FROM event
         WHERE event_id = {0}::uuid AND audit_log.at >= starts_at AND audit_log.at < ends_at
           AND audit_id > (SELECT min(planned.audit_id) FROM audit_log AS planned
                            WHERE planned.entity = 'event:' || {0}::uuid)
           AND (entity = 'settings'
                OR (action LIKE 'slot.%'
                    AND (slot_ids = '{{}}' OR split_part(entity, ':', 2) = ANY(slot_ids)))
                OR (action = 'template.delete'
                    AND (slot_ids = '{{}}' OR before -> 'used_by' ?| slot_ids
                         OR after ? 'override_reason')))))
"""


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(**dict(row))


class AuditRepository:
    """Appends to the log and reads it; nothing here changes an entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lock_head(self, connection: asyncpg.Connection) -> AuditHead:
        """Return the log's end and keep other writers away until the transaction ends."""
        row = await connection.fetchrow("SELECT audit_id, digest, seal FROM audit_head FOR UPDATE")
        return AuditHead(**dict(row))

    async def newest(self, connection: asyncpg.Connection) -> tuple[int, bytes] | None:
        """Return number and digest of the entry that is there last, whatever the head says."""
        row = await connection.fetchrow(
            "SELECT audit_id, digest FROM audit_log ORDER BY audit_id DESC LIMIT 1"
        )
        return None if row is None else (row["audit_id"], row["digest"])

    async def append(
        self, connection: asyncpg.Connection, entry: AuditEntry, head: AuditHead
    ) -> None:
        """Add an entry and move the head onto it."""
        await connection.execute(
            f"INSERT INTO audit_log ({_COLUMNS})"  # noqa: S608
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            entry.audit_id,
            entry.at,
            entry.actor,
            entry.action,
            entry.entity,
            entry.before,
            entry.after,
            entry.address,
            entry.request_id,
            entry.digest,
        )
        await connection.execute(
            "UPDATE audit_head SET audit_id = $1, digest = $2, seal = $3",
            head.audit_id,
            head.digest,
            head.seal,
        )

    async def head(self) -> AuditHead:
        """Return the log's end."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow("SELECT audit_id, digest, seal FROM audit_head")
        return AuditHead(**dict(row))

    async def contains(self, audit_id: int, digest: bytes) -> bool:
        """Return whether this very entry is still there."""
        async with self._database.connection() as connection:
            found: bool = await connection.fetchval(
                "SELECT EXISTS (SELECT FROM audit_log WHERE audit_id = $1 AND digest = $2)",
                audit_id,
                digest,
            )
        return found

    async def find_at(self, audit_id: int) -> datetime | None:
        """Return when an entry was written, if there is one of this number."""
        async with self._database.connection() as connection:
            at: datetime | None = await connection.fetchval(
                "SELECT at FROM audit_log WHERE audit_id = $1", audit_id
            )
        return at

    async def list_newest(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        entity: str | None = None,
        event_id: UUID | None = None,
        since: datetime | None = None,
        before_id: int | None = None,
        limit: int = 50,
    ) -> list[AuditEntry]:
        """Return entries, newest first; each given word must match exactly.

        An entity is named whole (``slot:slot-001``), by its kind or by its name. Of an event are
        the entries about it and about its photos, and what was changed while it ran: its slots,
        their templates, the settings.
        """
        filters: list[tuple[str, Any]] = [
            ("actor = {0}", actor),
            ("action = {0}", action),
            (
                "(entity = {0} OR split_part(entity, ':', 1) = {0}"
                " OR split_part(entity, ':', 2) = {0})",
                entity,
            ),
            (_OF_EVENT, event_id),
            ("at >= {0}", since),
            ("audit_id < {0}", before_id),
        ]
        used = [(text, value) for text, value in filters if value is not None]
        where = " AND ".join(text.format(f"${n}") for n, (text, _) in enumerate(used, start=2))
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM audit_log WHERE {where or 'true'}"  # noqa: S608
                " ORDER BY audit_id DESC LIMIT $1",
                limit,
                *(value for _, value in used),
            )
        return [_entry(row) for row in rows]

    async def list_overrides(self, since: datetime, until: datetime) -> list[AuditEntry]:
        """Return what was changed for a stated reason while an event ran, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM audit_log"  # noqa: S608
                " WHERE at >= $1 AND at < $2 AND after ? 'override_reason' ORDER BY audit_id",
                since,
                until,
            )
        return [_entry(row) for row in rows]

    async def iterate(self) -> AsyncIterator[AuditEntry]:
        """Yield the whole log in its order, without holding it in memory."""
        last = -1
        while True:
            async with self._database.connection() as connection:
                rows = await connection.fetch(
                    f"SELECT {_COLUMNS} FROM audit_log WHERE audit_id > $1"  # noqa: S608
                    " ORDER BY audit_id LIMIT $2",
                    last,
                    _VERIFY_BATCH,
                )
            for row in rows:
                yield _entry(row)
            if len(rows) < _VERIFY_BATCH:
                return
            last = rows[-1]["audit_id"]
