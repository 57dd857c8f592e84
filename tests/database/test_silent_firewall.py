"""A firewall forgets the connections that pass it: nothing is cut, and nothing arrives any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import unquote, urlsplit

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.live.feed import LiveFeed
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.tasks import end_tasks
from tests.support.fakes import eventually

CONNECTIONS = 8
HEARS_SECONDS = 10.0
WRITES_SECONDS = 15.0


@dataclass
class Firewall:
    """Lets through what it knows; ``forget`` makes it drop all that it has let through so far."""

    socket_path: str
    port: int = 0
    _open: list[asyncio.Event] = field(default_factory=list)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    def forget(self) -> None:
        for passes in self._open:
            passes.clear()
        self._open.clear()

    async def close(self) -> None:
        await end_tasks(*self._serving)

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(self.socket_path)
        passes = asyncio.Event()
        passes.set()
        self._open.append(passes)
        try:
            await asyncio.gather(
                self._carry(reader, there[1], passes), self._carry(there[0], writer, passes)
            )
        finally:
            for end in (writer, there[1]):
                end.close()

    @staticmethod
    async def _carry(
        source: asyncio.StreamReader, target: asyncio.StreamWriter, passes: asyncio.Event
    ) -> None:
        while data := await source.read(65536):
            await passes.wait()
            target.write(data)
        await passes.wait()
        target.close()


@asynccontextmanager
async def firewall(database_url: str) -> AsyncIterator[tuple[Firewall, str]]:
    """Run one before a database; yield it and the address that leads through it."""
    before, _, query = database_url.partition("?")
    options = dict(part.split("=") for part in query.split("&"))
    wall = Firewall(f"{unquote(options['host'])}/.s.PGSQL.{options['port']}")
    server = await asyncio.start_server(wall.take, "127.0.0.1", 0)
    wall.port = server.sockets[0].getsockname()[1]
    parts = urlsplit(before)
    try:
        yield wall, f"postgresql://{parts.username}@127.0.0.1:{wall.port}{parts.path}"
    finally:
        server.close()
        await wall.close()


@pytest.mark.timeout(seconds=120)
async def test_writes_and_listeners_find_a_new_way(database_url: str) -> None:
    async with firewall(database_url) as (wall, url):
        database = await Database.open(url, max_size=CONNECTIONS)
        feed = LiveFeed(database, LiveMessageRepository(database), Clock())
        feed.start()
        viewer, _ = await feed.subscribe(None)
        publisher = LivePublisher(LiveMessageRepository(database), Clock())
        written: dict[int, float] = {}
        numbers, done = count(), asyncio.Event()

        async def write() -> None:
            while not done.is_set():
                number = next(numbers)
                try:
                    async with database.transaction() as connection:
                        await publisher.publish(connection, "health", {"number": number})
                    written[number] = time.monotonic()
                except DatabaseUnavailable:
                    pass
                await asyncio.sleep(0.05)

        writers = [asyncio.create_task(write()) for _ in range(CONNECTIONS)]
        try:
            await eventually(lambda: len(written) >= 5 * CONNECTIONS)
            wall.forget()
            forgotten_at = time.monotonic()

            def after() -> set[int]:
                return {number for number, at in written.items() if at > forgotten_at + 0.5}

            await eventually(after, seconds=WRITES_SECONDS)

            async def hears() -> bool:
                heard = {message.data["number"] for message in await viewer.next(0.2)}
                return not heard.isdisjoint(after())

            await eventually(hears, seconds=HEARS_SECONDS)
            await eventually(lambda: len(after()) >= 10 * CONNECTIONS, seconds=30)
        finally:
            done.set()
            await asyncio.gather(*writers)
            await publisher.close()
            await feed.close()
            await database.close()
