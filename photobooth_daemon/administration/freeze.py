"""What a running event keeps as it is: its slots, their templates, the settings, the service.

The only place where a change is refused because an evening is under way. Whoever states a
reason may change it all the same; the reason stands in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

import asyncpg

from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.errors import EventRunning
from photobooth_daemon.model import Actor
from photobooth_daemon.model.events import Event
from photobooth_daemon.repositories.events import EventRepository


class Freeze:
    """Refuses changes, inside the transaction that would make them."""

    def __init__(self, events: EventRepository, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    async def check_slot(self, connection: asyncpg.Connection, slot_id: str, actor: Actor) -> None:
        """Return if a slot may be changed now.

        Raises:
            EventRunning: a frozen event has it, and no reason was stated.
        """
        await self._check(connection, actor, lambda event: event.has_slot(slot_id))

    async def check_settings(self, connection: asyncpg.Connection, actor: Actor) -> None:
        """Return if the settings may be changed now.

        Raises:
            EventRunning: a frozen event runs, and no reason was stated.
        """
        await self._check(connection, actor, lambda event: True)

    async def check_service(self, connection: asyncpg.Connection, actor: Actor) -> None:
        """Return if the service may be ended and started anew now.

        Raises:
            EventRunning: a frozen event runs, and no reason was stated.
        """
        await self._check(connection, actor, lambda event: True)

    async def check_template(
        self,
        connection: asyncpg.Connection,
        media_id: UUID,
        slot_ids: Collection[str],
        actor: Actor,
    ) -> None:
        """Return if a template that these slots use may be removed now.

        Raises:
            EventRunning: a frozen event has one of the slots, or shows it as its logo, and no
                reason was stated.
        """
        await self._check(
            connection,
            actor,
            lambda event: (
                event.guest.logo_media_id == media_id
                or any(event.has_slot(slot_id) for slot_id in slot_ids)
            ),
        )

    async def _check(
        self, connection: asyncpg.Connection, actor: Actor, touches: Callable[[Event], bool]
    ) -> None:
        if actor.override_reason is not None:
            return
        for event in await self._events.hold_running(connection, self._clock.utcnow()):
            if touches(event):
                raise EventRunning(
                    {
                        "event_id": str(event.event_id),
                        "name": event.name,
                        "starts_at": rfc3339(event.starts_at),
                        "ends_at": rfc3339(event.ends_at),
                        "updated_by": event.updated_by,
                    }
                )
