"""Evenings, as administrators plan them and wind them up: each of these needs a permission."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import archive, boards, event_results, events, report, reruns
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def board_routes(services: Services) -> list[URLSpec]:
    """Return the links of screens."""
    base, evenings = services.base, services.evenings
    return [
        route(r"/api/boards", boards.BoardsHandler, base=base, boards=evenings.boards),
        route(
            rf"/api/boards/{SEGMENT}",
            boards.OneBoardHandler,
            base=base,
            boards=evenings.boards,
        ),
    ]


def event_routes(services: Services) -> list[URLSpec]:
    """Return events and what becomes of them."""
    base, evenings = services.base, services.evenings
    return [
        route(r"/api/events", events.EventsHandler, base=base, events=evenings.events),
        route(
            rf"/api/events/{SEGMENT}",
            events.EventHandler,
            base=base,
            events=evenings.events,
            results=evenings.results,
        ),
        route(
            rf"/api/events/{SEGMENT}/results",
            event_results.EventResultsHandler,
            base=base,
            events=evenings.events,
            pictures=services.guests.pictures,
            clock=services.clock,
        ),
        route(
            rf"/api/events/{SEGMENT}/purge",
            events.EventPurgeHandler,
            base=base,
            events=evenings.events,
            results=evenings.results,
        ),
        route(
            rf"/api/events/{SEGMENT}/rerun",
            reruns.EventRerunHandler,
            base=base,
            reruns=evenings.reruns,
        ),
        route(
            rf"/api/events/{SEGMENT}/gallery/renew",
            events.GalleryRenewHandler,
            base=base,
            events=evenings.events,
        ),
        route(
            rf"/api/events/{SEGMENT}/archive\.zip",
            archive.EventArchiveHandler,
            base=base,
            events=evenings.events,
            archives=evenings.archives,
        ),
        route(
            rf"/api/events/{SEGMENT}/report",
            report.EventReportHandler,
            base=base,
            events=evenings.events,
            reports=evenings.reports,
            settings=services.history.setting_repository,
        ),
        route(
            rf"/api/events/{SEGMENT}/retention",
            events.EventRetentionHandler,
            base=base,
            events=evenings.events,
            retention=evenings.retention,
        ),
    ]
