"""``/api/live``: what changes, as it changes (server-sent events, WHATWG HTML 9.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError

from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.errors import DatabaseUnavailable, NotAuthenticated, ShuttingDown
from photobooth_daemon.live.feed import FeedClosed, LiveFeed, Viewer
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import LiveMessage
from photobooth_daemon.model.live import TOLD_TO_VIEWERS
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused

COMMENT_SECONDS = 15.0
RECONNECT_MS = 2000
_MESSAGE_ID = re.compile(r"[0-9]{1,18}")


class LiveHandler(Handler):
    """A stream that lasts as long as the session and the process."""

    permission = "jobs:read"

    def initialize(self, base: Base, *, feed: LiveFeed, metrics: Metrics, clock: Clock) -> None:
        super().initialize(base)
        self._feed = feed
        self._metrics = metrics
        self._clock = clock

    @unless_refused
    async def head(self, *args: str) -> None:
        """Answer as GET begins; there is no end to wait for."""
        set_stream_headers(self)

    @unless_refused
    async def get(self) -> None:
        """Stream messages until the client leaves, the session ends or the process drains."""
        if self._feed.closed:
            raise ShuttingDown
        last_id = last_message_id(self.request)
        viewer, resumed = await self._feed.subscribe(last_id)
        self._metrics.live_stream_clients.inc()
        try:
            set_stream_headers(self)
            self.write(f"retry: {RECONNECT_MS}\n\n")
            if not resumed:
                self.write(f"id: {viewer.last_id}\nevent: reset\ndata: {{}}\n\n")
            await self.flush()
            await self._stream(viewer)
        except (StreamClosedError, FeedClosed, DatabaseUnavailable, NotAuthenticated):
            # The headers are out: the end of the stream is all that can be said.
            pass
        finally:
            self._feed.unsubscribe(viewer)
            self._metrics.live_stream_clients.dec()

    async def _stream(self, viewer: Viewer) -> None:
        checked_at = self._clock.monotonic()
        while True:
            messages = await viewer.next(COMMENT_SECONDS)
            if self._clock.monotonic() - checked_at >= COMMENT_SECONDS or not messages:
                await self._check_session()
                checked_at = self._clock.monotonic()
            self.write(_encoded(messages) if messages else ": still here\n\n")
            await self.flush()

    async def _check_session(self) -> None:
        """End the stream of somebody who was logged out or lost the permission meanwhile."""
        identity = await self.authenticator.identify(self.request)
        if self.permission not in identity.permissions:
            raise NotAuthenticated


def set_stream_headers(handler: Handler) -> None:
    """Say that the answer is server-sent events, and goes on."""
    handler.set_header("Content-Type", "text/event-stream; charset=utf-8")
    # nginx would collect the stream before it passes it on.
    handler.set_header("X-Accel-Buffering", "no")


def last_message_id(request: HTTPServerRequest) -> int | None:
    """Return where the client was; an id that cannot be ours is one that is too old."""
    text = request.headers.get("Last-Event-ID")
    if not text:
        return None
    return int(text) if _MESSAGE_ID.fullmatch(text) else -1


def _encoded(messages: Sequence[LiveMessage]) -> str:
    return "".join(
        f"id: {message.message_id}\nevent: {message.kind}\n"
        f"data: {json.dumps({**message.data, 'at': rfc3339(message.at)}, ensure_ascii=False)}\n\n"
        for message in messages
        if message.kind in TOLD_TO_VIEWERS
    )
