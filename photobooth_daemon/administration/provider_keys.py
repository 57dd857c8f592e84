"""Providers' keys from administrators: written, never read, in force for the next photo.

A key from a credential, the environment or the configuration goes before one from here, and
is changed where it stands.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.sealed import SealedSecrets
from photobooth_daemon.administration.sealed_entries import Kind, SealedEntries
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    Fault,
    KeyManagedElsewhere,
    ProviderNotFound,
    ValidationFailed,
)
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor
from photobooth_daemon.providers.facts import ADMINISTRATOR, ProviderFacts
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.repositories.provider_keys import ProviderKeyRepository

KEY_SCHEMA: Mapping[str, Any] = {
    "type": "string",
    "minLength": 8,
    "maxLength": 500,
    "pattern": "^[!-~]*$",
}
KEYS = Kind("provider", "provider.set_key", "provider.delete_key")
_VALIDATOR = Draft202012Validator(KEY_SCHEMA)

log = logging.getLogger(__name__)


class ProviderKeys:
    """Keeps the keys, and has the drivers of this process use them."""

    def __init__(
        self,
        database: Database,
        repository: ProviderKeyRepository,
        secrets: SealedSecrets,
        audit: Audit,
        live: LivePublisher,
        clock: Clock,
        facts: Mapping[str, ProviderFacts],
        use: Callable[[Mapping[str, str]], None],
    ) -> None:
        """``use`` is told all keys, by provider, whenever one of them is another one."""
        self._entries = SealedEntries(KEYS, database, repository, secrets, audit, live, clock)
        self._repository = repository
        self._facts = facts
        self._use = use
        self._version = 0
        self._reading = asyncio.Lock()

    async def set(self, provider: str, body: Mapping[str, Any], actor: Actor) -> None:
        """Put a provider's key in force.

        Raises:
            ProviderNotFound: there is no such provider, or it needs no key.
            KeyManagedElsewhere: a credential, the environment or the configuration gives it.
            ValidationFailed: it is no key.
        """
        self._check_provider(provider)
        await self._entries.put(provider, _key_of(body), actor)
        await self.refresh()

    async def delete(self, provider: str, actor: Actor) -> None:
        """Forget a provider's key; one that there is not is forgotten already.

        Raises:
            ProviderNotFound, KeyManagedElsewhere: as for :meth:`set`.
        """
        self._check_provider(provider)
        await self._entries.forget(provider, actor)
        await self.refresh()

    async def begin(self) -> None:
        """Read the keys at the start; where the database is away, the first photo asks again."""
        try:
            await self.refresh()
        except DatabaseUnavailable as error:
            log.warning("keys not read yet", extra={"detail": error.detail})

    async def keep_up(self, version: int) -> None:
        """Have the drivers use the keys of this version, or of a newer one.

        Raises:
            DatabaseUnavailable: they are not known here yet, and cannot be read now.
        """
        if version > self._version:
            await self.refresh(version)

    async def refresh(self, version: int | None = None) -> None:
        """Read the keys anew, unless ``version`` has been read meanwhile.

        Raises:
            DatabaseUnavailable: they cannot be read now.
        """
        async with self._reading:
            if version is not None and version <= self._version:
                return
            found, sealed = await self._repository.list_all()
            if found == self._version:
                return
            self._use(self._entries.opened(sealed))
            self._version = found

    def _check_provider(self, provider: str) -> None:
        facts = self._facts.get(provider)
        if facts is None or not facts.takes_key:
            raise ProviderNotFound
        if facts.source not in (None, ADMINISTRATOR):
            raise KeyManagedElsewhere(facts.source)


def _key_of(body: Mapping[str, Any]) -> str:
    faults = [
        Fault(f"/{escaped(key)}", "Unknown; there is only api_key.")
        for key in body
        if key != "api_key"
    ]
    key = body.get("api_key")
    key = key.strip() if isinstance(key, str) else key
    if not _VALIDATOR.is_valid(key):
        least, most = KEY_SCHEMA["minLength"], KEY_SCHEMA["maxLength"]
        words = f"Must be {least} to {most} characters without spaces, as the vendor shows it."
        faults.append(Fault("/api_key", words))
    if faults:
        raise ValidationFailed(faults)
    return str(key)
