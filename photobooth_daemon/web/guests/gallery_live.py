"""``/g/{gallery}/live``: pictures that come and go, as server-sent events.

A hall full of guests is one address: so few streams of one are open at a time
that the cameras behind it still have connections, and whoever finds no place asks
for the list now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tornado.iostream import StreamClosedError

from photobooth_daemon.errors import (
    DatabaseUnavailable,
    GalleryEnded,
    GalleryNotFound,
    PinRequired,
    ShuttingDown,
)
from photobooth_daemon.live.feed import FeedClosed, LiveFeed, Viewer
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import JobStatus, LiveMessage
from photobooth_daemon.model.events import Event
from photobooth_daemon.model.networks import network_of
from photobooth_daemon.repositories.gallery_pictures import GalleryPicture, GalleryPictures
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.guests.gallery import SHOW, GalleryHandler, GalleryNeeds
from photobooth_daemon.web.guests.gallery_page import picture_view
from photobooth_daemon.web.handler import unless_refused
from photobooth_daemon.web.json_text import encode_json
from photobooth_daemon.web.live import (
    COMMENT_SECONDS,
    RECONNECT_MS,
    last_message_id,
    set_stream_headers,
)
from photobooth_daemon.web.stream_places import StreamPlaces

MOST_OF_ADDRESS = 16
MOST_SHOWS_OF_ADDRESS = 4
"""Slideshows have places of their own: a hall's guests do not keep its screen waiting."""
MOST_OF_GALLERY = 256
SHORTEST_WAIT_SECONDS = 0.05


class SharedLookups:
    """Looks a picture up once for all streams that ask for it at the same moment."""

    def __init__(self, pictures: GalleryPictures) -> None:
        self._pictures = pictures
        self._running: dict[UUID, asyncio.Task[GalleryPicture | None]] = {}

    async def find(self, event_id: UUID, job_id: UUID, now: datetime) -> GalleryPicture | None:
        """Return a picture if the gallery shows it."""
        task = self._running.get(job_id)
        if task is None:
            task = asyncio.create_task(self._pictures.find(event_id, job_id, now))
            self._running[job_id] = task
            task.add_done_callback(lambda _: self._running.pop(job_id))
        return await asyncio.shield(task)


class GalleryLiveHandler(GalleryHandler):
    """A stream that lasts as long as the gallery is open to whoever looks, and the process."""

    served_while_draining = False

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self,
        base: Base,
        *,
        needs: GalleryNeeds,
        feed: LiveFeed,
        places: StreamPlaces,
        lookups: SharedLookups,
        metrics: Metrics,
    ) -> None:
        """Take the feed, what the streams share, and where they are counted."""
        super().initialize(base, needs=needs)
        self._feed = feed
        self._places = places
        self._lookups = lookups
        self._metrics = metrics
        self._viewer: Viewer | None = None
        self._has_left = False

    @unless_refused
    async def head(self, *args: str) -> None:
        """Answer as GET begins; there is no end to wait for."""
        await self._enter(args[0])
        set_stream_headers(self)

    @unless_refused
    async def get(self, token: str) -> None:
        """Stream what comes and goes until the guest leaves, the gallery closes or we drain."""
        if self._feed.closed:
            raise ShuttingDown
        event = await self._enter(token)
        network = network_of(self.client_address())
        is_show = self.get_query_argument("for", "") == SHOW
        kind, most = ("show", MOST_SHOWS_OF_ADDRESS) if is_show else ("page", MOST_OF_ADDRESS)
        place = self._places.taken(network, token, kind=kind, most_of_address=most)
        with place, self._metrics.gallery_stream_clients.labels(kind).track_inprogress():
            last_id = last_message_id(self.request)
            self._viewer, resumed = await self._feed.subscribe(last_id)
            try:
                set_stream_headers(self)
                self.write(f"retry: {RECONNECT_MS}\n\n")
                if not resumed:
                    self.write(f"id: {self._viewer.last_id}\nevent: reset\ndata: {{}}\n\n")
                await self.flush()
                await self._stream(token, event, self._viewer)
            except (StreamClosedError, FeedClosed, DatabaseUnavailable):
                pass
            except (GalleryNotFound, GalleryEnded, PinRequired):
                # The headers are out: who asks anew is told why.
                pass
            finally:
                self._feed.unsubscribe(self._viewer)

    def client_left(self, *, hung_up: bool) -> None:
        """Give the place to the next one at once."""
        self._has_left = True
        if self._viewer is not None:
            self._viewer.recheck()

    async def _enter(self, token: str) -> Event:
        event = await self.find(token)
        self.check_pass(event)
        return event

    async def _stream(self, token: str, event: Event, viewer: Viewer) -> None:
        looked_at = self.clock.utcnow()
        expiry = await self.pictures.next_expiry(event.event_id, looked_at)
        while True:
            messages = await viewer.next(self._patience_seconds(expiry))
            if self._has_left:
                return
            if not messages or any(_is_about(event, "event", message) for message in messages):
                await self._enter(token)
            text, shown = await self._news(event, messages)
            now = self.clock.utcnow()
            if expiry is not None and expiry <= now:
                over = await self.pictures.list_expired(event.event_id, looked_at, now)
                text += "".join(_gone(job_id) for job_id in over)
                looked_at, expiry = now, await self.pictures.next_expiry(event.event_id, now)
            for picture in shown:
                expiry = min(expiry or picture.expires_at, picture.expires_at)
            if messages:
                text += f"id: {viewer.last_id}\n\n" if text else ""
            if text or not messages:
                self.write(text or ": still here\n\n")
                await self.flush()

    async def _news(
        self, event: Event, messages: Sequence[LiveMessage]
    ) -> tuple[str, list[GalleryPicture]]:
        """Return what the messages mean for the gallery, and which pictures are to be seen now."""
        text, shown = "", []
        now = self.clock.utcnow()
        changed = [UUID(m.data["job_id"]) for m in messages if _changes_picture(event, m)]
        for job_id in dict.fromkeys(changed):
            picture = await self._lookups.find(event.event_id, job_id, now)
            if picture is None:
                text += _gone(job_id)
            else:
                shown.append(picture)
                view = encode_json(picture_view(picture)).decode().strip()
                text += f"event: picture\ndata: {view}\n\n"
        if any(m.data.get("action") == "purge" for m in messages if _is_about(event, "event", m)):
            removed = await self.pictures.list_removed(event.event_id)
            text += "".join(_gone(job_id) for job_id in removed)
        return text, shown

    def _patience_seconds(self, expiry: datetime | None) -> float:
        if expiry is None:
            return COMMENT_SECONDS
        left = (expiry - self.clock.utcnow()).total_seconds()
        return min(COMMENT_SECONDS, max(SHORTEST_WAIT_SECONDS, left))


def _is_about(event: Event, kind: str, message: LiveMessage) -> bool:
    return message.kind == kind and message.data.get("event_id") == str(event.event_id)


def _changes_picture(event: Event, message: LiveMessage) -> bool:
    data = message.data
    if not _is_about(event, "job", message):
        return False
    return data.get("status") == JobStatus.DONE or "hidden" in data or "removed" in data


def _gone(job_id: UUID) -> str:
    return f'event: gone\ndata: {{"job_id": "{job_id}"}}\n\n'
