"""Slots, their template bindings and their revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import (
    GuestField,
    Output,
    ResponseMode,
    Rung,
    SettingsState,
    Slot,
    SlotRevision,
    TemplateBinding,
)
from photobooth_daemon.model.events import Event
from photobooth_daemon.model.slot_ids import SLOT_IDS
from photobooth_daemon.repositories.events import EVENT_COLUMNS, event_of
from photobooth_daemon.repositories.settings import SETTING_COLUMNS, settings_state

SLOT_COLUMNS = """
    slot.slot_id, slot.version, slot.display_name, slot.enabled, slot.provider, slot.operation,
    slot.params, slot.response_mode, slot.inline_preview, slot.sync_response_seconds,
    slot.output, slot.on_failure, slot.cost_cap_per_day, slot.guest_fields, slot.fallback,
    slot.updated_at, slot.updated_by,
    coalesce(
        (SELECT jsonb_agg(jsonb_build_object('role', bound.role, 'media_id', bound.media_id)
                          ORDER BY bound.position)
           FROM slot_template_media AS bound
          WHERE bound.slot_id = slot.slot_id),
        '[]') AS template_media
"""


def is_slot_id(text: str) -> bool:
    """Return whether ``text`` can name a slot; what came in a path may hold anything."""
    return text in SLOT_IDS


def slot_of(row: Row) -> Slot:
    """Return the slot of a row that has :data:`SLOT_COLUMNS`."""
    cap = row["cost_cap_per_day"]
    return Slot(
        slot_id=row["slot_id"],
        version=row["version"],
        display_name=row["display_name"],
        enabled=row["enabled"],
        provider=row["provider"],
        operation=row["operation"],
        params=row["params"],
        template_media=tuple(
            TemplateBinding(bound["role"], UUID(bound["media_id"]))
            for bound in row["template_media"]
        ),
        response_mode=ResponseMode(row["response_mode"]),
        inline_preview=row["inline_preview"],
        sync_response_seconds=row["sync_response_seconds"],
        output=Output(**row["output"]),
        on_failure=row["on_failure"],
        cost_cap_per_day=None if cap is None else float(cap),
        guest_fields=tuple(guest_field_of(found) for found in row["guest_fields"]),
        fallback=tuple(
            Rung(rung["provider"], rung["operation"], rung["params"]) for rung in row["fallback"]
        ),
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
    )


def guest_field_of(found: Mapping[str, Any]) -> GuestField:
    """Return the field that a configuration's entry describes; what it leaves out is default."""
    choices = found.get("choices")
    return GuestField(**{**found, "choices": None if choices is None else tuple(choices)})


class SlotRepository:
    """Reads and replaces slots."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_for_admission(
        self, slot_id: str, now: datetime
    ) -> tuple[Slot, SettingsState, Event | None] | None:
        """Return a slot, the settings and the event that has the slot now, as one snapshot."""
        if not is_slot_id(slot_id):
            return None
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"""
                SELECT {SLOT_COLUMNS}, {SETTING_COLUMNS}, {EVENT_COLUMNS}
                  FROM slot CROSS JOIN setting
                  LEFT JOIN event ON event.starts_at <= $2 AND $2 < event.ends_at
                        AND (event.slot_ids = '{{}}' OR slot.slot_id = ANY(event.slot_ids))
                 WHERE slot.slot_id = $1
                """,  # noqa: S608
                slot_id,
                now,
            )
        return None if row is None else (slot_of(row), settings_state(row), event_of(row))

    async def find(self, slot_id: str) -> Slot | None:
        """Return one slot."""
        if not is_slot_id(slot_id):
            return None
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {SLOT_COLUMNS} FROM slot WHERE slot_id = $1",  # noqa: S608
                slot_id,
            )
        return None if row is None else slot_of(row)

    async def list_all(self) -> list[Slot]:
        """Return every slot, by id."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {SLOT_COLUMNS} FROM slot ORDER BY slot_id"  # noqa: S608
            )
        return [slot_of(row) for row in rows]

    async def lock(self, connection: asyncpg.Connection, slot_id: str) -> Slot | None:
        """Return one slot and keep other writers of it away until the transaction ends."""
        if not is_slot_id(slot_id):
            return None
        row = await connection.fetchrow(
            f"SELECT {SLOT_COLUMNS} FROM slot WHERE slot_id = $1 FOR UPDATE OF slot",  # noqa: S608
            slot_id,
        )
        return None if row is None else slot_of(row)

    async def lock_all(self, connection: asyncpg.Connection) -> list[Slot]:
        """Return every slot, by id, and keep other writers away until the transaction ends."""
        rows = await connection.fetch(
            f"SELECT {SLOT_COLUMNS} FROM slot ORDER BY slot_id FOR UPDATE OF slot"  # noqa: S608
        )
        return [slot_of(row) for row in rows]

    async def save(
        self,
        connection: asyncpg.Connection,
        slot: Slot,
        config: dict[str, Any],
        action: str,
    ) -> None:
        """Replace the slot's row and bindings by ``slot`` and keep ``config`` as its revision."""
        await connection.execute(
            """
            UPDATE slot
               SET version = $2, display_name = $3, enabled = $4, provider = $5, operation = $6,
                   params = $7, response_mode = $8, inline_preview = $9,
                   sync_response_seconds = $10, output = $11, on_failure = $12,
                   cost_cap_per_day = $13, fallback = $14,
                   updated_at = $15, updated_by = $16, guest_fields = $17
             WHERE slot_id = $1
            """,
            slot.slot_id,
            slot.version,
            slot.display_name,
            slot.enabled,
            slot.provider,
            slot.operation,
            dict(slot.params),
            slot.response_mode.value,
            slot.inline_preview,
            slot.sync_response_seconds,
            config["output"],
            slot.on_failure,
            None if slot.cost_cap_per_day is None else Decimal(repr(slot.cost_cap_per_day)),
            config["fallback"],
            slot.updated_at,
            slot.updated_by,
            config["guest_fields"],
        )
        await self._replace_bindings(connection, slot.slot_id, slot.template_media)
        await connection.execute(
            """
            INSERT INTO slot_revision (slot_id, version, config, action, created_at, created_by)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            slot.slot_id,
            slot.version,
            config,
            action,
            slot.updated_at,
            slot.updated_by,
        )

    async def _replace_bindings(
        self, connection: asyncpg.Connection, slot_id: str, bindings: Sequence[TemplateBinding]
    ) -> None:
        await connection.execute("DELETE FROM slot_template_media WHERE slot_id = $1", slot_id)
        await connection.executemany(
            """
            INSERT INTO slot_template_media (slot_id, position, role, media_id)
            VALUES ($1, $2, $3, $4)
            """,
            [(slot_id, at, bound.role, bound.media_id) for at, bound in enumerate(bindings)],
        )

    async def list_revisions(
        self, slot_id: str, before_version: int | None, limit: int
    ) -> list[SlotRevision]:
        """Return a slot's revisions, newest first, those older than ``before_version``."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT slot_id, version, config, action, created_at, created_by
                  FROM slot_revision
                 WHERE slot_id = $1 AND ($2::bigint IS NULL OR version < $2)
                 ORDER BY version DESC
                 LIMIT $3
                """,
                slot_id,
                before_version,
                limit,
            )
        return [SlotRevision(**dict(row)) for row in rows]

    async def find_revision(
        self, connection: asyncpg.Connection, slot_id: str, version: int
    ) -> SlotRevision | None:
        """Return what a slot was at ``version``."""
        row = await connection.fetchrow(
            """
            SELECT slot_id, version, config, action, created_at, created_by
              FROM slot_revision WHERE slot_id = $1 AND version = $2
            """,
            slot_id,
            version,
        )
        return None if row is None else SlotRevision(**dict(row))
