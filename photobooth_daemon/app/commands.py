"""The services that commands work with, straight on the database: the daemon may be down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from photobooth_daemon.administration.hosts import Hosts
from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.app.administration import Administration, build_administration
from photobooth_daemon.app.evening import Evening, build_evening
from photobooth_daemon.app.foundation import Foundation, Keys, build_foundation
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.app.media import opened_media_store
from photobooth_daemon.app.provider_keys import build_provider_keys
from photobooth_daemon.model import Actor
from photobooth_daemon.providers.catalog import installed_drivers
from photobooth_daemon.providers.facts import ProviderFacts, provider_facts
from photobooth_daemon.repositories.processes import ProcessRepository


@dataclass(frozen=True, slots=True)
class Services:
    """What there is; ``actor`` is who the audit log will name."""

    actor: Actor
    foundation: Foundation
    provider_facts: Mapping[str, ProviderFacts]
    administration: Administration
    evening: Evening
    hosts: Hosts


@asynccontextmanager
async def services(installation: Installation) -> AsyncIterator[Services]:
    """Open the database and build the services on it.

    Raises:
        ConfigError: a key file cannot be used.
        DatabaseUnavailable, SchemaMismatch: as the names say.
    """
    config, clock = installation.config, installation.clock
    keys = Keys.load(config)
    facts = provider_facts(installed_drivers(), config.providers)
    passwords = Passwords()
    try:
        async with (
            installation.database() as database,
            opened_media_store(config.media) as media_store,
        ):
            foundation = build_foundation(config, keys, database, media_store, clock)
            administration = build_administration(foundation, passwords, facts)
            await administration.settings.begin()
            yield Services(
                Actor(installation.actor),
                foundation,
                facts,
                administration,
                build_evening(foundation, administration),
                Hosts(database, ProcessRepository(database), administration.audit, clock),
            )
    finally:
        passwords.close()


def provider_keys(here: Services) -> ProviderKeys:
    """Return what keeps the providers' keys; the file that seals them is made where it is missing.

    Raises:
        ConfigError: that file cannot be used.
    """
    # The daemon's processes hear of it from the database; here are no drivers.
    return build_provider_keys(
        here.foundation, here.administration, here.provider_facts, lambda _: None
    )
