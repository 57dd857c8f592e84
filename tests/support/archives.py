"""An evening whose archive takes a while, and who downloads it by and by."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.office import Office
from tests.support.past_evenings import add_photo

PICTURES, PICTURE_BYTES = 40, 1_000_000
"""More than the buffers between a server and a client that does not read."""


async def add_large_evening(office: Office, event_id: str, tmp_path: Path) -> None:
    """Give an event so many photos, the last of them an hour and more ago."""
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(os.urandom(PICTURE_BYTES))
    first_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    for number in range(PICTURES):
        await add_photo(office, event_id, first_at + timedelta(seconds=number), picture)


@asynccontextmanager
async def download(
    office: Office, path: str, name: str, value: str
) -> AsyncIterator[asyncio.StreamReader]:
    """A client with a header of its own that has read its archive's head, and so far no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", office.port, limit=65536)
    request = f"GET {path}/archive.zip HTTP/1.0\r\nHost: booth\r\n{name}: {value}\r\n\r\n"
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0], head
    try:
        yield reader
    finally:
        writer.close()
