"""An evening that runs now, put straight into a database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4


async def insert_event(
    execute: Callable[..., Awaitable[Any]], *, keep_originals: str = "failed", rerun: str = "manual"
) -> UUID:
    """Insert an event of all slots; ``execute`` runs a statement on the database."""
    event_id = uuid4()
    await execute(
        """
        INSERT INTO event (event_id, version, name, starts_at, ends_at, slot_ids, frozen,
               gallery_enabled, gallery_token, gallery_archive, guest, keep_originals, rerun,
               updated_at, updated_by)
        VALUES ($1, 1, 'Wedding', now() - interval '1 hour', now() + interval '1 hour', '{}', false,
                false, $2, false, $3, $4, $5, now(), 'serg')
        """,
        event_id,
        event_id.hex[:22],
        {"title": "", "greeting": "", "accent": "#0b6b5d", "locale": "auto"},
        keep_originals,
        rerun,
    )
    return event_id
