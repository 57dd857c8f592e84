"""What has happened, as administrators look it up: each of these needs a permission."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import audit, jobs, live, report, reruns, stats
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def job_routes(services: Services) -> list[URLSpec]:
    """Return jobs and what may be done with one."""
    base, history = services.base, services.history
    return [
        route(
            r"/api/jobs",
            jobs.JobsHandler,
            base=base,
            clock=services.clock,
            jobs=history.job_lists,
        ),
        route(
            rf"/api/jobs/{SEGMENT}",
            jobs.JobHandler,
            base=base,
            clock=services.clock,
            jobs=history.jobs,
            reruns=services.evenings.reruns,
            live_messages=history.live_messages,
        ),
        route(
            rf"/api/jobs/{SEGMENT}/rerun",
            reruns.JobRerunHandler,
            base=base,
            reruns=services.evenings.reruns,
        ),
        route(
            rf"/api/jobs/{SEGMENT}/original",
            reruns.OriginalHandler,
            base=base,
            clock=services.clock,
            jobs=history.jobs,
            media_store=services.media_store,
        ),
        route(
            rf"/api/jobs/{SEGMENT}/visibility",
            jobs.VisibilityHandler,
            base=base,
            results=services.evenings.results,
        ),
        route(
            rf"/api/jobs/{SEGMENT}/result",
            jobs.ResultRemovalHandler,
            base=base,
            results=services.evenings.results,
        ),
    ]


def history_routes(services: Services) -> list[URLSpec]:
    """Return statistics, the audit log and the live feed."""
    base, history = services.base, services.history
    return [
        route(
            r"/api/stats",
            stats.StatsHandler,
            base=base,
            events=services.evenings.events,
            stats=history.stats,
        ),
        route(
            r"/api/report",
            report.ReportHandler,
            base=base,
            clock=services.clock,
            reports=history.reports,
            settings=history.setting_repository,
        ),
        route(r"/api/audit", audit.AuditHandler, base=base, audit_log=history.audit_log),
        route(
            r"/api/live",
            live.LiveHandler,
            base=base,
            clock=services.clock,
            feed=services.feed,
            metrics=services.metrics,
        ),
    ]
