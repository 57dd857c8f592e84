"""A server that is asked and answers as the test says, byte by byte."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from PIL import Image

from photobooth_daemon.rehearsal.camera_form import Photo

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BODY = re.compile(rb"Content-Length: (\d+)\r\n")


def picture(width: int = 60, height: int = 40, image_format: str = "JPEG") -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(encoded, image_format)
    return encoded.getvalue()


PHOTO = Photo("IMG_0042.JPG", picture())


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    """Run one raw server; what it is asked and answers is up to ``serve``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def answer(status: str, content_type: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nX-Job-ID: j1\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def polite(reply: bytes, seen: list[bytes] | None = None) -> Serve:
    """Say 100, read the body, reply."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = BODY.search(head)
        assert length
        body = await reader.readexactly(int(length[1]))
        if seen is not None:
            seen.extend([head, body])
        writer.write(reply)
        await writer.drain()

    return serve
