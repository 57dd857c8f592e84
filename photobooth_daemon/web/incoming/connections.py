"""What one connection may cost before anybody knows who is there: how many, how long, how slow.

Strangers on the venue's network can open connections. Nobody serves more than a number of
them for one address at a time; the others wait, for a while, without being read. A head has
to be whole in time, and an answer has to be read.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import socket
import struct
import termios
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, TypeGuard

from tornado.httputil import HTTPInputError, HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError

from photobooth_daemon.model.networks import Networks, address_of, network_of
from photobooth_daemon.web.incoming.fair_start import FairStart

MOST_PER_ADDRESS = 64
MOST_WAITING_PER_ADDRESS = 256
WAIT_SECONDS = 50.0
"""About as long as a camera waits for its answer."""
HEAD_SECONDS = 10.0
"""From the first byte of a request's head to its last."""
MOST_HEAD_BYTES = 128 * 1024
"""Handlers refuse heads over 64 KiB in words; what is longer than this ends the connection."""
MOST_HEAD_LINES = 1000
MOST_PORT_DIGITS = 5
SMALL_CHUNK_BYTES = 256
MOST_SMALL_CHUNKS = 1000
CHUNKS_AT_ONCE = 16
"""Read before others have their turn: what has arrived is read without a wait."""
LITTLE_BYTES = 64 * 1024
UNREAD_SECONDS = 30.0
"""How long a client may read nothing of what is written to it."""
LOOK_SECONDS = 1.0
_LAST_DATA_MS = struct.Struct("@52xI")
"""``tcpi_last_data_recv`` of Linux' ``struct tcp_info``."""

Serve = Callable[[], None]


class Connections:
    """Counts an address's connections; those of a trusted proxy are many people's."""

    def __init__(self, trusted_proxies: Iterable[str] = ()) -> None:
        self._trusted = Networks(trusted_proxies)
        self._served: Counter[str] = Counter()
        self._waiting: dict[str, deque[tuple[IOStream, Serve]]] = {}
        self._fair_start = FairStart()

    def admit(self, stream: IOStream, address: str, serve: Serve) -> None:
        """Serve a connection now, or when one of its address ends; close it if that takes long."""
        network = None if self._is_trusted(address) else network_of(address)
        if network is None:
            self._begin(stream, None, serve)
        elif self._served[network] < MOST_PER_ADDRESS:
            self._begin(stream, network, serve)
        else:
            self._wait(stream, network, serve)

    def _begin(self, stream: IOStream, network: str | None, serve: Serve) -> None:
        if network is not None:
            self._served[network] += 1
        watch = _Watch(stream, self._fair_start, network)
        close = stream.close

        def closed(*args: Any, **options: Any) -> None:
            was_open = not stream.closed()
            close(*args, **options)
            if was_open:
                watch.end()
                self._ended(network)

        stream.close = closed  # type: ignore[method-assign]
        watch.begin()
        stream.waited_seconds = _queued_seconds(stream)  # type: ignore[attr-defined]
        serve()

    def _wait(self, stream: IOStream, network: str, serve: Serve) -> None:
        line = self._waiting.setdefault(network, deque())
        if len(line) >= MOST_WAITING_PER_ADDRESS:
            stream.close()
            return
        entry = (stream, serve)
        line.append(entry)

        def give_up() -> None:
            if entry in line:
                line.remove(entry)
                stream.close()

        asyncio.get_running_loop().call_later(WAIT_SECONDS, give_up)

    def _ended(self, network: str | None) -> None:
        if network is None:
            return
        self._served[network] -= 1
        line = self._waiting.get(network)
        while line:
            stream, serve = line.popleft()
            if not stream.closed():
                self._begin(stream, network, serve)
                break
        if not self._waiting.get(network):
            self._waiting.pop(network, None)
        if not self._served[network]:
            del self._served[network]

    def _is_trusted(self, address: str) -> bool:
        peer = address_of(address)
        # What has no address is a socket of this machine's file system: only a proxy is given one.
        return peer is None or peer in self._trusted


def unread_bytes(request: HTTPServerRequest) -> int:
    """Return how much of a request's body has arrived that nobody has read yet."""
    stream: IOStream | None = getattr(request.connection, "stream", None)
    if stream is None or stream.closed():
        return 0
    waiting = array.array("i", [0])
    fcntl.ioctl(stream.fileno(), termios.FIONREAD, waiting)
    return waiting[0] + stream._read_buffer_size


def read_little(stream: IOStream) -> None:
    """Read a connection in small pieces: for each Tornado empties a buffer of that size first."""
    stream.read_chunk_size = LITTLE_BYTES


def read_much(request: HTTPServerRequest, announced_bytes: int) -> None:
    """Read a body of so many bytes in pieces as large as the server takes them."""
    stream: IOStream | None = getattr(request.connection, "stream", None)
    if stream is not None:
        most_bytes: int = request.connection.params.chunk_size  # type: ignore[union-attr]
        stream.read_chunk_size = max(LITTLE_BYTES, min(announced_bytes, most_bytes))


def waited_seconds(request: HTTPServerRequest) -> float:
    """Return how long a connection's first request had lain there before anybody read it.

    Of its data's last piece, that is: when the first came, the kernel does not remember.
    """
    stream: IOStream | None = getattr(request.connection, "stream", None)
    if stream is None or stream._total_write_index:
        return 0.0
    return float(getattr(stream, "waited_seconds", 0.0))


def say_continue(request: HTTPServerRequest) -> None:
    """Invite a client that waits for a word to send its body (RFC 9110, 10.1.1)."""
    stream: IOStream | None = getattr(request.connection, "stream", None)
    if stream is not None and not stream.closed():
        stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def break_off(request: HTTPServerRequest) -> None:
    """Close the connection under an answer that has begun, so that it does not look whole."""
    stream: IOStream | None = getattr(request.connection, "stream", None)
    if stream is not None:
        stream.close()


def _queued_seconds(stream: IOStream) -> float:
    """Return how long what has arrived of a new connection lies in the kernel already."""
    waiting = array.array("i", [0])
    try:
        fcntl.ioctl(stream.fileno(), termios.FIONREAD, waiting)
        if not waiting[0]:
            return 0.0
        told = stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_MS.size)
        return float(_LAST_DATA_MS.unpack(told)[0]) / 1000
    except (OSError, struct.error):
        return 0.0


class _Watch:
    """Looks after one connection once a second: is a head whole in time, is an answer read.

    Tornado limits neither by time, so this looks at how much its stream has read and written.
    """

    def __init__(self, stream: IOStream, fair_start: FairStart, network: str | None) -> None:
        self._stream = stream
        self._fair_start = fair_start
        self._network = network
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._reads_head = False
        self._head_begun_at: float | None = None
        self._chunks = self._small_chunks = 0
        self._has_begun = False
        self._written = 0
        self._written_at = 0.0
        self._read_until = stream.read_until

    def begin(self) -> None:
        # Tornado searches for the end of the whole head, by a regular expression, at each piece.
        self._stream.read_until_regex = self._read_head  # type: ignore
        # Of a body nothing but the length of a chunk is read so.
        self._stream.read_until = self._read_chunk_length  # type: ignore
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def _read_head(self, regex: bytes, max_bytes: int = MOST_HEAD_BYTES) -> bytes:
        """Return a message's head when its address may begin a request.

        Raises:
            StreamClosedError: the connection ended, or the head is too long, or of too many lines.
            HTTPInputError: the host's port is none.
        """
        head = await self._head_lines(max_bytes)
        if self._network is not None:
            await self._fair_start.turn(self._network)
        if self._has_begun and self._stream.closed():
            # Thousands may have been sent ahead, and Tornado would answer all that it has read.
            raise StreamClosedError
        self._has_begun = True
        return head

    async def _head_lines(self, max_bytes: int) -> bytes:
        """Return a head, read line by line, with the empty line at its end (RFC 9112, 2.2)."""
        self._reads_head, self._head_begun_at = True, None
        self._chunks = self._small_chunks = 0
        head = bytearray()
        try:
            for _ in range(MOST_HEAD_LINES):
                room = max(1, max_bytes - len(head))
                line = await self._read_until(b"\n", max_bytes=room)
                if self._head_begun_at is None:
                    self._head_begun_at = self._loop.time()
                if line not in (b"\r\n", b"\n"):
                    _check_port(line)
                    head += line
                elif head:
                    return bytes(head + line)
            self._stream.close()
            raise StreamClosedError
        finally:
            self._reads_head = False

    def _read_chunk_length(self, delimiter: bytes, max_bytes: int) -> Awaitable[bytes]:
        """Return the line before a chunk.

        Raises:
            HTTPInputError: the body has too many small ones.
        """
        reading = self._read_until(delimiter, max_bytes=max_bytes)
        self._chunks += 1
        if self._chunks % CHUNKS_AT_ONCE == 0 or not _is_done(reading):
            return self._read_after_others(reading)
        self._count_chunk(reading.result())
        return reading

    async def _read_after_others(self, reading: Awaitable[bytes]) -> bytes:
        await asyncio.sleep(0)
        line = await reading
        self._count_chunk(line)
        return line

    def _count_chunk(self, line: bytes) -> None:
        with suppress(ValueError):  # Tornado says what is wrong with it.
            if int(line, 16) < SMALL_CHUNK_BYTES:
                self._small_chunks += 1
        if self._small_chunks > MOST_SMALL_CHUNKS:
            raise HTTPInputError("too many small chunks")

    def _look(self) -> None:
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look)
        now = self._loop.time()
        if self._reads_head:
            if self._head_begun_at is None and self._stream._read_buffer_size:
                self._head_begun_at = now
            begun_at = self._head_begun_at
            if begun_at is not None and now - begun_at >= HEAD_SECONDS - LOOK_SECONDS:
                self._stream.close()
                return
        written = self._stream._total_write_done_index
        if not self._stream.writing() or written != self._written:
            self._written, self._written_at = written, now
        elif now - self._written_at >= UNREAD_SECONDS:
            self._stream.close()


def _check_port(line: bytes) -> None:
    """Refuse a port that is no number for Python: Tornado would end the connection by it.

    Raises:
        HTTPInputError: it has too many digits.
    """
    name, _, host = line.partition(b":")
    port = host.rstrip().rpartition(b":")[2]
    if name.lower() == b"host" and port.isdigit() and len(port) > MOST_PORT_DIGITS:
        raise HTTPInputError("the host's port is none")


def _is_done(reading: Awaitable[bytes]) -> TypeGuard[asyncio.Future[bytes]]:
    return isinstance(reading, asyncio.Future) and reading.done()
