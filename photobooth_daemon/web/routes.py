"""Every URL of the daemon on one page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tornado.routing import URLSpec
from tornado.web import url

from photobooth_daemon.admins import AdminService
from photobooth_daemon.clock import Clock
from photobooth_daemon.health import Health
from photobooth_daemon.in_flight import InFlight
from photobooth_daemon.ingest import IngestService
from photobooth_daemon.links import PublicMedia
from photobooth_daemon.media_store import MediaStore
from photobooth_daemon.metrics import Metrics
from photobooth_daemon.results import Results
from photobooth_daemon.settings import SettingsService
from photobooth_daemon.web import accounts, health, ingest, metrics, public, settings
from photobooth_daemon.web.handler import Authenticator
from photobooth_daemon.web.site import Admission, Site

SEGMENT = r"([^/]+)"


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers are given; each gets only its own."""

    site: Site
    authenticator: Authenticator
    admission: Admission
    clock: Clock
    metrics: Metrics
    in_flight: InFlight
    media_store: MediaStore
    ingest: IngestService
    results: Results
    media: PublicMedia
    health: Health
    admins: AdminService
    settings: SettingsService


def build_routes(services: Services) -> list[URLSpec]:
    """Return the routes, closed by default: each handler declares its permission."""
    base: dict[str, Any] = {
        "site": services.site,
        "authenticator": services.authenticator,
        "admission": services.admission,
    }
    photo = {
        **base,
        "ingest": services.ingest,
        "media_store": services.media_store,
        "in_flight": services.in_flight,
        "clock": services.clock,
    }
    result = {**base, "results": services.results, "media_store": services.media_store}
    guest = {**base, "results": services.results}
    clocked = {**guest, "clock": services.clock}
    admins = {**base, "admins": services.admins}
    return [
        # Cameras
        url(rf"/api/ingest/{SEGMENT}", ingest.IngestHandler, photo),
        # Guests and providers
        url(rf"/public/results/{SEGMENT}", public.ResultHandler, result),
        url(
            rf"/public/results/{SEGMENT}/preview", public.ResultHandler, {**result, "preview": True}
        ),
        url(rf"/public/results/{SEGMENT}/qr\.svg", public.ResultQrHandler, guest),
        url(rf"/r/{SEGMENT}", public.GuestPageHandler, clocked),
        url(
            rf"/public/media/{SEGMENT}",
            public.MediaHandler,
            {**base, "media": services.media, "clock": services.clock},
        ),
        # Accounts
        url(r"/api/login", accounts.LoginHandler, {**admins, "metrics": services.metrics}),
        url(r"/api/logout", accounts.LogoutHandler, admins),
        url(r"/api/me", accounts.MeHandler, admins),
        url(r"/api/me/password", accounts.MyPasswordHandler, admins),
        # Settings
        url(r"/api/settings", settings.SettingsHandler, {**base, "settings": services.settings}),
        # Operations
        url(r"/healthz", health.HealthHandler, {**base, "health": services.health}),
        url(r"/livez", health.LiveHandler, base),
        url(r"/readyz", health.ReadyHandler, {**base, "health": services.health}),
        url(r"/metrics", metrics.MetricsHandler, {**base, "metrics": services.metrics}),
    ]
