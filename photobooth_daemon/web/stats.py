"""``/api/stats``: how it goes."""

from __future__ import annotations

from photobooth_daemon.administration.events import EventService
from photobooth_daemon.monitoring.reports.stats import Stats
from photobooth_daemon.monitoring.reports.windows import WINDOWS
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.jobs import read_event_id
from photobooth_daemon.web.paging import read_choice

DEFAULT_WINDOW = "24h"


class StatsHandler(Handler):
    """The figures of a window."""

    permission = "stats:read"

    def initialize(self, base: Base, *, stats: Stats, events: EventService) -> None:
        super().initialize(base)
        self._stats = stats
        self._events = events

    @unless_refused
    async def get(self) -> None:
        """Answer with figures per slot and in all: of a window, or of an event."""
        event_id = read_event_id(self)
        if event_id is not None:
            event = (await self._events.get(event_id)).event
            self.write_json(await self._stats.figures_of_event(event))
            return
        name = read_choice(self, "window", list(WINDOWS)) or DEFAULT_WINDOW
        self.write_json(await self._stats.figures(WINDOWS[name]))
