"""What administrators call: every one of these needs a permission, or at least a session."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import (
    admins,
    archive,
    audit,
    boards,
    event_results,
    events,
    jobs,
    live,
    login,
    presets,
    providers,
    report,
    reruns,
    settings,
    slot_test,
    slots,
    stats,
    templates,
)
from photobooth_daemon.web.photo import PhotoNeeds
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def account_routes(services: Services) -> list[URLSpec]:
    """Return accounts, and the settings."""
    base = services.base()
    return [
        route(
            r"/api/login",
            login.LoginHandler,
            base=base,
            admins=services.admins,
            metrics=services.metrics,
        ),
        route(r"/api/logout", login.LogoutHandler, base=base, admins=services.admins),
        route(r"/api/me", login.MeHandler, base=base),
        route(r"/api/me/password", login.MyPasswordHandler, base=base, admins=services.admins),
        route(r"/api/admins", admins.AdminsHandler, base=base, accounts=services.accounts),
        route(
            rf"/api/admins/{SEGMENT}", admins.AdminHandler, base=base, accounts=services.accounts
        ),
        route(
            rf"/api/admins/{SEGMENT}/reset-password",
            admins.PasswordResetHandler,
            base=base,
            accounts=services.accounts,
        ),
        route(r"/api/settings", settings.SettingsHandler, base=base, settings=services.settings),
    ]


def slot_routes(services: Services, photo: PhotoNeeds) -> list[URLSpec]:
    """Return slots, their providers, presets and boards."""
    base = services.base()
    return [
        route(
            r"/api/providers",
            providers.ProvidersHandler,
            base=base,
            schemas=services.schemas,
            facts=services.provider_facts,
        ),
        route(
            rf"/api/providers/{SEGMENT}/key",
            providers.ProviderKeyHandler,
            base=base,
            keys=services.provider_keys,
        ),
        route(
            rf"/api/providers/{SEGMENT}/check",
            providers.ProviderCheckHandler,
            base=base,
            catalogues=services.provider_catalogues,
        ),
        route(
            rf"/api/providers/{SEGMENT}/models",
            providers.ProviderModelsHandler,
            base=base,
            catalogues=services.provider_catalogues,
        ),
        route(
            r"/api/slots",
            slots.SlotsHandler,
            base=base,
            slots=services.slot_list,
            jobs=services.job_lists,
            clock=services.clock,
            stats=services.stats,
        ),
        route(
            rf"/api/slots/{SEGMENT}",
            slots.SlotHandler,
            base=base,
            slots=services.slots,
            jobs=services.job_lists,
            clock=services.clock,
        ),
        route(
            rf"/api/slots/{SEGMENT}/revisions",
            slots.SlotRevisionsHandler,
            base=base,
            slots=services.slot_list,
        ),
        route(
            rf"/api/slots/{SEGMENT}/copy",
            slots.SlotCopyHandler,
            base=base,
            slots=services.slots,
            jobs=services.job_lists,
            clock=services.clock,
        ),
        route(
            rf"/api/slots/{SEGMENT}/revisions/{SEGMENT}/restore",
            slots.SlotRestoreHandler,
            base=base,
            slots=services.slots,
            jobs=services.job_lists,
            clock=services.clock,
        ),
        route(
            rf"/api/slots/{SEGMENT}/test",
            slot_test.SlotTestHandler,
            base=base,
            needs=photo,
            slots=services.slots,
            slot_list=services.slot_list,
            presets=services.presets,
            samples=services.preset_samples,
        ),
        route(r"/api/presets", presets.PresetsHandler, base=base, presets=services.presets),
        route(
            rf"/api/presets/{SEGMENT}", presets.PresetHandler, base=base, presets=services.presets
        ),
        route(
            rf"/api/presets/{SEGMENT}/before",
            presets.PresetPictureHandler,
            base=base,
            presets=services.presets,
            is_after=False,
        ),
        route(
            rf"/api/presets/{SEGMENT}/after",
            presets.PresetPictureHandler,
            base=base,
            presets=services.presets,
            is_after=True,
        ),
        route(
            rf"/api/presets/{SEGMENT}/sample",
            presets.PresetSampleHandler,
            base=base,
            samples=services.preset_samples,
        ),
        route(r"/api/boards", boards.BoardsHandler, base=base, boards=services.boards),
        route(rf"/api/boards/{SEGMENT}", boards.OneBoardHandler, base=base, boards=services.boards),
    ]


def event_routes(services: Services) -> list[URLSpec]:
    """Return events and what becomes of them."""
    base = services.base()
    return [
        route(r"/api/events", events.EventsHandler, base=base, events=services.events),
        route(
            rf"/api/events/{SEGMENT}",
            events.EventHandler,
            base=base,
            events=services.events,
            results=services.result_service,
        ),
        route(
            rf"/api/events/{SEGMENT}/results",
            event_results.EventResultsHandler,
            base=base,
            events=services.events,
            pictures=services.gallery_pictures,
            clock=services.clock,
        ),
        route(
            rf"/api/events/{SEGMENT}/purge",
            events.EventPurgeHandler,
            base=base,
            events=services.events,
            results=services.result_service,
        ),
        route(
            rf"/api/events/{SEGMENT}/rerun",
            reruns.EventRerunHandler,
            base=base,
            reruns=services.reruns,
        ),
        route(
            rf"/api/events/{SEGMENT}/gallery/renew",
            events.GalleryRenewHandler,
            base=base,
            events=services.events,
        ),
        route(
            rf"/api/events/{SEGMENT}/archive\.zip",
            archive.EventArchiveHandler,
            base=base,
            events=services.events,
            archives=services.archives,
        ),
        route(
            rf"/api/events/{SEGMENT}/report",
            report.EventReportHandler,
            base=base,
            events=services.events,
            reports=services.event_reports,
            settings=services.setting_list,
        ),
        route(
            rf"/api/events/{SEGMENT}/retention",
            events.EventRetentionHandler,
            base=base,
            events=services.events,
            retention=services.retention,
        ),
    ]


def template_routes(services: Services) -> list[URLSpec]:
    """Return the library of template pictures."""
    base = services.base()
    return [
        route(
            r"/api/template-media",
            templates.TemplatesHandler,
            base=base,
            repository=services.template_list,
        ),
        route(
            r"/api/template-media/register",
            templates.TemplateRegisterHandler,
            base=base,
            templates=services.templates,
            media_store=services.media_store,
            settings=services.settings,
            in_flight=services.in_flight,
            clock=services.clock,
        ),
        route(
            rf"/api/template-media/{SEGMENT}",
            templates.TemplateHandler,
            base=base,
            templates=services.templates,
        ),
        route(
            rf"/api/template-media/{SEGMENT}/content",
            templates.TemplateFileHandler,
            base=base,
            templates=services.templates,
            media_store=services.media_store,
        ),
        route(
            rf"/api/template-media/{SEGMENT}/preview",
            templates.TemplateFileHandler,
            base=base,
            templates=services.templates,
            media_store=services.media_store,
            preview=True,
        ),
    ]


def history_routes(services: Services) -> list[URLSpec]:
    """Return jobs, statistics, the audit log and the live feed."""
    base = services.base()
    return [
        route(
            r"/api/jobs", jobs.JobsHandler, base=base, clock=services.clock, jobs=services.job_lists
        ),
        route(
            rf"/api/jobs/{SEGMENT}",
            jobs.JobHandler,
            base=base,
            clock=services.clock,
            jobs=services.jobs,
            reruns=services.reruns,
            live_messages=services.live_messages,
        ),
        route(
            rf"/api/jobs/{SEGMENT}/rerun", reruns.JobRerunHandler, base=base, reruns=services.reruns
        ),
        route(
            rf"/api/jobs/{SEGMENT}/original",
            reruns.OriginalHandler,
            base=base,
            clock=services.clock,
            jobs=services.jobs,
            media_store=services.media_store,
        ),
        route(
            rf"/api/jobs/{SEGMENT}/visibility",
            jobs.VisibilityHandler,
            base=base,
            results=services.result_service,
        ),
        route(
            rf"/api/jobs/{SEGMENT}/result",
            jobs.ResultRemovalHandler,
            base=base,
            results=services.result_service,
        ),
        route(
            r"/api/stats",
            stats.StatsHandler,
            base=base,
            events=services.events,
            stats=services.stats,
        ),
        route(
            r"/api/report",
            report.ReportHandler,
            base=base,
            clock=services.clock,
            reports=services.reports,
            settings=services.setting_list,
        ),
        route(r"/api/audit", audit.AuditHandler, base=base, audit_log=services.audit_log),
        route(
            r"/api/live",
            live.LiveHandler,
            base=base,
            clock=services.clock,
            feed=services.feed,
            metrics=services.metrics,
        ),
    ]
