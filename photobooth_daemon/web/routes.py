"""Every URL of the daemon, closed by default: each handler declares its permission."""

from __future__ import annotations

from functools import cache

from tornado.routing import URLSpec

from photobooth_daemon.web import (
    admin_routes,
    boards,
    camera_routes,
    guest_routes,
    health,
    ingest,
    metrics,
    openapi,
    ui,
)
from photobooth_daemon.web.photo import PhotoNeeds
from photobooth_daemon.web.rendered import Rendered
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services
from photobooth_daemon.web.stream_places import StreamPlaces
from photobooth_daemon.web.upkeep_routes import upkeep_routes

PAGE_SECONDS = 3600.0
FIGURES_SECONDS = 1.0


def build_routes(services: Services) -> list[URLSpec]:
    """Return the routes, in the order in which they are tried."""
    base = services.base()
    photo = PhotoNeeds(
        services.admission,
        services.ingest,
        services.media_store,
        services.in_flight,
        services.clock,
    )
    document = cache(lambda: openapi.build_document(routes, services.schemas))
    pages = Rendered(services.clock, seconds=PAGE_SECONDS, most=2)
    drawings = Rendered(services.clock, seconds=PAGE_SECONDS, most=1000)
    routes: list[URLSpec] = [
        # Cameras
        route(rf"/api/ingest/{SEGMENT}", ingest.IngestHandler, base=base, needs=photo),
        # Guests and providers
        *guest_routes.public_routes(services, drawings),
        *guest_routes.gallery_routes(services, drawings),
        # Administrators
        *admin_routes.account_routes(services),
        *admin_routes.slot_routes(services, photo),
        *camera_routes.camera_routes(services, drawings),
        *admin_routes.event_routes(services),
        *admin_routes.template_routes(services),
        *admin_routes.history_routes(services),
        *upkeep_routes(services),
        # Screens
        *_board_routes(services),
        # The admin UI
        route(r"/", ui.UiIndexHandler, base=base, ui_files=services.ui_files),
        route(r"/ui/(.*)", ui.UiFileHandler, base=base, ui_files=services.ui_files),
        # The API about itself
        route(
            r"/api/openapi\.json",
            openapi.OpenApiHandler,
            base=base,
            document=document,
            rendered=pages,
        ),
        route(r"/api/docs", openapi.DocsHandler, base=base, document=document, rendered=pages),
        *_operations_routes(services),
    ]
    return routes


def _board_routes(services: Services) -> list[URLSpec]:
    """Return what a screen that nobody logs in on opens."""
    base = services.base()
    return [
        route(
            r"/board/state",
            boards.BoardStateHandler,
            base=base,
            boards=services.boards,
            events=services.event_repository,
            clock=services.clock,
        ),
        route(
            r"/board/live",
            boards.BoardLiveHandler,
            base=base,
            boards=services.boards,
            feed=services.feed,
            places=StreamPlaces(most_of_page=boards.MOST_OF_BOARD),
            clock=services.clock,
        ),
        route(
            rf"/board/{SEGMENT}",
            boards.BoardPageHandler,
            base=base,
            ui_files=services.ui_files,
            boards=services.boards,
        ),
    ]


def _operations_routes(services: Services) -> list[URLSpec]:
    """Return what ops and probes ask."""
    base = services.base()
    figures = Rendered(services.clock, seconds=FIGURES_SECONDS, most=2)
    return [
        route(r"/healthz", health.HealthHandler, base=base, health=services.health),
        route(r"/livez", health.LiveHandler, base=base),
        route(r"/readyz", health.ReadyHandler, base=base, health=services.health),
        route(
            r"/metrics",
            metrics.MetricsHandler,
            base=base,
            metrics=services.metrics,
            rendered=figures,
        ),
    ]
