"""The services that commands work with, straight on the database: the daemon may be down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.administration.hosts import Hosts
from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.administration.sealed import SealedSecrets
from photobooth_daemon.administration.signing_key import load_signing_key
from photobooth_daemon.app.administration import Administration, build_administration
from photobooth_daemon.app.evening import Evening, build_evening
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.app.media import opened_media_store
from photobooth_daemon.database.pool import Database
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor
from photobooth_daemon.providers.catalog import installed_drivers
from photobooth_daemon.providers.facts import provider_facts
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.repositories.processes import ProcessRepository
from photobooth_daemon.repositories.provider_keys import ProviderKeyRepository


@dataclass(frozen=True, slots=True)
class Services:
    """What there is; ``actor`` is who the audit log will name."""

    actor: Actor
    database: Database
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
    config = installation.config
    audit_key = load_audit_key(config.audit_key_file, config.server.jwt_key_file)
    signing_key = load_signing_key(config.server.jwt_key_file)
    passwords = Passwords()
    try:
        async with (
            installation.database() as database,
            opened_media_store(config.media) as media_store,
        ):
            administration = build_administration(
                config,
                database,
                installation.clock,
                LivePublisher(LiveMessageRepository(database), installation.clock),
                signing_key=signing_key,
                audit_key=audit_key,
                passwords=passwords,
                facts=provider_facts(installed_drivers(), config.providers),
                schemas=ParamSchemas.installed(),
            )
            await administration.settings.begin()
            clock = installation.clock
            yield Services(
                Actor(installation.actor),
                database,
                administration,
                build_evening(database, administration, media_store, clock),
                Hosts(database, ProcessRepository(database), administration.audit, clock),
            )
    finally:
        passwords.close()


def provider_keys(installation: Installation, here: Services) -> ProviderKeys:
    """Return what keeps the providers' keys; the file that seals them is made where it is missing.

    Raises:
        ConfigError: that file cannot be used.
    """
    config = installation.config
    return ProviderKeys(
        here.database,
        ProviderKeyRepository(here.database),
        SealedSecrets.of_file(config.secrets_key_file),
        here.administration.audit,
        here.administration.live,
        installation.clock,
        provider_facts(installed_drivers(), config.providers),
        # The daemon's processes hear of it from the database; here are no drivers.
        lambda _: None,
    )
