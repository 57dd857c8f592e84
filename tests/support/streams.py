"""A reader of ``/api/live``, and something for it to hear of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.office import Office

PATIENCE_SECONDS = 20.0


@dataclass
class Stream:
    """One open stream: what has arrived of it so far."""

    reader: asyncio.StreamReader
    status: int
    headers: dict[str, str]
    comments: list[str] = field(default_factory=list)

    async def frame(self) -> dict[str, str]:
        """The next event's fields; comments are noted on the way."""
        while True:
            async with asyncio.timeout(PATIENCE_SECONDS):
                fields = await self._block()
            if fields:
                return fields

    async def event(self) -> tuple[int, str, Any]:
        """The next event's id, kind and data."""
        frame = await self.frame()
        while "event" not in frame:
            frame = await self.frame()
        return int(frame["id"]), frame["event"], json.loads(frame["data"])

    async def ended(self) -> bool:
        """Whether the daemon closes the stream."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                while True:
                    await self._block()
            except EOFError:
                return True

    async def comment(self) -> str:
        """The next comment."""
        known = len(self.comments)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.comments) == known:
                await self._block()
        return self.comments[-1]

    async def _block(self) -> dict[str, str]:
        fields = {}
        while True:
            line = (await self._line()).rstrip("\n")
            if not line:
                return fields
            name, _, value = line.partition(":")
            if not name:
                self.comments.append(value.strip())
            else:
                fields[name] = value.removeprefix(" ")

    async def _line(self) -> str:
        """One line of the chunked body; the daemon's chunks hold whole lines."""
        if not hasattr(self, "_rest"):
            self._rest = b""
        while b"\n" not in self._rest:
            size = int(await self.reader.readline() or b"0", 16)
            if size == 0:
                raise EOFError
            self._rest += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode() + "\n"


@asynccontextmanager
async def follow(
    office: Office, last_id: int | str | None = None, as_: str = "serg"
) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", office.port)
    lines = [
        "GET /api/live HTTP/1.1",
        f"Host: 127.0.0.1:{office.port}",
        f"Authorization: Bearer {await office.token(as_)}",
    ]
    if last_id is not None:
        lines.append(f"Last-Event-ID: {last_id}")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        stream = Stream(reader, int(head[0].split()[1]), headers)
        if stream.status == 200:
            assert "retry" in await stream.frame()
        yield stream
    finally:
        writer.close()


async def change_slot(office: Office, n: int) -> None:
    body = {"display_name": f"change {n}"}
    reply = await office.put("/api/slots/slot-001", body, If_Match="*")
    assert reply.status == 200, reply.body
