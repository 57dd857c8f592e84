"""A server that speaks no provider's protocol and every kind of trouble."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

from photobooth_daemon.model import MB

MAX_KEPT_BYTES = 256 * 1024
PIECE = b" " * (256 * 1024)
FLOOD_BYTES = 256 * MB
"""Whoever reads so much has shown what he does; more could take the machine's memory."""
HTML = b"<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"


class Trouble(StrEnum):
    """What every request gets."""

    HANG = "hang"
    TRICKLE = "trickle"
    ENDLESS = "endless"
    GARBAGE = "garbage"
    EMPTY = "empty"
    EMPTY_OBJECT = "empty_object"
    NULL = "null"
    HTML_200 = "html_200"
    HTML_502 = "html_502"
    NOT_HTTP = "not_http"
    DROP = "drop"
    RESET = "reset"
    DROP_AFTER_HEADERS = "drop_after_headers"
    REDIRECT = "redirect"
    ECHO_200 = "echo_200"
    ECHO_400 = "echo_400"
    ECHO_500 = "echo_500"


WITHOUT_A_PICTURE = (
    Trouble.GARBAGE,
    Trouble.EMPTY,
    Trouble.EMPTY_OBJECT,
    Trouble.NULL,
    Trouble.HTML_200,
    Trouble.HTML_502,
    Trouble.NOT_HTTP,
    Trouble.DROP,
    Trouble.RESET,
    Trouble.DROP_AFTER_HEADERS,
    Trouble.REDIRECT,
)
ECHOES = (Trouble.ECHO_200, Trouble.ECHO_400, Trouble.ECHO_500)


@dataclass(slots=True)
class Seen:
    """What the server saw; ``heads`` are request lines with their headers."""

    url: str
    heads: list[str] = field(default_factory=list)
    sent_bytes: int = 0
    open_connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def hostile_server(trouble: Trouble) -> AsyncIterator[Seen]:
    """Run the server on a port of its own; what is still open at the end is cut off."""
    tasks: set[asyncio.Task[None]] = set()
    seen = Seen("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        seen.open_connections += 1
        try:
            await _serve(trouble, seen, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            seen.open_connections -= 1
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    seen.url = f"http://127.0.0.1:{port}"
    try:
        yield seen
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _serve(
    trouble: Trouble, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    seen.heads.append(head)
    seen.asked.set()
    body = await _body(head, reader)
    if trouble is Trouble.HANG:
        await _gone(reader)
    elif trouble in (Trouble.TRICKLE, Trouble.ENDLESS):
        await _go_on(trouble, seen, reader, writer)
    elif trouble is Trouble.RESET:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    elif trouble is not Trouble.DROP:
        writer.write(_answer(trouble, head, body))
        await writer.drain()


def _answer(trouble: Trouble, head: str, body: bytes) -> bytes:
    match trouble:
        case Trouble.NOT_HTTP:
            return b"220 mail.example.com ESMTP\r\n"
        case Trouble.DROP_AFTER_HEADERS:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        case Trouble.REDIRECT:
            location = b"Location: http://169.254.169.254/\r\n"
            return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n" + location + b"\r\n"
        case Trouble.GARBAGE:
            return _http("200 OK", "application/json", bytes(range(128, 256)) * 20)
        case Trouble.EMPTY:
            return _http("200 OK", "application/json", b"")
        case Trouble.EMPTY_OBJECT:
            return _http("200 OK", "application/json", b"{}")
        case Trouble.NULL:
            return _http("200 OK", "application/json", b"null")
        case Trouble.HTML_200:
            return _http("200 OK", "text/html", HTML)
        case Trouble.HTML_502:
            return _http("502 Bad Gateway", "text/html", HTML)
    # Everything that was sent comes back, in the places where words of a provider are read from.
    words = f"{head} {body.decode('latin-1')}"
    error = {"code": 400, "status": words, "type": words, "message": words}
    document = {"success": False, "error": error, "message": words, "data": [], "candidates": []}
    status = {"echo_200": "200 OK", "echo_400": "400 Bad Request"}.get(
        trouble, "500 Internal Server Error"
    )
    return _http(status, "application/json", json.dumps(document).encode())


def _http(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body


async def _go_on(
    trouble: Trouble, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Send for ever: a byte now and then, or as much as is taken and that only then."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    gone = asyncio.ensure_future(_gone(reader))
    try:
        while not gone.done():
            trickles = trouble is Trouble.TRICKLE or seen.sent_bytes >= FLOOD_BYTES
            piece = b" " if trickles else PIECE
            writer.write(piece)
            await writer.drain()
            seen.sent_bytes += len(piece)
            await asyncio.sleep(0.05 if trickles else 0)
    finally:
        gone.cancel()


async def _gone(reader: asyncio.StreamReader) -> None:
    """Return when the client has hung up."""
    with suppress(OSError):
        while await reader.read(65536):
            pass


async def _body(head: str, reader: asyncio.StreamReader) -> bytes:
    """Read the body to its end and return its beginning."""
    kept = bytearray()
    read = _by_length(head, reader)
    while piece := await read():
        kept += piece[: MAX_KEPT_BYTES - len(kept)]
    return bytes(kept)


def _by_length(head: str, reader: asyncio.StreamReader) -> Callable[[], Awaitable[bytes]]:
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head.splitlines()[1:])
    }
    if "chunked" in headers.get("transfer-encoding", ""):

        async def chunk() -> bytes:
            size = int((await reader.readline()).split(b";")[0] or b"0", 16)
            piece = await reader.readexactly(size)
            await reader.readline()
            return piece

        return chunk
    left = int(headers.get("content-length", "0"))

    async def slice_() -> bytes:
        nonlocal left
        piece = await reader.read(min(65536, left)) if left else b""
        left -= len(piece)
        return piece

    return slice_
