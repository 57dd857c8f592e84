"""What administrators change while the daemon runs: bounds, versions, the ingest password."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.bounds import BOUNDS
from photobooth_daemon.administration.freeze import Freeze
from photobooth_daemon.administration.passwords import Passwords, new_password_fault
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable, Fault, ValidationFailed
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor, Settings, SettingsState
from photobooth_daemon.model.versions import ExpectedVersion
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.repositories.settings import SettingsRepository

log = logging.getLogger(__name__)


class SettingsService:
    """Reads and changes the settings.

    ``providers`` is what is known about each provider's key (never the key):
    it is shown with the settings and cannot be changed here.
    """

    def __init__(
        self,
        database: Database,
        repository: SettingsRepository,
        audit: Audit,
        live: LivePublisher,
        passwords: Passwords,
        clock: Clock,
        providers: Mapping[str, ProviderFacts],
        freeze: Freeze,
        address: PublicAddress,
    ) -> None:
        self._database = database
        self._repository = repository
        self._audit = audit
        self._live = live
        self._passwords = passwords
        self._clock = clock
        self._providers = providers
        self._freeze = freeze
        self._address = address

    async def get(self) -> SettingsState:
        """Return the settings in force."""
        state = await self._repository.get()
        self._address.follow(state)
        return state

    async def begin(self) -> None:
        """Have links begin as the settings say; without a database, the first photo looks again."""
        try:
            await self.get()
        except DatabaseUnavailable as error:
            log.warning("settings not read yet", extra={"detail": error.detail})

    def view(self, state: SettingsState) -> dict[str, Any]:
        """Return the settings as the API gives them: no secret and no hash."""
        set_at = state.ingest_password_updated_at
        return {
            "version": state.version,
            **asdict(state.values),
            "ingest_password": {
                "set": state.ingest_password_hash is not None,
                "updated_at": None if set_at is None else rfc3339(set_at),
                "updated_by": state.ingest_password_updated_by,
            },
            "public_address": self._address.view(state),
            "providers": {
                name: {"configured": facts.configured, "source": facts.source}
                for name, facts in self._providers.items()
            },
            "updated_at": rfc3339(state.updated_at),
            "updated_by": state.updated_by,
        }

    async def update(
        self, changes: Mapping[str, Any], expected: ExpectedVersion, actor: Actor
    ) -> SettingsState:
        """Put part or all of the settings in force; what GET gave changes nothing.

        Raises:
            EventRunning: a running event keeps them as they are.
            VersionConflict: somebody else was faster.
            ValidationFailed: unknown keys, wrong types, values out of bounds; all of them.
        """
        password = changes.get("ingest_password")
        new_hash = None
        if isinstance(password, str) and new_password_fault(password) is None:
            # Before the transaction: the row is not held while bcrypt runs.
            new_hash = await self._passwords.hash(password)
        async with self._database.transaction() as connection:
            before = await self._repository.lock(connection)
            await self._freeze.check_settings(connection, actor)
            expected.check(before.version)
            values = self._accept(changes, before)
            if values == before.values and new_hash is None:
                return before
            now = self._clock.utcnow()
            await self._repository.save_values(connection, values, now, actor.username)
            if new_hash is not None:
                await self._repository.save_ingest_password(
                    connection, new_hash, now, actor.username
                )
            after = await self._repository.lock(connection)
            await self._record(connection, before, after, actor)
        self._address.follow(after)
        return after

    def _accept(self, changes: Mapping[str, Any], before: SettingsState) -> Settings:
        """Return the settings that ``changes`` make.

        Raises:
            ValidationFailed: with every fault.
        """
        faults: list[Fault] = []
        accepted: dict[str, Any] = {}
        shown = self.view(before)
        for key, value in changes.items():
            pointer = f"/{escaped(key)}"
            if key in BOUNDS:
                try:
                    accepted[key] = BOUNDS[key].accept(value)
                except ValueError as error:
                    faults.append(Fault(pointer, str(error)))
            elif key not in shown:
                faults.append(Fault(pointer, "is not a setting"))
            elif key == "ingest_password" and not isinstance(value, Mapping):
                fault = new_password_fault(value)
                if fault is not None:
                    faults.append(Fault(pointer, fault))
            elif key != "version" and value != shown[key]:
                faults.append(Fault(pointer, "is read-only; leave it out or as it was read"))
        configured = self._address.configured
        if configured and accepted.get("public_url") not in (None, before.values.public_url):
            words = "is given by [server] public_url of the configuration, which wins"
            faults.append(Fault("/public_url", words))
        if faults:
            raise ValidationFailed(faults)
        return replace(before.values, **accepted)

    async def _record(
        self, connection: Any, before: SettingsState, after: SettingsState, actor: Actor
    ) -> None:
        old, new = self.view(before), self.view(after)
        changed = [key for key in (*BOUNDS, "ingest_password") if old[key] != new[key]]
        if before.ingest_password_hash != after.ingest_password_hash:
            changed = [*dict.fromkeys([*changed, "ingest_password"])]
        await self._audit.record(
            connection,
            actor=actor,
            action="settings.update",
            entity="settings",
            before={key: old[key] for key in ("version", *changed)},
            after={key: new[key] for key in ("version", *changed)},
        )
        await self._live.publish(
            connection,
            "settings",
            {"version": after.version, "updated_by": actor.username, "changed": changed},
        )
