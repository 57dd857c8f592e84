"""A wire to PostgreSQL, or to a bucket, that counts what passes: a TCP port before the server's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from photobooth_daemon.config.media import S3Config
from tests.support.fake_bucket import FakeBucket

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(slots=True)
class Passed:
    """Bytes to the server and back, on all connections together."""

    there: int = 0
    back: int = 0

    def minus(self, before: Passed) -> Passed:
        """Return what has passed since."""
        return Passed(self.there - before.there, self.back - before.back)


class Wire:
    """Passes bytes on and counts them."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.passed = Passed()
        self._writers: set[asyncio.StreamWriter] = set()

    def now(self) -> Passed:
        """Return the count of this moment."""
        return Passed(self.passed.there, self.passed.back)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends it."""
        back, there = await self._connect()
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
    path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
    with _loop() as run:
        port, wire = run(_opened(lambda: asyncio.open_unix_connection(path)))
        yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}", wire


@contextmanager
def counting_bucket() -> Iterator[tuple[S3Config, FakeBucket, Wire]]:
    """Give a bucket that knows what it has been asked for, and the count of what passes there."""
    bucket = FakeBucket()
    with _loop() as run:
        run(bucket.open())
        behind = urlsplit(bucket.endpoint)
        port, wire = run(_opened(lambda: asyncio.open_connection(behind.hostname, behind.port)))
        yield replace(bucket.config(), endpoint=f"http://127.0.0.1:{port}"), bucket, wire
        run(bucket.close())


@contextmanager
def _loop() -> Iterator[Run]:
    """Run a loop in a thread; what is given waits for the end of something in it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _opened(connect: Connect) -> tuple[int, Wire]:
    wire = Wire(connect)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return port, wire
