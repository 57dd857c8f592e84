"""Events: evenings that administrators plan, checked before they are in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.differences import differences
from photobooth_daemon.administration.event_config import (
    CONFIG_KEYS,
    NEEDED_KEYS,
    blank_event,
    changed,
    changes_of,
    config_of,
    meaning_faults,
    new_gallery_token,
    shape_faults,
    sound_changes,
)
from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import EventNotFound, Fault, SlotTaken, ValidationFailed
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor
from photobooth_daemon.model.events import Event, EventCounts
from photobooth_daemon.model.reruns import RerunCounts
from photobooth_daemon.model.versions import ExpectedVersion
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.reruns import RerunRepository
from photobooth_daemon.repositories.templates import TemplateRepository

READ_ONLY_KEYS = ("event_id", "version", "updated_at", "updated_by")
DERIVED_KEYS = frozenset({"state", "counts", "reruns"})
"""What GET adds to an event and PUT overlooks: it may have changed by itself meanwhile."""


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """An event with how its photos, and those made again, ended so far."""

    event: Event
    counts: EventCounts
    reruns: RerunCounts = field(default_factory=RerunCounts)


class EventService:
    """Plans, changes and forgets events; each change is a version and an audit entry."""

    def __init__(
        self,
        database: Database,
        repository: EventRepository,
        reruns: RerunRepository,
        templates: TemplateRepository,
        audit: Audit,
        live: LivePublisher,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._reruns = reruns
        self._templates = templates
        self._audit = audit
        self._live = live
        self._passwords = passwords
        self._clock = clock

    async def get(self, event_id: UUID) -> CountedEvent:
        """Return one event.

        Raises:
            EventNotFound: there is none of this id.
        """
        event = await self._repository.find(event_id)
        if event is None:
            raise EventNotFound
        return await self._counted(event)

    async def list_newest(
        self, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[CountedEvent]:
        """Return events, those that begin last first, after the place ``before``."""
        events = await self._repository.list_newest(before, limit)
        event_ids = [event.event_id for event in events]
        counts = await self._repository.counts(event_ids)
        reruns = await self._reruns.counts(event_ids)
        return [
            CountedEvent(event, counts[event.event_id], reruns[event.event_id]) for event in events
        ]

    def view(self, counted: CountedEvent) -> dict[str, Any]:
        """Return an event as the API gives it, without what depends on the request."""
        event, counts = counted.event, counted.counts
        return {
            "event_id": str(event.event_id),
            "version": event.version,
            **config_of(event),
            "state": event.state(self._clock.utcnow()).value,
            "counts": {
                "photos": counts.photos,
                "done": counts.done,
                "failed": counts.failed,
                "timeout": counts.timeout,
                "fallback": counts.fallback,
            },
            "reruns": asdict(counted.reruns),
            "updated_at": rfc3339(event.updated_at),
            "updated_by": event.updated_by,
        }

    async def create(self, body: Mapping[str, Any], actor: Actor) -> CountedEvent:
        """Plan an event.

        Raises:
            ValidationFailed: every fault; its name and its times are needed.
            SlotTaken: another event has one of its slots at that time.
        """
        blank = blank_event(self._clock.utcnow(), actor.username)
        missing = [Fault(f"/{key}", "Missing.") for key in NEEDED_KEYS if key not in body]
        pin_hash = await self._hashed_pin(body)
        async with self._database.transaction() as connection:
            await self._repository.lock_all(connection)
            event = await self._accept(connection, blank, body, missing, is_new=True)
            if pin_hash is not None:
                event = _with_pin(event, pin_hash)
            await self._check_slots(connection, event)
            await self._repository.insert(connection, event)
            await self._told(connection, "create", None, event, actor)
        return CountedEvent(event, EventCounts())

    async def update(
        self, event_id: UUID, body: Mapping[str, Any], expected: ExpectedVersion, actor: Actor
    ) -> CountedEvent:
        """Put part or all of an event's configuration in force.

        What GET gave changes nothing and keeps its version.

        Raises:
            EventNotFound: there is none of this id.
            VersionConflict: somebody else was faster.
            ValidationFailed, SlotTaken: as for :meth:`create`.
        """
        pin_hash = await self._hashed_pin(body)
        async with self._database.transaction() as connection:
            await self._repository.lock_all(connection)
            before = await self._lock(connection, event_id)
            expected.check(before.version)
            after = await self._accept(connection, before, body, [])
            if "pin" in (body.get("gallery") or {}):
                after = _with_pin(after, pin_hash)
            if after != before:
                after = self._next(before, after, actor)
                await self._check_slots(connection, after)
                await self._repository.save(connection, after)
                await self._told(connection, "update", before, after, actor)
        return await self._counted(after)

    async def renew_gallery(
        self, event_id: UUID, expected: ExpectedVersion | None, actor: Actor
    ) -> CountedEvent:
        """Give an event's gallery another link; the old one is nobody's any more.

        Raises:
            EventNotFound, VersionConflict: as for :meth:`update`.
        """
        async with self._database.transaction() as connection:
            before = await self._lock(connection, event_id)
            if expected is not None:
                expected.check(before.version)
            after = replace(before, gallery=replace(before.gallery, token=new_gallery_token()))
            after = self._next(before, after, actor)
            await self._repository.save(connection, after)
            await self._told(connection, "renew_gallery", before, after, actor)
        return await self._counted(after)

    async def delete(self, event_id: UUID, expected: ExpectedVersion, actor: Actor) -> Event:
        """Forget an event and return what it was; its jobs and their results stay.

        Raises:
            EventNotFound, VersionConflict: as for :meth:`update`.
        """
        async with self._database.transaction() as connection:
            before = await self._lock(connection, event_id)
            expected.check(before.version)
            await self._repository.delete(connection, event_id)
            await self._told(connection, "delete", before, None, actor)
        return before

    async def _counted(self, event: Event) -> CountedEvent:
        counts = await self._repository.counts([event.event_id])
        reruns = await self._reruns.counts([event.event_id])
        return CountedEvent(event, counts[event.event_id], reruns[event.event_id])

    async def _lock(self, connection: asyncpg.Connection, event_id: UUID) -> Event:
        event = await self._repository.lock(connection, event_id)
        if event is None:
            raise EventNotFound
        return event

    async def _accept(
        self,
        connection: asyncpg.Connection,
        before: Event,
        body: Mapping[str, Any],
        faults: list[Fault],
        *,
        is_new: bool = False,
    ) -> Event:
        """Return the event that ``body`` makes of ``before``.

        Raises:
            ValidationFailed: with every fault.
        """
        changes = changes_of(body)
        faults = faults + shape_faults(changes) + [*self._read_only_faults(before, body, is_new)]
        after = changed(before, sound_changes(changes, faults))
        logo = after.guest.logo_media_id
        known = await self._templates.hold(connection, [] if logo is None else [logo])
        faults += meaning_faults(after, known, faults)
        if faults:
            raise ValidationFailed(faults)
        return after

    def _read_only_faults(
        self, before: Event, body: Mapping[str, Any], is_new: bool
    ) -> Iterable[Fault]:
        shown: dict[str, Any] = {} if is_new else self.view(CountedEvent(before, EventCounts()))
        for key, value in body.items():
            at = f"/{escaped(key)}"
            if key in CONFIG_KEYS or key in DERIVED_KEYS or key == "version":
                continue
            if key not in READ_ONLY_KEYS or is_new:
                yield Fault(at, "Unknown; an event has no such key.")
            elif value != shown[key]:
                yield Fault(at, "Read-only: leave it out, or as it was read.")
        gallery = body.get("gallery")
        if isinstance(gallery, Mapping) and "pin_set" in gallery:
            told = "pin" in gallery or gallery["pin_set"] == (before.gallery.pin_hash is not None)
            if not told:
                yield Fault("/gallery/pin_set", "Read-only: send pin, or leave this as it was.")

    async def _hashed_pin(self, body: Mapping[str, Any]) -> str | None:
        """Return the new PIN's hash, made before the transaction: no row is held meanwhile."""
        gallery = body.get("gallery")
        pin = gallery.get("pin") if isinstance(gallery, Mapping) else None
        if not isinstance(pin, str) or shape_faults({"gallery": {"pin": pin}}):
            return None
        return await self._passwords.hash(pin)

    async def _check_slots(self, connection: asyncpg.Connection, event: Event) -> None:
        others = await self._repository.list_overlapping(connection, event)
        if others:
            raise SlotTaken(
                [
                    {
                        "event_id": str(other.event_id),
                        "name": other.name,
                        "starts_at": rfc3339(other.starts_at),
                        "ends_at": rfc3339(other.ends_at),
                        "slots": list(other.slot_ids),
                    }
                    for other in others
                ]
            )

    async def _told(
        self,
        connection: asyncpg.Connection,
        action: str,
        before: Event | None,
        after: Event | None,
        actor: Actor,
    ) -> None:
        event = after or before
        assert event is not None
        old = None if before is None else {"version": before.version, **config_of(before)}
        new = None if after is None else {"version": after.version, **config_of(after)}
        if old is not None and new is not None:
            old, new = differences(old, new)
        await self._audit.record(
            connection,
            actor=actor,
            action=f"event.{action}",
            entity=f"event:{event.event_id}",
            before=old,
            after=new,
        )
        await self._live.publish(
            connection,
            "event",
            {
                "event_id": str(event.event_id),
                "version": event.version,
                "action": action,
                "updated_by": actor.username,
            },
        )

    def _next(self, before: Event, after: Event, actor: Actor) -> Event:
        return replace(
            after,
            version=before.version + 1,
            updated_at=self._clock.utcnow(),
            updated_by=actor.username,
        )


def _with_pin(event: Event, pin_hash: str | None) -> Event:
    return replace(event, gallery=replace(event.gallery, pin_hash=pin_hash))
