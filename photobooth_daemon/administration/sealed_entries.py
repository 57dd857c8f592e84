"""What administrators enter once and nobody reads again: a provider's key, a way to be told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.sealed import SealBroken, SealedSecrets
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the audit log, viewers and the seal call entries of one kind."""

    entity: str
    set_action: str
    delete_action: str
    seal: str = "{}"
    """Each is sealed under its name in this, so that none passes for one of another kind."""


class SealedRepository(Protocol):
    """Keeps the entries of one kind by their names."""

    async def save(
        self,
        connection: asyncpg.Connection,
        name: str,
        sealed: bytes,
        updated_at: datetime,
        updated_by: str,
        /,
    ) -> None:
        """Put an entry in place of the one there was."""

    async def delete(self, connection: asyncpg.Connection, name: str, /) -> bool:
        """Delete an entry; False if there was none."""


class SealedEntries:
    """Seals, keeps and forgets entries of one kind; each change is on record, and told."""

    def __init__(
        self,
        kind: Kind,
        database: Database,
        repository: SealedRepository,
        secrets: SealedSecrets,
        audit: Audit,
        live: LivePublisher,
        clock: Clock,
    ) -> None:
        self._kind = kind
        self._database = database
        self._repository = repository
        self._secrets = secrets
        self._audit = audit
        self._live = live
        self._clock = clock

    async def put(self, name: str, secret: str, actor: Actor) -> None:
        """Keep an entry in place of the one there was."""
        sealed = self._secrets.seal(self._kind.seal.format(name), secret)
        async with self._database.transaction() as connection:
            now = self._clock.utcnow()
            await self._repository.save(connection, name, sealed, now, actor.username)
            await self._told(connection, self._kind.set_action, name, actor)

    async def forget(self, name: str, actor: Actor) -> None:
        """Forget an entry; one that there is not is forgotten already."""
        async with self._database.transaction() as connection:
            if await self._repository.delete(connection, name):
                await self._told(connection, self._kind.delete_action, name, actor)

    def opened(self, sealed: Mapping[str, bytes]) -> dict[str, str]:
        """Return the entries by their names, without those that this key does not open."""
        found = {}
        for name, box in sealed.items():
            try:
                found[name] = self._secrets.open(self._kind.seal.format(name), box)
            except SealBroken:
                log.error(
                    "what was entered cannot be opened: enter it again",
                    extra={"entity": f"{self._kind.entity}:{name}"},
                )
        return found

    async def _told(
        self, connection: asyncpg.Connection, action: str, name: str, actor: Actor
    ) -> None:
        entity = self._kind.entity
        await self._audit.record(connection, actor=actor, action=action, entity=f"{entity}:{name}")
        await self._live.publish(
            connection, "settings", {entity: name, "updated_by": actor.username}
        )
