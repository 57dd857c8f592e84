"""What a stranger on the venue's network can send: bounded in number and time, on loopback only.

Each attack runs until ``stop`` is set and returns how many connections it made. It comes from
an address of its own, as a guest's phone does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from itertools import cycle

stranger: ContextVar[str] = ContextVar("stranger", default="127.0.66.1")
"""The address that an attack comes from."""
MOST_CONNECTIONS = 1000

Attack = Callable[[str, int, asyncio.Event], Awaitable[int]]


@asynccontextmanager
async def connection(
    host: str, port: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection from the stranger's address."""
    reader, writer = await asyncio.open_connection(host, port, local_addr=(stranger.get(), 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def again_and_again(
    stop: asyncio.Event, at_once: int, one: Callable[[], Awaitable[None]]
) -> int:
    """Let so many do ``one`` over and over until told to stop."""
    made = 0

    async def stranger() -> None:
        nonlocal made
        while not stop.is_set() and made < MOST_CONNECTIONS:
            made += 1
            with suppress(OSError, asyncio.IncompleteReadError):
                await one()
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(stranger()) for _ in range(at_once)]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return made


async def drip(
    writer: asyncio.StreamWriter, stop: asyncio.Event, piece: bytes, every_seconds: float
) -> None:
    """Send a little, over and over, until the other side has had enough."""
    while not stop.is_set() and not writer.transport.is_closing():
        writer.write(piece)
        await asyncio.sleep(every_seconds)


async def long_heads(host: str, port: int, stop: asyncio.Event) -> int:
    """A request head of 60 KB that never ends: a byte every 25 ms."""

    async def one() -> None:
        async with connection(host, port) as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 60_000)
            await drip(writer, stop, b"a", 0.025)

    return await again_and_again(stop, 100, one)


async def huge_heads(host: str, port: int, stop: asyncio.Event) -> int:
    """A megabyte of request head, and a byte every 25 ms."""

    async def one() -> None:
        async with connection(host, port) as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000)
            await writer.drain()
            await drip(writer, stop, b"a", 0.025)

    return await again_and_again(stop, 100, one)


async def empty_lines(host: str, port: int, stop: asyncio.Event) -> int:
    """Heads that are nothing but line ends, which stand before a request by right."""

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            writer.write(b"\n" * 130_000)
            await writer.drain()
            await asyncio.wait_for(reader.read(100), 10)

    return await again_and_again(stop, 10, one)


async def huge_part_heads(host: str, port: int, stop: asyncio.Event) -> int:
    """A form part whose own head is a megabyte."""

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            body = b'--b\r\nContent-Disposition: form-data; name="' + b"a" * 1_000_000
            writer.write(_photo_head("slot-001", 2_000_000) + body)
            await writer.drain()
            await asyncio.wait_for(reader.read(100), 10)

    return await again_and_again(stop, 10, one)


async def escaped_part_heads(host: str, port: int, stop: asyncio.Event) -> int:
    """Forms of 200 parts, whose heads are as long as they may be and full of escapes."""
    part = b'--b\r\nContent-Disposition: form-data; name="' + rb"\"" * 8000 + b'"\r\n\r\nx\r\n'

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            writer.write(_photo_head("slot-001", 200 * len(part)) + 200 * part)
            await writer.drain()
            await asyncio.wait_for(reader.read(100), 10)

    return await again_and_again(stop, 10, one)


async def crumbs(host: str, port: int, stop: asyncio.Event) -> int:
    """Bodies in chunks of one byte."""
    head = b"POST /api/ingest/slot-001 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            writer.write(head + b"1\r\na\r\n" * 100_000)
            await writer.drain()
            await asyncio.wait_for(reader.read(100), 10)

    return await again_and_again(stop, 10, one)


async def chunk_extensions(host: str, port: int, stop: asyncio.Event) -> int:
    """Chunks of one byte, each with an extension; those of 4 KB end the connection."""
    head = b"POST /api/ingest/slot-001 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    sizes = cycle((4000, 40))

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            writer.write(head + (b"1;" + b"x" * next(sizes) + b"\r\na\r\n") * 500)
            await writer.drain()
            await asyncio.wait_for(reader.read(100), 10)

    return await again_and_again(stop, 10, one)


async def pipelines(host: str, port: int, stop: asyncio.Event) -> int:
    """Ten thousand requests in one go on each connection, and a reader of all the answers."""

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            writer.write(b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 10_000)
            while await reader.read(1 << 16):
                pass

    return await again_and_again(stop, 10, one)


async def expectations(host: str, port: int, stop: asyncio.Event) -> int:
    """Uploads that wait for a word and then send nothing."""

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            head = _photo_head("slot-001", 14_000_000).removesuffix(b"\r\n")
            writer.write(head + b"Expect: 100-continue\r\n\r\n")
            await asyncio.wait_for(reader.read(-1), 10)

    return await again_and_again(stop, 60, one)


async def many_fields(host: str, port: int, stop: asyncio.Event) -> int:
    """Forms of a hundred thousand fields, and of one that has a megabyte."""
    small = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\0\r\n' * 100_000
    large = b'--b\r\nContent-Disposition: form-data; name="b"\r\n\r\n' + b"{{" * 500_000
    forms = cycle((small, large))

    async def one() -> None:
        async with connection(host, port) as (reader, writer):
            form = next(forms)
            writer.write(_photo_head("slot-001", len(form)) + form)
            await writer.drain()
            await asyncio.wait_for(reader.read(100), 10)

    return await again_and_again(stop, 10, one)


def trickles(slot: str, at_once: int) -> Attack:
    """Uploads without a password that send a byte every 0.4 s and announce 14 MB."""

    async def attack(host: str, port: int, stop: asyncio.Event) -> int:
        async def one() -> None:
            async with connection(host, port) as (_, writer):
                begin = b'--b\r\nContent-Disposition: form-data; name="fileToUpload"; filename="x"'
                writer.write(_photo_head(slot, 14_000_000) + begin + b"\r\n\r\n\xff\xd8")
                await drip(writer, stop, b"a", 0.4)

        return await again_and_again(stop, at_once, one)

    return attack


def asking(method: str, path: str, at_once: int, *, head: str = "", body: str = "") -> Attack:
    """Requests for what is rendered or looked up; HEAD one after the other on each connection."""

    async def attack(host: str, port: int, stop: asyncio.Event) -> int:
        if body:
            length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        else:
            length = ""
        request = f"{method} {path} HTTP/1.1\r\nHost: x\r\n{head}{length}\r\n{body}".encode()

        async def one() -> None:
            async with connection(host, port) as (reader, writer):
                while not stop.is_set():
                    writer.write(request)
                    await reader.readuntil(b"\r\n\r\n")
                    if method != "HEAD":
                        return

        return await again_and_again(stop, at_once, one)

    return attack


async def deaf_clients(host: str, port: int, stop: asyncio.Event) -> int:
    """Clients that ask for a page and read nothing."""

    async def one() -> None:
        async with connection(host, port) as (_, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            await asyncio.wait({asyncio.create_task(stop.wait())}, timeout=5)

    return await again_and_again(stop, 60, one)


def _photo_head(slot: str, size_bytes: int) -> bytes:
    return (
        f"POST /api/ingest/{slot} HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {size_bytes}\r\n\r\n"
    ).encode()
