"""Slots: what administrators set up, checked before it is in force, with its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.differences import differences
from photobooth_daemon.administration.freeze import Freeze
from photobooth_daemon.administration.slot_config import (
    CONFIG_KEYS,
    blank,
    changed,
    config_of,
    meaning_faults,
    shape_faults,
)
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    Fault,
    RevisionNotFound,
    SlotNotFound,
    ValidationFailed,
)
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor, Slot
from photobooth_daemon.model.versions import ExpectedVersion
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.templates import TemplateRepository

DERIVED_KEYS = frozenset({"ingest_url", "links", "recent_results", "ready", "missing"})
"""What GET adds to a slot and PUT overlooks: it may have changed by itself meanwhile."""


@dataclass(frozen=True, slots=True)
class SlotSurroundings:
    """What decides whether a slot can work, apart from the slot."""

    schemas: ParamSchemas
    facts: Mapping[str, ProviderFacts]
    address: PublicAddress


class SlotService:
    """Reads, changes and resets slots; each change is a version, a revision and an audit entry."""

    def __init__(
        self,
        database: Database,
        repository: SlotRepository,
        templates: TemplateRepository,
        audit: Audit,
        live: LivePublisher,
        clock: Clock,
        surroundings: SlotSurroundings,
        freeze: Freeze,
        *,
        saved: Callable[[Slot], None] = lambda slot: None,
    ) -> None:
        """``saved`` is told of each new version, once it is in force and before the answer."""
        self._database = database
        self._repository = repository
        self._templates = templates
        self._audit = audit
        self._live = live
        self._clock = clock
        self._surroundings = surroundings
        self._freeze = freeze
        self._saved = saved

    async def get(self, slot_id: str) -> Slot:
        """Return one slot.

        Raises:
            SlotNotFound: there is none of this id.
        """
        slot = await self._repository.find(slot_id)
        if slot is None:
            raise SlotNotFound
        return slot

    def view(self, slot: Slot) -> dict[str, Any]:
        """Return the slot as the API gives it, without what depends on the request."""
        return {
            "id": slot.slot_id,
            "version": slot.version,
            **config_of(slot),
            "updated_at": rfc3339(slot.updated_at),
            "updated_by": slot.updated_by,
        }

    async def update(
        self, slot_id: str, body: Mapping[str, Any], expected: ExpectedVersion, actor: Actor
    ) -> Slot:
        """Put part or all of a slot's configuration in force for its next photo.

        What GET gave changes nothing and keeps its version.

        Raises:
            SlotNotFound: there is none of this id.
            EventRunning: a running event keeps it as it is.
            VersionConflict: somebody else was faster.
            ValidationFailed: every fault; a slot that is on has to be able to work.
        """
        async with self._database.transaction() as connection:
            before = await self._lock(connection, slot_id)
            await self._freeze.check_slot(connection, slot_id, actor)
            expected.check(before.version)
            after = await self._accept(connection, before, body)
            after = await self._replace(connection, before, after, "update", actor)
        return self._told(before, after)

    async def reset(self, slot_id: str, expected: ExpectedVersion, actor: Actor) -> Slot:
        """Make a slot unconfigured and off; its templates are unbound, its results stay.

        Raises:
            SlotNotFound, EventRunning, VersionConflict: as for :meth:`update`.
        """
        async with self._database.transaction() as connection:
            before = await self._lock(connection, slot_id)
            await self._freeze.check_slot(connection, slot_id, actor)
            expected.check(before.version)
            after = await self._replace(connection, before, blank(before), "reset", actor)
        return self._told(before, after)

    async def restore(
        self, slot_id: str, version: int, expected: ExpectedVersion, actor: Actor
    ) -> Slot:
        """Bring back what the slot was at ``version``, as a new version.

        Raises:
            SlotNotFound, EventRunning, VersionConflict: as for :meth:`update`.
            RevisionNotFound: the slot has no such version.
            ValidationFailed: what it was cannot be in force any more.
        """
        async with self._database.transaction() as connection:
            before = await self._lock(connection, slot_id)
            await self._freeze.check_slot(connection, slot_id, actor)
            expected.check(before.version)
            revision = await self._repository.find_revision(connection, slot_id, version)
            if revision is None:
                raise RevisionNotFound
            after = await self._accept(connection, before, revision.config)
            after = await self._replace(connection, before, after, "restore", actor)
        return self._told(before, after)

    async def copy(self, slot_id: str, to: str, expected: ExpectedVersion, actor: Actor) -> Slot:
        """Put a slot's whole configuration but its name on another slot, switched off.

        Raises:
            SlotNotFound: there is none of one of these ids.
            EventRunning, VersionConflict: as for :meth:`update`, of the other slot.
        """
        source = await self.get(slot_id)
        async with self._database.transaction() as connection:
            before = await self._lock(connection, to)
            await self._freeze.check_slot(connection, to, actor)
            expected.check(before.version)
            await self._templates.hold(connection, [b.media_id for b in source.template_media])
            after = replace(
                source,
                slot_id=before.slot_id,
                version=before.version,
                display_name=before.display_name,
                enabled=False,
                updated_at=before.updated_at,
                updated_by=before.updated_by,
            )
            after = await self._replace(connection, before, after, "copy", actor)
        return self._told(before, after)

    async def missing(self, slot: Slot) -> list[Fault]:
        """Return what a slot lacks to be switched on; nothing of one that can work."""
        async with self._database.connection() as connection:
            return await self._meaning_faults(connection, replace(slot, enabled=True))

    async def candidate(self, slot_id: str, body: Mapping[str, Any]) -> Slot:
        """Return the slot as it would be with an unsaved change, switched on, for a test run.

        Raises:
            SlotNotFound: there is none of this id.
            ValidationFailed: every fault.
        """
        async with self._database.transaction() as connection:
            before = await self._lock(connection, slot_id)
            return await self._accept(connection, replace(before, enabled=True), body, trial=True)

    async def unbind(
        self, connection: asyncpg.Connection, slots: Iterable[Slot], media_id: UUID, actor: Actor
    ) -> None:
        """Take a template out of locked slots; one that cannot work without it is switched off."""
        for before in slots:
            kept = tuple(b for b in before.template_media if b.media_id != media_id)
            after = replace(before, template_media=kept)
            if await self._meaning_faults(connection, after):
                after = replace(after, enabled=False)
            await self._replace(connection, before, after, "update", actor)

    def _told(self, before: Slot, after: Slot) -> Slot:
        if after.version != before.version:
            self._saved(after)
        return after

    async def _lock(self, connection: asyncpg.Connection, slot_id: str) -> Slot:
        slot = await self._repository.lock(connection, slot_id)
        if slot is None:
            raise SlotNotFound
        return slot

    async def _accept(
        self,
        connection: asyncpg.Connection,
        before: Slot,
        body: Mapping[str, Any],
        *,
        trial: bool = False,
    ) -> Slot:
        """Return the slot that ``body`` makes of ``before``.

        Raises:
            ValidationFailed: with every fault.
        """
        changes = {key: value for key, value in body.items() if key in CONFIG_KEYS}
        faults = self._read_only_faults(before, body) + shape_faults(changes)
        sound = {k: v for k, v in changes.items() if not _touched(faults, f"/{k}")}
        after = changed(before, sound)
        if trial:
            after = replace(after, enabled=True)
        # A value that was refused for its shape has been said enough about.
        faults += [
            fault
            for fault in await self._meaning_faults(connection, after)
            if not _touched(faults, fault.pointer, both=True)
        ]
        if faults:
            raise ValidationFailed(faults)
        return after

    async def _meaning_faults(self, connection: asyncpg.Connection, slot: Slot) -> list[Fault]:
        bound = {binding.media_id for binding in slot.template_media}
        known = await self._templates.hold(connection, bound)
        around = self._surroundings
        return meaning_faults(slot, around.schemas, around.facts, known, around.address.url)

    def _read_only_faults(self, before: Slot, body: Mapping[str, Any]) -> list[Fault]:
        shown = self.view(before)
        faults = []
        for key, value in body.items():
            if key in CONFIG_KEYS or key in DERIVED_KEYS or key == "version":
                continue
            if key not in shown:
                faults.append(Fault(f"/{escaped(key)}", "Unknown; a slot has no such key."))
            elif value != shown[key]:
                faults.append(
                    Fault(f"/{escaped(key)}", "Read-only: leave it out, or as it was read.")
                )
        return faults

    async def _replace(
        self, connection: asyncpg.Connection, before: Slot, after: Slot, action: str, actor: Actor
    ) -> Slot:
        """Save ``after`` as the next version, unless nothing differs; return what is in force."""
        config = config_of(after)
        old, new = differences(config_of(before), config)
        if not new:
            return before
        saved = replace(
            after,
            version=before.version + 1,
            updated_at=self._clock.utcnow(),
            updated_by=actor.username,
        )
        await self._repository.save(connection, saved, config, action)
        await self._audit.record(
            connection,
            actor=actor,
            action=f"slot.{action}",
            entity=f"slot:{saved.slot_id}",
            before={"version": before.version, **old},
            after={"version": saved.version, **new},
        )
        await self._live.publish(
            connection,
            "slot",
            {
                "slot_id": saved.slot_id,
                "version": saved.version,
                "action": action,
                "enabled": saved.enabled,
                "updated_by": saved.updated_by,
            },
        )
        stored = await self._repository.lock(connection, saved.slot_id)
        return stored or saved


def _touched(faults: Iterable[Fault], pointer: str, *, both: bool = False) -> bool:
    """Return whether a fault is at ``pointer`` or below; with ``both``, or above it."""
    for fault in faults:
        if fault.pointer == pointer or fault.pointer.startswith(pointer + "/"):
            return True
        if both and pointer.startswith(fault.pointer + "/"):
            return True
    return False
