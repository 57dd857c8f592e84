"""A wire to PostgreSQL that counts what passes: a TCP port before the server's socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(slots=True)
class Passed:
    """Bytes of PostgreSQL's protocol, to the server and back, on all connections together."""

    there: int = 0
    back: int = 0

    def minus(self, before: Passed) -> Passed:
        """Return what has passed since."""
        return Passed(self.there - before.there, self.back - before.back)


class Wire:
    """Passes bytes on and counts them."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self.passed = Passed()
        self._writers: set[asyncio.StreamWriter] = set()

    def now(self) -> Passed:
        """Return the count of this moment."""
        return Passed(self.passed.there, self.passed.back)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends it."""
        back, there = await asyncio.open_unix_connection(self._socket_path)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass(reader, there, "there"))
                tasks.create_task(self._pass(back, writer, "back"))
        except* (OSError, EOFError):
            pass
        finally:
            there.close()
            writer.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        while piece := await reader.read(65536):
            setattr(self.passed, way, getattr(self.passed, way) + len(piece))
            writer.write(piece)
            await writer.drain()
        raise EOFError


@contextmanager
def counted(url: str) -> Iterator[tuple[str, Wire]]:
    """Give another address of the same database, and the count of what passes there."""
    parts = urlsplit(url)
    wire = Wire(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(wire.serve, "127.0.0.1", 0), loop
    ).result()
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}", wire
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
