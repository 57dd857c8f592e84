"""Every URL of the daemon, closed by default: each handler declares its permission."""

from __future__ import annotations

from functools import cache

from tornado.routing import URLSpec

from photobooth_daemon.web import boards, health, ingest, metrics, ui
from photobooth_daemon.web.incoming.photo import PhotoNeeds
from photobooth_daemon.web.openapi import document as openapi
from photobooth_daemon.web.rendered import Rendered
from photobooth_daemon.web.routes import events as event_routes
from photobooth_daemon.web.routes import guests as guest_routes
from photobooth_daemon.web.routes import history as history_routes
from photobooth_daemon.web.routes import slots as slot_routes
from photobooth_daemon.web.routes.accounts import account_routes
from photobooth_daemon.web.routes.cameras import camera_routes
from photobooth_daemon.web.routes.upkeep import upkeep_routes
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services
from photobooth_daemon.web.stream_places import StreamPlaces

PAGE_SECONDS = 3600.0
FIGURES_SECONDS = 1.0


def build_routes(services: Services) -> list[URLSpec]:
    """Return the routes, in the order in which they are tried."""
    base = services.base
    photo = PhotoNeeds(
        services.admission,
        services.ingest,
        services.media_store,
        services.in_flight,
        services.clock,
    )
    document = cache(lambda: openapi.build_document(routes, services.recipes.schemas))
    pages = Rendered(services.clock, seconds=PAGE_SECONDS, most=2)
    drawings = Rendered(services.clock, seconds=PAGE_SECONDS, most=1000)
    routes: list[URLSpec] = [
        # Cameras
        route(rf"/api/ingest/{SEGMENT}", ingest.IngestHandler, base=base, needs=photo),
        # Guests and providers
        *guest_routes.public_routes(services, drawings),
        *guest_routes.gallery_routes(services, drawings),
        # Administrators
        *account_routes(services),
        *slot_routes.provider_routes(services),
        *slot_routes.slot_routes(services, photo),
        *slot_routes.preset_routes(services),
        *event_routes.board_routes(services),
        *camera_routes(services, drawings),
        *event_routes.event_routes(services),
        *slot_routes.template_routes(services),
        *history_routes.job_routes(services),
        *history_routes.history_routes(services),
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
    base = services.base
    return [
        route(
            r"/board/state",
            boards.BoardStateHandler,
            base=base,
            boards=services.evenings.boards,
            events=services.evenings.event_repository,
            clock=services.clock,
        ),
        route(
            r"/board/live",
            boards.BoardLiveHandler,
            base=base,
            boards=services.evenings.boards,
            feed=services.feed,
            places=StreamPlaces(most_of_page=boards.MOST_OF_BOARD),
            clock=services.clock,
        ),
        route(
            rf"/board/{SEGMENT}",
            boards.BoardPageHandler,
            base=base,
            ui_files=services.ui_files,
            boards=services.evenings.boards,
        ),
    ]


def _operations_routes(services: Services) -> list[URLSpec]:
    """Return what ops and probes ask."""
    base = services.base
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
