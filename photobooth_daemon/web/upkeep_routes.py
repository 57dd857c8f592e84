"""What an installation is looked after with: readiness, alert channels, backups."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import alerts, backup, readiness
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def upkeep_routes(services: Services) -> list[URLSpec]:
    """Return readiness, alert channels and backups."""
    base = services.base()
    return [
        route(
            r"/api/readiness", readiness.ReadinessHandler, base=base, readiness=services.readiness
        ),
        route(r"/api/alerts", alerts.AlertsHandler, base=base, channels=services.alert_channels),
        route(
            rf"/api/alerts/{SEGMENT}",
            alerts.AlertChannelHandler,
            base=base,
            channels=services.alert_channels,
        ),
        route(r"/api/alert-test", alerts.AlertTestHandler, base=base, trial=services.alert_trial),
        route(r"/api/backup", backup.BackupHandler, base=base, backups=services.backups),
    ]
