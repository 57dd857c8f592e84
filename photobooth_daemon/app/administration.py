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
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Slot
from photobooth_daemon.monitoring.reports.stats import Stats
from photobooth_daemon.providers.facts import ProviderFacts
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
    slot_repository: SlotRepository
    setting_repository: SettingsRepository
    event_repository: EventRepository
    template_repository: TemplateRepository
    job_repository: JobRepository
    audit_repository: AuditRepository
    job_lists: JobLists


def build_administration(
    foundation: Foundation,
    passwords: Passwords,
    facts: Mapping[str, ProviderFacts],
    *,
    slot_saved: Callable[[Slot], None] = lambda slot: None,
) -> Administration:
    """Return what administrators work with.

    ``slot_saved`` is told of each new version of a slot before its saving is answered.
    """
    database, live, clock = foundation.database, foundation.live, foundation.clock
    audit_repository = AuditRepository(database)
    heads = build_head_keeper(foundation.config, database, foundation.keys.audit)
    audit = Audit(audit_repository, clock, foundation.keys.audit, heads)
    address = PublicAddress(foundation.config.server.public_url)
    throttle, penalties = Throttle(database, audit, clock), Penalties(clock)
    tokens = Tokens(foundation.keys.signing, clock)
    devices = Devices(foundation.keys.signing, clock)
    people = AdminRepository(database)
    settings, templates = SettingsRepository(database), TemplateRepository(database)
    slots = SlotRepository(database)
    jobs, job_lists = JobRepository(database), JobLists(database)
    events, reruns = EventRepository(database), RerunRepository(database)
    freeze = Freeze(events, clock)
    surroundings = SlotSurroundings(foundation.schemas, facts, address)
    return Administration(
        admins=AdminService(
            database, people, audit, throttle, penalties, passwords, tokens, devices, clock
        ),
        accounts=AccountService(database, people, audit, throttle, passwords, clock),
        settings=SettingsService(
            database, settings, audit, live, passwords, clock, facts, freeze, address
        ),
        public_address=address,
        events=EventService(database, events, reruns, templates, audit, live, passwords, clock),
        reruns=RerunService(database, reruns, jobs, events, audit, live, clock),
        freeze=freeze,
        slots=SlotService(
            database, slots, templates, audit, live, clock, surroundings, freeze, saved=slot_saved
        ),
        stats=Stats(StatsRepository(database), EventStatsRepository(database), job_lists, clock),
        audit=audit,
        heads=heads,
        throttle=throttle,
        penalties=penalties,
        tokens=tokens,
        slot_repository=slots,
        setting_repository=settings,
        event_repository=events,
        template_repository=templates,
        job_repository=jobs,
        audit_repository=audit_repository,
        job_lists=job_lists,
    )


def build_head_keeper(config: Config, database: Database, audit_key: bytes) -> HeadKeeper:
    """Return what notes the audit log's end on this machine."""
    return HeadKeeper(NotedHead(config.state_dir / NAME, audit_key), AuditRepository(database))
