"""What every fake protocol can do to a client, below the level of its own words."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from tornado.iostream import IOStream, StreamClosedError
from tornado.web import RequestHandler, stream_request_body

from photobooth_daemon.model import MB
from photobooth_daemon.rehearsal.fake_picture import Painter
from photobooth_daemon.rehearsal.fake_request_log import RequestLog, SeenRequest
from photobooth_daemon.rehearsal.fake_script import Behaviour, Lane, Script
from photobooth_daemon.rehearsal.fake_uplink import Uplink

HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FakeState:
    """What the handlers of one fake provider share."""

    script: Script
    log: RequestLog
    uplink: Uplink
    painter: Painter
    threads: ThreadPoolExecutor
    keys: frozenset[str] = frozenset()
    """The keys that are good; empty: any key is."""
    delay_seconds: tuple[float, float] = (0.0, 0.0)
    body_max_bytes: int = 20_000_000
    chance: random.Random = field(default_factory=random.Random)


class HungUp(Exception):
    """The client went away while it was kept waiting."""


@stream_request_body
class FakeHandler(RequestHandler):
    """Reads a request as slowly as the uplink allows, then does what the script says.

    Each ``do_*`` method is a behaviour of that name; protocols add their own.
    """

    protocol: ClassVar[str]
    lane: ClassVar[Lane] = Lane.PROCESS

    def initialize(self, state: FakeState) -> None:
        self.state = state
        self._body: list[bytes] = []
        self._gone = asyncio.Event()
        self._closed = False

    @classmethod
    def behaviours(cls) -> dict[str, str]:
        """Return what this protocol can do, with a line about each."""
        return {
            name.removeprefix("do_"): (getattr(cls, name).__doc__ or "").split("\n")[0]
            for name in sorted(dir(cls))
            if name.startswith("do_")
        }

    def prepare(self) -> None:
        request = self.request
        self.seen = self.state.log.open(self.protocol, request.method or "", request.path)
        self.seen.key_in, self.seen.key = self.key_seen()
        self.seen.traceparent = request.headers.get("traceparent")

    async def data_received(self, chunk: bytes) -> None:
        self.seen.body_bytes += len(chunk)
        await self.state.uplink.carry(len(chunk))
        if self.wants_body() and self.seen.body_bytes <= self.state.body_max_bytes:
            self._body.append(chunk)

    async def act(self) -> None:
        """Answer as the script says."""
        self.seen.body_ms = self.state.log.elapsed_ms(self.seen)
        behaviour = self.wished() or self.state.script.next(self.lane)
        self.seen.behaviour = behaviour.do
        delay = behaviour.delay_seconds
        if delay is None:
            delay = self.state.chance.uniform(*self.state.delay_seconds) * (
                self.lane is Lane.PROCESS
            )
        try:
            await self.keep_waiting(delay)
            await self.perform(behaviour)
        except (HungUp, StreamClosedError):
            self._gone.set()

    async def perform(self, behaviour: Behaviour) -> None:
        """Do it; protocols put here what they check of a request first."""
        method: Callable[[Behaviour], Awaitable[None]] | None
        method = getattr(self, f"do_{behaviour.do}", None)
        if method is None:
            self.page(501, f"{self.protocol} has no {behaviour.do}")
            return
        await method(behaviour)

    def wished(self) -> Behaviour | None:
        """Return the behaviour that the request itself asks for, past any script."""
        return None

    def key_seen(self) -> tuple[str | None, str | None]:
        """Return where the key came and the key."""
        return None, None

    def wants_body(self) -> bool:
        """Return whether the body has to be kept to be answered."""
        return self.state.painter.needs_photo

    def body(self) -> bytes:
        """Return what was sent."""
        return b"".join(self._body)

    async def keep_waiting(self, seconds: float | None) -> None:
        """Let time pass, for ever with None.

        Raises:
            HungUp: the client lost its patience.
        """
        if seconds is not None and seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._gone.wait(), seconds)
        except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11
            return
        raise HungUp

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run what blocks in the fake's own threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.state.threads, work, *arguments)

    async def do_hang(self, _: Behaviour) -> None:
        """Never answers."""
        await self.keep_waiting(None)

    async def do_trickle(self, behaviour: Behaviour) -> None:
        """Answers 200 and then sends a byte now and then, for ever."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Length", "1000000")
        while True:
            self.write(b" ")
            await self.flush()
            await self.keep_waiting(behaviour.options.get("every_seconds", 0.2))

    async def do_drop(self, _: Behaviour) -> None:
        """Closes the connection without a word."""
        self.hang_up()

    async def do_reset(self, _: Behaviour) -> None:
        """Resets the connection (TCP RST)."""
        stream = self.hang_up(close=False)
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()

    async def do_drop_after_headers(self, _: Behaviour) -> None:
        """Sends the headers of a 200 and closes."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Length", "1000")
        await self.flush()
        self.hang_up()

    async def do_html_413(self, _: Behaviour) -> None:
        """Answers 413 with an HTML page, as a front end does."""
        self.page(413, "Request Entity Too Large")

    async def do_html_502(self, _: Behaviour) -> None:
        """Answers 502 with an HTML page, as a front end does."""
        self.page(502, "Bad Gateway")

    async def do_garbage(self, _: Behaviour) -> None:
        """Answers 200 with bytes that mean nothing."""
        self.set_header("Content-Type", "application/json")
        self.write(self.state.chance.randbytes(2048))

    async def do_empty(self, _: Behaviour) -> None:
        """Answers 200 with an empty body."""
        self.set_header("Content-Type", "application/json")

    async def do_redirect(self, behaviour: Behaviour) -> None:
        """Answers 302 to another address."""
        self.redirect(behaviour.options.get("to", "http://169.254.169.254/latest/meta-data/"))

    async def do_huge(self, behaviour: Behaviour) -> None:
        """Answers 200 with a body of many megabytes (``mb``)."""
        self.set_header("Content-Type", "application/json")
        for _ in range(int(behaviour.options.get("mb", 200))):
            self.write(b" " * MB)
            await self.flush()
            if self._gone.is_set():
                raise HungUp

    def page(self, status: int, title: str) -> None:
        """Answer with an HTML page."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.write(HTML.format(f"{status} {title}"))

    def hang_up(self, *, close: bool = True) -> IOStream:
        """Take the connection away from the server, by default at once."""
        stream = self.detach()
        self._end(status=None, hung_up=False)
        if close:
            stream.close()
        return stream

    def on_finish(self) -> None:
        self._end(status=self.get_status(), hung_up=False)

    def on_connection_close(self) -> None:
        self._gone.set()
        self._end(status=None, hung_up=True)

    def _end(self, *, status: int | None, hung_up: bool) -> None:
        if not self._closed and hasattr(self, "seen"):
            self._closed = True
            self.state.log.close(self.seen, status=status, hung_up=hung_up)


class LookHandler(FakeHandler):
    """A request that only looks: listed models, a balance. Faults come from the other lane."""

    lane: ClassVar[Lane] = Lane.CHECK
    seen: SeenRequest
