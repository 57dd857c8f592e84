"""Every URL of the daemon on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tornado.routing import URLSpec
from tornado.web import url

from photobooth_daemon.administration.accounts import AccountService
from photobooth_daemon.administration.admins import AdminService
from photobooth_daemon.administration.boards import BoardService
from photobooth_daemon.administration.events import EventService
from photobooth_daemon.administration.galleries import Galleries
from photobooth_daemon.administration.presets import PresetService
from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.administration.reruns import RerunService
from photobooth_daemon.administration.results import ResultService
from photobooth_daemon.administration.settings import SettingsService
from photobooth_daemon.administration.slots import SlotService
from photobooth_daemon.administration.templates import TemplateService
from photobooth_daemon.clock import Clock
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.live.feed import LiveFeed
from photobooth_daemon.media.archive import Archives
from photobooth_daemon.media.links import PublicMedia
from photobooth_daemon.media.results import Results
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
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
from photobooth_daemon.repositories.event_report import EventReportRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.gallery_pictures import GalleryPictures
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.templates import TemplateRepository
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web import (
    accounts,
    admins,
    archive,
    audit,
    boards,
    event_results,
    events,
    gallery,
    gallery_live,
    gallery_pin,
    guest,
    health,
    ingest,
    intake,
    jobs,
    live,
    metrics,
    openapi,
    presets,
    providers,
    public,
    readiness,
    report,
    reruns,
    settings,
    slot_test,
    slots,
    stats,
    templates,
    ui,
)
from photobooth_daemon.web.handler import Authenticator
from photobooth_daemon.web.photo import PhotoNeeds
from photobooth_daemon.web.rendered import Rendered
from photobooth_daemon.web.site import Life, Site
from photobooth_daemon.web.ui_files import UiFiles

SEGMENT = r"([^/]+)"
PAGE_SECONDS = 3600.0
FIGURES_SECONDS = 1.0


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
    presets: PresetService
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
    schemas: ParamSchemas
    provider_facts: Mapping[str, ProviderFacts]
    provider_keys: ProviderKeys
    provider_catalogues: ProviderCatalogues
    ui_files: UiFiles


def build_routes(services: Services) -> list[URLSpec]:
    """Return the routes, closed by default: each handler declares its permission."""
    base: dict[str, Any] = {
        "site": services.site,
        "authenticator": services.authenticator,
        "life": services.life,
    }
    photo = {
        **base,
        "needs": PhotoNeeds(
            services.admission,
            services.ingest,
            services.media_store,
            services.in_flight,
            services.clock,
        ),
    }
    result = {**base, "results": services.results, "media_store": services.media_store}
    of_result = {**base, "results": services.results}
    page_of = {**of_result, "events": services.event_repository}
    logo = {
        **base,
        "events": services.event_repository,
        "templates": services.template_list,
        "media_store": services.media_store,
    }
    board = {**base, "boards": services.boards}
    page = {**base, "ui_files": services.ui_files}
    document = cache(lambda: openapi.build_document(routes, services.schemas))
    pages = Rendered(services.clock, seconds=PAGE_SECONDS, most=2)
    api = {**base, "document": document, "rendered": pages}
    drawings = Rendered(services.clock, seconds=PAGE_SECONDS, most=1000)
    figures = Rendered(services.clock, seconds=FIGURES_SECONDS, most=2)
    routes: list[URLSpec] = [
        # Cameras
        url(rf"/api/ingest/{SEGMENT}", ingest.IngestHandler, photo),
        # Guests and providers
        url(rf"/public/results/{SEGMENT}", public.ResultHandler, result),
        url(
            rf"/public/results/{SEGMENT}/preview", public.ResultHandler, {**result, "preview": True}
        ),
        url(
            rf"/public/results/{SEGMENT}/qr\.svg",
            public.ResultQrHandler,
            {**of_result, "rendered": drawings},
        ),
        url(rf"/r/{SEGMENT}", guest.GuestPageHandler, {**page_of, "clock": services.clock}),
        url(
            rf"/r/{SEGMENT}/delete",
            guest.GuestDeletionHandler,
            {**page_of, "ends": services.result_service},
        ),
        url(rf"/r/{SEGMENT}/logo", guest.GuestLogoHandler, {**logo, "results": services.results}),
        *_gallery_routes(services, base, logo, drawings),
        url(
            rf"/public/media/{SEGMENT}",
            public.MediaHandler,
            {**base, "media": services.media, "clock": services.clock},
        ),
        *_admin_routes(services, base, photo),
        # Screens
        url(
            r"/board/state",
            boards.BoardStateHandler,
            {**board, "events": services.event_repository, "clock": services.clock},
        ),
        url(
            r"/board/live",
            boards.BoardLiveHandler,
            {**board, "feed": services.feed, "clock": services.clock},
        ),
        url(rf"/board/{SEGMENT}", boards.BoardPageHandler, {**page, **board}),
        # The admin UI
        url(r"/", ui.UiIndexHandler, page),
        url(r"/ui/(.*)", ui.UiFileHandler, page),
        # The API about itself
        url(r"/api/openapi\.json", openapi.OpenApiHandler, api),
        url(r"/api/docs", openapi.DocsHandler, api),
        # Operations
        url(r"/healthz", health.HealthHandler, {**base, "health": services.health}),
        url(r"/livez", health.LiveHandler, base),
        url(r"/readyz", health.ReadyHandler, {**base, "health": services.health}),
        url(
            r"/metrics",
            metrics.MetricsHandler,
            {**base, "metrics": services.metrics, "rendered": figures},
        ),
    ]
    return routes


def _gallery_routes(
    services: Services, base: dict[str, Any], logo: dict[str, Any], drawings: Rendered
) -> list[URLSpec]:
    """Return what guests of an event see together."""
    shown = {
        **base,
        "galleries": services.galleries,
        "pictures": services.gallery_pictures,
        "clock": services.clock,
    }
    follows = {
        "feed": services.feed,
        "places": gallery_live.StreamPlaces(),
        "lookups": gallery_live.SharedLookups(services.gallery_pictures),
    }
    return [
        url(rf"/g/{SEGMENT}", gallery.GalleryPageHandler, shown),
        url(
            rf"/g/{SEGMENT}/pin",
            gallery_pin.GalleryPinHandler,
            {**shown, "metrics": services.metrics},
        ),
        url(rf"/g/{SEGMENT}/show", gallery.GalleryShowHandler, shown),
        url(rf"/g/{SEGMENT}/pictures", gallery.GalleryPicturesHandler, shown),
        url(rf"/g/{SEGMENT}/live", gallery_live.GalleryLiveHandler, {**shown, **follows}),
        url(
            rf"/g/{SEGMENT}/archive\.zip",
            archive.GalleryArchiveHandler,
            {**shown, "archives": services.guest_archives},
        ),
        url(rf"/g/{SEGMENT}/qr\.svg", gallery.GalleryQrHandler, {**shown, "rendered": drawings}),
        url(
            rf"/g/{SEGMENT}/logo",
            gallery.GalleryLogoHandler,
            {**logo, "galleries": services.galleries},
        ),
    ]


def _admin_routes(services: Services, base: dict[str, Any], photo: dict[str, Any]) -> list[URLSpec]:
    """Return what administrators use."""
    login = {**base, "admins": services.admins}
    board = {**base, "boards": services.boards}
    preset = {**base, "presets": services.presets}
    vendors = {**base, "catalogues": services.provider_catalogues}
    account = {**base, "accounts": services.accounts}
    slot = {
        **base,
        "slots": services.slots,
        "jobs": services.job_lists,
        "clock": services.clock,
    }
    ends = {"results": services.result_service}
    event = {**base, "events": services.events}
    rerun = {**base, "reruns": services.reruns}
    job = {**base, "clock": services.clock}
    template = {**base, "templates": services.templates}
    template_file = {**template, "media_store": services.media_store}
    return [
        # Accounts
        url(r"/api/login", accounts.LoginHandler, {**login, "metrics": services.metrics}),
        url(r"/api/logout", accounts.LogoutHandler, login),
        url(r"/api/me", accounts.MeHandler, base),
        url(r"/api/me/password", accounts.MyPasswordHandler, login),
        url(r"/api/admins", admins.AdminsHandler, account),
        url(rf"/api/admins/{SEGMENT}", admins.AdminHandler, account),
        url(rf"/api/admins/{SEGMENT}/reset-password", admins.PasswordResetHandler, account),
        # Settings
        url(r"/api/settings", settings.SettingsHandler, {**base, "settings": services.settings}),
        # Slots
        url(
            r"/api/providers",
            providers.ProvidersHandler,
            {**base, "schemas": services.schemas, "facts": services.provider_facts},
        ),
        url(
            rf"/api/providers/{SEGMENT}/key",
            providers.ProviderKeyHandler,
            {**base, "keys": services.provider_keys},
        ),
        url(rf"/api/providers/{SEGMENT}/check", providers.ProviderCheckHandler, vendors),
        url(rf"/api/providers/{SEGMENT}/models", providers.ProviderModelsHandler, vendors),
        url(
            r"/api/slots",
            slots.SlotsHandler,
            {**slot, "slots": services.slot_list, "stats": services.stats},
        ),
        url(rf"/api/slots/{SEGMENT}", slots.SlotHandler, slot),
        url(
            rf"/api/slots/{SEGMENT}/revisions",
            slots.SlotRevisionsHandler,
            {**base, "slots": services.slot_list},
        ),
        url(rf"/api/slots/{SEGMENT}/copy", slots.SlotCopyHandler, slot),
        url(rf"/api/slots/{SEGMENT}/revisions/{SEGMENT}/restore", slots.SlotRestoreHandler, slot),
        url(
            rf"/api/slots/{SEGMENT}/test",
            slot_test.SlotTestHandler,
            {**photo, "slots": services.slots, "slot_list": services.slot_list},
        ),
        url(r"/api/intake", intake.IntakeHandler, {**base, "intake": services.intake}),
        # Events
        url(r"/api/events", events.EventsHandler, event),
        url(rf"/api/events/{SEGMENT}", events.EventHandler, {**event, **ends}),
        url(
            rf"/api/events/{SEGMENT}/results",
            event_results.EventResultsHandler,
            {**event, "pictures": services.gallery_pictures, "clock": services.clock},
        ),
        url(rf"/api/events/{SEGMENT}/purge", events.EventPurgeHandler, {**event, **ends}),
        url(rf"/api/events/{SEGMENT}/rerun", reruns.EventRerunHandler, rerun),
        url(rf"/api/events/{SEGMENT}/gallery/renew", events.GalleryRenewHandler, event),
        url(
            rf"/api/events/{SEGMENT}/archive\.zip",
            archive.EventArchiveHandler,
            {**event, "archives": services.archives},
        ),
        url(
            rf"/api/events/{SEGMENT}/report",
            report.EventReportHandler,
            {**event, "reports": services.event_reports, "settings": services.setting_list},
        ),
        url(
            rf"/api/events/{SEGMENT}/retention",
            events.EventRetentionHandler,
            {**event, "retention": services.retention},
        ),
        # Presets
        url(r"/api/presets", presets.PresetsHandler, preset),
        url(rf"/api/presets/{SEGMENT}", presets.PresetHandler, preset),
        url(
            rf"/api/presets/{SEGMENT}/before",
            presets.PresetPictureHandler,
            {**preset, "is_after": False},
        ),
        url(
            rf"/api/presets/{SEGMENT}/after",
            presets.PresetPictureHandler,
            {**preset, "is_after": True},
        ),
        # Boards
        url(r"/api/boards", boards.BoardsHandler, board),
        url(rf"/api/boards/{SEGMENT}", boards.OneBoardHandler, board),
        # Template media
        url(
            r"/api/template-media",
            templates.TemplatesHandler,
            {**base, "repository": services.template_list},
        ),
        url(
            r"/api/template-media/register",
            templates.TemplateRegisterHandler,
            {
                **template_file,
                "settings": services.settings,
                "in_flight": services.in_flight,
                "clock": services.clock,
            },
        ),
        url(rf"/api/template-media/{SEGMENT}", templates.TemplateHandler, template),
        url(
            rf"/api/template-media/{SEGMENT}/content",
            templates.TemplateFileHandler,
            template_file,
        ),
        url(
            rf"/api/template-media/{SEGMENT}/preview",
            templates.TemplateFileHandler,
            {**template_file, "preview": True},
        ),
        # Jobs, statistics, the audit log, live feed
        url(r"/api/jobs", jobs.JobsHandler, {**job, "jobs": services.job_lists}),
        url(
            rf"/api/jobs/{SEGMENT}",
            jobs.JobHandler,
            {**job, "jobs": services.jobs, "reruns": services.reruns},
        ),
        url(rf"/api/jobs/{SEGMENT}/rerun", reruns.JobRerunHandler, rerun),
        url(
            rf"/api/jobs/{SEGMENT}/original",
            reruns.OriginalHandler,
            {**job, "jobs": services.jobs, "media_store": services.media_store},
        ),
        url(rf"/api/jobs/{SEGMENT}/visibility", jobs.VisibilityHandler, {**base, **ends}),
        url(rf"/api/jobs/{SEGMENT}/result", jobs.ResultRemovalHandler, {**base, **ends}),
        url(
            r"/api/stats",
            stats.StatsHandler,
            {**event, "stats": services.stats},
        ),
        url(
            r"/api/report",
            report.ReportHandler,
            {**job, "reports": services.reports, "settings": services.setting_list},
        ),
        url(
            r"/api/readiness",
            readiness.ReadinessHandler,
            {**base, "readiness": services.readiness},
        ),
        url(r"/api/audit", audit.AuditHandler, {**base, "audit_log": services.audit_log}),
        url(
            r"/api/live",
            live.LiveHandler,
            {**job, "feed": services.feed, "metrics": services.metrics},
        ),
    ]
