"""What the routes have to give; each handler gets only its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from photobooth_daemon.administration.accounts import AccountService
from photobooth_daemon.administration.admins import AdminService
from photobooth_daemon.administration.alert_channels import AlertChannels
from photobooth_daemon.administration.boards import BoardService
from photobooth_daemon.administration.events import EventService
from photobooth_daemon.administration.galleries import Galleries
from photobooth_daemon.administration.preset_samples import PresetSamples
from photobooth_daemon.administration.presets import PresetService
from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.administration.reruns import RerunService
from photobooth_daemon.administration.restart import Restarts
from photobooth_daemon.administration.results import ResultService
from photobooth_daemon.administration.settings import SettingsService
from photobooth_daemon.administration.slots import SlotService
from photobooth_daemon.administration.templates import TemplateService
from photobooth_daemon.clock import Clock
from photobooth_daemon.housekeeping.on_demand import OnDemand
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.live.feed import LiveFeed
from photobooth_daemon.media.archive import Archives
from photobooth_daemon.media.links import PublicMedia
from photobooth_daemon.media.results import Results
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.monitoring.alerts.maintenance import Maintenance
from photobooth_daemon.monitoring.alerts.trial import AlertTrial
from photobooth_daemon.monitoring.health import Health
from photobooth_daemon.monitoring.intake_page import IntakePage
from photobooth_daemon.monitoring.readiness.service import Readiness
from photobooth_daemon.monitoring.reports.event import EventReports
from photobooth_daemon.monitoring.reports.stats import Stats
from photobooth_daemon.monitoring.retention import Retention
from photobooth_daemon.providers.catalogues import ProviderCatalogues
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.backups import BackupRun
from photobooth_daemon.repositories.cleanup import CleanupRun
from photobooth_daemon.repositories.event_report import EventReportRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.gallery_pictures import GalleryPictures
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.templates import TemplateRepository
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.ui_files import UiFiles


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who may log in, and what holds for the whole installation."""

    admins: AdminService
    accounts: AccountService
    settings: SettingsService


@dataclass(frozen=True, slots=True)
class Recipes:
    """What becomes of a photo: slots, what they are made of, and who makes it."""

    slots: SlotService
    slot_repository: SlotRepository
    templates: TemplateService
    template_repository: TemplateRepository
    presets: PresetService
    preset_samples: PresetSamples
    schemas: ParamSchemas
    provider_facts: Mapping[str, ProviderFacts]
    provider_keys: ProviderKeys
    provider_catalogues: ProviderCatalogues


@dataclass(frozen=True, slots=True)
class Evenings:
    """Events and boards, and what is done with an event's pictures."""

    events: EventService
    event_repository: EventRepository
    results: ResultService
    reruns: RerunService
    archives: Archives
    retention: Retention
    reports: EventReports
    boards: BoardService


@dataclass(frozen=True, slots=True)
class Guests:
    """What is shown to whoever has a link."""

    results: Results
    media: PublicMedia
    galleries: Galleries
    pictures: GalleryPictures
    archives: Archives


@dataclass(frozen=True, slots=True)
class History:
    """What has happened: read, never changed."""

    jobs: JobRepository
    job_lists: JobLists
    stats: Stats
    reports: EventReportRepository
    audit_log: AuditRepository
    setting_repository: SettingsRepository
    live_messages: LiveMessageRepository


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What an installation is looked after with: alerts, backups, cleanups, its next start."""

    alert_channels: AlertChannels
    alert_trial: AlertTrial
    backups: OnDemand[BackupRun]
    cleanups: OnDemand[CleanupRun]
    maintenance: Maintenance
    restarts: Restarts

    async def close(self) -> None:
        """Stop what was begun and is not over."""
        await self.backups.close()
        await self.cleanups.close()


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes have to give, by who asks for it."""

    base: Base
    clock: Clock
    metrics: Metrics
    in_flight: InFlight
    media_store: MediaStore
    admission: AdmissionService
    ingest: IngestService
    feed: LiveFeed
    health: Health
    readiness: Readiness
    intake: IntakePage
    ui_files: UiFiles
    accounts: Accounts
    recipes: Recipes
    evenings: Evenings
    guests: Guests
    history: History
    upkeep: Upkeep
