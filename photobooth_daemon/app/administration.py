"""Builds what administrators work with: the daemon's routes and the commands use the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from photobooth_daemon.administration.accounts import AccountService
from photobooth_daemon.administration.admins import AdminService
from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.audit_head import NAME, NotedHead
from photobooth_daemon.administration.devices import Devices
from photobooth_daemon.administration.events import EventService
from photobooth_daemon.administration.freeze import Freeze
from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.administration.penalties import Penalties
from photobooth_daemon.administration.reruns import RerunService
from photobooth_daemon.administration.settings import SettingsService
from photobooth_daemon.administration.slots import SlotService, SlotSurroundings
from photobooth_daemon.administration.throttle import Throttle
from photobooth_daemon.administration.tokens import Tokens
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Slot
from photobooth_daemon.monitoring.reports.stats import Stats
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.admins import AdminRepository
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.event_stats import EventStatsRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.reruns import RerunRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.stats import StatsRepository
from photobooth_daemon.repositories.templates import TemplateRepository


@dataclass(frozen=True, slots=True)
class Administration:
    """The services where something is decided, and the SQL where something is only read."""

    admins: AdminService
    accounts: AccountService
    settings: SettingsService
    public_address: PublicAddress
    events: EventService
    reruns: RerunService
    freeze: Freeze
    slots: SlotService
    stats: Stats
    audit: Audit
    heads: HeadKeeper
    throttle: Throttle
    penalties: Penalties
    tokens: Tokens
    live: LivePublisher
    slot_repository: SlotRepository
    setting_repository: SettingsRepository
    event_repository: EventRepository
    template_repository: TemplateRepository
    job_repository: JobRepository
    audit_repository: AuditRepository
    job_lists: JobLists


def build_administration(
    config: Config,
    database: Database,
    clock: Clock,
    live: LivePublisher,
    *,
    signing_key: bytes,
    audit_key: bytes,
    passwords: Passwords,
    facts: Mapping[str, ProviderFacts],
    schemas: ParamSchemas,
    slot_saved: Callable[[Slot], None] = lambda slot: None,
) -> Administration:
    """Return what administrators work with, on one database.

    ``slot_saved`` is told of each new version of a slot before its saving is answered.
    """
    audit_repository = AuditRepository(database)
    heads = build_head_keeper(config, database, audit_key)
    audit = Audit(audit_repository, clock, audit_key, heads)
    slot_repository = SlotRepository(database)
    setting_repository = SettingsRepository(database)
    template_repository = TemplateRepository(database)
    job_lists = JobLists(database)
    event_repository = EventRepository(database)
    job_repository = JobRepository(database)
    rerun_repository = RerunRepository(database)
    freeze = Freeze(event_repository, clock)
    public_address = PublicAddress(config.server.public_url)
    throttle = Throttle(database, audit, clock)
    penalties = Penalties(clock)
    admin_repository = AdminRepository(database)
    tokens = Tokens(signing_key, clock)
    return Administration(
        admins=AdminService(
            database,
            admin_repository,
            audit,
            throttle,
            penalties,
            passwords,
            tokens,
            Devices(signing_key, clock),
            clock,
        ),
        accounts=AccountService(database, admin_repository, audit, throttle, passwords, clock),
        settings=SettingsService(
            database,
            setting_repository,
            audit,
            live,
            passwords,
            clock,
            facts,
            freeze,
            public_address,
        ),
        public_address=public_address,
        events=EventService(
            database,
            event_repository,
            rerun_repository,
            template_repository,
            audit,
            live,
            passwords,
            clock,
        ),
        reruns=RerunService(
            database, rerun_repository, job_repository, event_repository, audit, live, clock
        ),
        freeze=freeze,
        slots=SlotService(
            database,
            slot_repository,
            template_repository,
            audit,
            live,
            clock,
            SlotSurroundings(schemas, facts, public_address),
            freeze,
            saved=slot_saved,
        ),
        stats=Stats(StatsRepository(database), EventStatsRepository(database), job_lists, clock),
        audit=audit,
        heads=heads,
        throttle=throttle,
        penalties=penalties,
        tokens=tokens,
        live=live,
        slot_repository=slot_repository,
        setting_repository=setting_repository,
        event_repository=event_repository,
        template_repository=template_repository,
        job_repository=job_repository,
        audit_repository=audit_repository,
        job_lists=job_lists,
    )


def build_head_keeper(config: Config, database: Database, audit_key: bytes) -> HeadKeeper:
    """Return what notes the audit log's end on this machine."""
    return HeadKeeper(NotedHead(config.state_dir / NAME, audit_key), AuditRepository(database))
