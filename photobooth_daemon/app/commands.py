"""The services that commands work with, straight on the database: the daemon may be down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from photobooth_daemon.administration.admins import AdminService
from photobooth_daemon.administration.audit import Audit, audit_key
from photobooth_daemon.administration.devices import Devices
from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.administration.penalties import Penalties
from photobooth_daemon.administration.settings import SettingsService
from photobooth_daemon.administration.signing_key import load_signing_key
from photobooth_daemon.administration.slots import SlotService, SlotSurroundings
from photobooth_daemon.administration.throttle import Throttle
from photobooth_daemon.administration.tokens import Tokens
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.database.pool import Database
from photobooth_daemon.live.publish import Events
from photobooth_daemon.model import Actor
from photobooth_daemon.monitoring.reports.stats import Stats
from photobooth_daemon.providers.catalog import installed_drivers
from photobooth_daemon.providers.facts import provider_facts
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.admins import AdminRepository
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.stats import StatsRepository
from photobooth_daemon.repositories.templates import TemplateRepository


@dataclass(frozen=True, slots=True)
class Services:
    """What there is; ``actor`` is who the audit log will name."""

    actor: Actor
    database: Database
    tokens: Tokens
    admins: AdminService
    settings: SettingsService
    slots: SlotService
    slot_list: SlotRepository
    jobs: JobRepository
    job_lists: JobLists
    stats: Stats
    audit: Audit
    audit_log: AuditRepository


@asynccontextmanager
async def services(installation: Installation) -> AsyncIterator[Services]:
    """Open the database and build the services on it.

    Raises:
        ConfigError: the signing key, which the audit log's chain needs, cannot be used.
        DatabaseUnavailable, SchemaMismatch: as the names say.
    """
    clock, config = installation.clock, installation.config
    key = load_signing_key(config.server.jwt_key_file)
    passwords = Passwords()
    try:
        async with installation.database() as database:
            audit_log = AuditRepository(database)
            audit = Audit(audit_log, clock, audit_key(key))
            events = Events(EventRepository(database), clock)
            facts = provider_facts(installed_drivers(), config.providers)
            slot_list = SlotRepository(database)
            job_lists = JobLists(database)
            tokens = Tokens(key, clock)
            yield Services(
                actor=Actor(installation.actor),
                database=database,
                tokens=tokens,
                admins=AdminService(
                    database,
                    AdminRepository(database),
                    audit,
                    Throttle(database, audit, clock),
                    Penalties(clock),
                    passwords,
                    tokens,
                    Devices(key, clock),
                    clock,
                ),
                settings=SettingsService(
                    database,
                    SettingsRepository(database),
                    audit,
                    events,
                    passwords,
                    clock,
                    facts,
                ),
                slots=SlotService(
                    database,
                    slot_list,
                    TemplateRepository(database),
                    audit,
                    events,
                    clock,
                    SlotSurroundings(ParamSchemas.installed(), facts, config.server.public_url),
                ),
                slot_list=slot_list,
                jobs=JobRepository(database),
                job_lists=job_lists,
                stats=Stats(StatsRepository(database), job_lists, clock),
                audit=audit,
                audit_log=audit_log,
            )
    finally:
        passwords.close()
