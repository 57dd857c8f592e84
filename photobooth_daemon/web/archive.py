"""``…/archive.zip``: an event's pictures in one file, made while it is sent."""

from __future__ import annotations

import asyncio
import logging
import re
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from photobooth_daemon.administration.events import EventService
from photobooth_daemon.errors import EventNotFound, NotFound
from photobooth_daemon.media.archive import EVERYTHING, FOR_GUESTS, Archives, Wanted
from photobooth_daemon.model.events import Event
from photobooth_daemon.model.networks import network_of
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.guests.gallery import GalleryHandler, GalleryNeeds
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.incoming.connections import break_off
from photobooth_daemon.web.paging import read_flag

SLOWEST_BYTES_PER_SECOND = 64 * 1024
"""Of an evening of 300 MB that is an hour and a quarter."""
GRACE_SECONDS = 30.0
"""How far a client may fall behind that pace."""

log = logging.getLogger(__name__)


class EventArchiveHandler(Handler):
    """An event's archive as administrators see it, hidden pictures too."""

    permission = "events:read"

    def initialize(self, base: Base, *, events: EventService, archives: Archives) -> None:
        """Take the events, and what makes archives."""
        super().initialize(base)
        self._events = events
        self._archives = archives

    @unless_refused
    async def get(self, event_id: str) -> None:
        """Send pictures, with ``originals=1`` the photos too, and the index."""
        originals = read_flag(self, "originals")
        event = (await self._events.get(self.path_uuid(event_id, EventNotFound))).event
        wanted = Wanted(hidden=EVERYTHING.hidden, originals=originals, index=EVERYTHING.index)
        await send_archive(self, self._archives, event, wanted)


class GalleryArchiveHandler(GalleryHandler):
    """``/g/{gallery}/archive.zip``: what its guests see, where the event allows it."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: GalleryNeeds, archives: Archives
    ) -> None:
        """Take what makes archives for guests."""
        super().initialize(base, needs=needs)
        self._archives = archives

    @unless_refused
    async def get(self, token: str) -> None:
        """Send the pictures that are not hidden, and nothing about what they cost."""
        event = await self.find(token)
        if not event.gallery.archive:
            raise NotFound
        self.check_pass(event)
        network = network_of(self.client_address())
        await send_archive(self, self._archives, event, FOR_GUESTS, network)


async def send_archive(
    handler: Handler, archives: Archives, event: Event, wanted: Wanted, network: str | None = None
) -> None:
    """Answer with an event's archive; a block is read when the one before has left.

    Who takes less than ``SLOWEST_BYTES_PER_SECOND`` is cut off: others wait for the place.

    Raises:
        RateLimited: too many are being sent.
    """
    async with archives.open(event.event_id, wanted, network) as blocks:
        handler.set_header("Content-Type", "application/zip")
        handler.set_header("Content-Disposition", disposition(event))
        # A proxy would take all of it as fast as it can, and keep on its disk what waits.
        handler.set_header("X-Accel-Buffering", "no")
        if handler.request.method == "HEAD":
            return
        begun = False
        grace_seconds = GRACE_SECONDS
        try:
            async for block in blocks:
                handler.write(block)
                begun = True
                grace_seconds = await _flushed(handler, len(block), grace_seconds)
        except _TooSlow:
            log.info("a client is too slow for an archive")
            break_off(handler.request)
        except StreamClosedError:
            log.debug("the client left before the end of an archive")
        except BaseException:
            if begun:
                # An archive that is cut short must not look like one that was sent whole.
                break_off(handler.request)
            raise


async def _flushed(handler: Handler, size_bytes: int, grace_seconds: float) -> float:
    """Send what was written, and return what is left of the client's grace.

    Raises:
        _TooSlow: nothing is left.
        StreamClosedError: the client has left.
    """
    loop = asyncio.get_running_loop()
    begun_at = loop.time()
    patience_seconds = grace_seconds + size_bytes / SLOWEST_BYTES_PER_SECOND
    sent = asyncio.ensure_future(handler.flush())
    await asyncio.wait({sent}, timeout=patience_seconds)
    if not sent.done():
        raise _TooSlow
    sent.result()
    return min(GRACE_SECONDS, patience_seconds - (loop.time() - begun_at))


class _TooSlow(Exception):
    """A client takes less in a second than it has to."""


def disposition(event: Event) -> str:
    """Return what a browser is to call the file (RFC 6266): the event's title and its day."""
    words = re.sub(r"[^\w.-]+", "-", event.title()).strip("-.") or "event"
    name = f"{words}-{event.starts_at.astimezone():%Y-%m-%d}.zip"
    plain = name.encode("ascii", "ignore").decode().lstrip("-.")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
