"""What an installation is looked after with: readiness, alerts, backups, cleanups, a restart."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import alerts, on_demand, readiness, restart
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def upkeep_routes(services: Services) -> list[URLSpec]:
    """Return readiness, alerts, backups, cleanups and the restart."""
    base, upkeep = services.base, services.upkeep
    return [
        route(
            r"/api/readiness", readiness.ReadinessHandler, base=base, readiness=services.readiness
        ),
        route(r"/api/alerts", alerts.AlertsHandler, base=base, channels=upkeep.alert_channels),
        route(
            rf"/api/alerts/{SEGMENT}",
            alerts.AlertChannelHandler,
            base=base,
            channels=upkeep.alert_channels,
        ),
        route(r"/api/alert-test", alerts.AlertTestHandler, base=base, trial=upkeep.alert_trial),
        route(
            r"/api/alert-maintenance",
            alerts.AlertMaintenanceHandler,
            base=base,
            maintenance=upkeep.maintenance,
        ),
        route(
            r"/api/backup",
            on_demand.OnDemandHandler,
            base=base,
            work=upkeep.backups,
            view=on_demand.backup_view,
        ),
        route(
            r"/api/cleanup",
            on_demand.OnDemandHandler,
            base=base,
            work=upkeep.cleanups,
            view=on_demand.cleanup_view,
        ),
        route(r"/api/restart", restart.RestartHandler, base=base, restarts=upkeep.restarts),
    ]
