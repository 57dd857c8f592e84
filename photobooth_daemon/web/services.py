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
from photobooth_daemon.web.base import Authenticator, Base
from photobooth_daemon.web.site import Life, Site
from photobooth_daemon.web.ui_files import UiFiles


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What an installation is looked after with: alerts, backups, cleanups."""

    alert_channels: AlertChannels
    alert_trial: AlertTrial
    backups: OnDemand[BackupRun]
    cleanups: OnDemand[CleanupRun]
    maintenance: Maintenance

    async def close(self) -> None:
        """Stop what was begun and is not over."""
        await self.backups.close()
        await self.cleanups.close()


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers are given; each gets only its own."""

    site: Site
    authenticator: Authenticator
    life: Life
    clock: Clock
    metrics: Metrics
    in_flight: InFlight
    media_store: MediaStore
    admission: AdmissionService
    ingest: IngestService
    results: Results
    result_service: ResultService
    archives: Archives
    guest_archives: Archives
    retention: Retention
    media: PublicMedia
    health: Health
    readiness: Readiness
    intake: IntakePage
    reports: EventReportRepository
    event_reports: EventReports
    setting_list: SettingsRepository
    admins: AdminService
    accounts: AccountService
    settings: SettingsService
    events: EventService
    event_repository: EventRepository
    boards: BoardService
    upkeep: Upkeep
    presets: PresetService
    preset_samples: PresetSamples
    reruns: RerunService
    galleries: Galleries
    gallery_pictures: GalleryPictures
    slots: SlotService
    slot_list: SlotRepository
    templates: TemplateService
    template_list: TemplateRepository
    jobs: JobRepository
    job_lists: JobLists
    stats: Stats
    audit_log: AuditRepository
    feed: LiveFeed
    live_messages: LiveMessageRepository
    schemas: ParamSchemas
    provider_facts: Mapping[str, ProviderFacts]
    provider_keys: ProviderKeys
    provider_catalogues: ProviderCatalogues
    ui_files: UiFiles

    def base(self) -> Base:
        """Return what every handler is given."""
        return Base(self.site, self.authenticator, self.life)
