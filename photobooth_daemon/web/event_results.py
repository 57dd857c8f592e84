"""``/api/events/{event_id}/results``: the gallery as administrators see it."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.administration.events import EventService
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import EventNotFound
from photobooth_daemon.repositories.gallery_pictures import GalleryPicture, GalleryPictures
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.guests.gallery import picture_cursor
from photobooth_daemon.web.guests.gallery_page import picture_view
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import read_limit, read_time_cursor, write_page


class EventResultsHandler(Handler):
    """The pictures of an event that are kept, hidden ones too."""

    permission = "events:read"

    def initialize(
        self, base: Base, *, events: EventService, pictures: GalleryPictures, clock: Clock
    ) -> None:
        """Take the events, and what is in their galleries."""
        super().initialize(base)
        self._events = events
        self._pictures = pictures
        self._clock = clock

    @unless_refused
    async def get(self, event_id: str) -> None:
        """Answer with a page of pictures."""
        limit, before = read_limit(self), read_time_cursor(self)
        event = (await self._events.get(self.path_uuid(event_id, EventNotFound))).event
        found = await self._pictures.list_newest(
            event.event_id, self._clock.utcnow(), before, limit + 1, hidden_too=True
        )
        write_page(self, found, limit, _view, picture_cursor)


def _view(picture: GalleryPicture) -> dict[str, Any]:
    return {**picture_view(picture), "hidden": picture.hidden}
