"""The primary dies or hangs while writes go on, and the standby is promoted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.live.feed import LiveFeed, Viewer
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.rehearsal.camera import Shot
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from tests.support.fakes import eventually
from tests.support.party import Party, photo
from tests.support.postgres_pair import OnPrimary, PostgresPair, lose_by_freeze, lose_by_kill

WRITERS = 8
BACK_SECONDS = 5.0

by_kill_and_by_freeze = pytest.mark.parametrize(
    "lose", [lose_by_kill, lose_by_freeze], ids=["killed", "frozen"]
)


@dataclass
class Writing:
    """Writers that publish numbers, and what became of them."""

    database: Database
    acknowledged: dict[int, float] = field(default_factory=dict)
    """Each number, and when its commit was acknowledged."""
    refused: int = 0
    numbers: Iterator[int] = field(default_factory=count)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self) -> None:
        publisher = LivePublisher(LiveMessageRepository(self.database), Clock())
        while not self.done.is_set():
            try:
                number = next(self.numbers)
                async with self.database.transaction() as connection:
                    await publisher.publish(connection, "health", {"number": number})
                self.acknowledged[number] = time.monotonic()
            except DatabaseUnavailable:
                self.refused += 1
            await asyncio.sleep(0.1)
        await publisher.sweep()
        await publisher.close()


@pytest.mark.timeout(seconds=180)
@by_kill_and_by_freeze
async def test_writes_and_listeners_follow_the_promoted_standby(
    postgres_pair: PostgresPair, lose: OnPrimary
) -> None:
    await postgres_pair.replicates()
    database = await Database.open(postgres_pair.url, min_size=0, max_size=WRITERS)
    feed = LiveFeed(database, LiveMessageRepository(database), Clock())
    feed.start()
    viewer, _ = await feed.subscribe(None)
    writing = Writing(database)
    writers = [asyncio.create_task(writing.write()) for _ in range(WRITERS)]
    try:
        await eventually(lambda: len(writing.acknowledged) >= 50)
        await lose(postgres_pair)
        await asyncio.sleep(1)
        await postgres_pair.promote()
        promoted_at = time.monotonic()

        def after() -> list[int]:
            return [n for n, at in writing.acknowledged.items() if at > promoted_at]

        await eventually(after, seconds=BACK_SECONDS)
        heard: set[int] = set()

        async def hears() -> bool:
            heard.update(message.data["number"] for message in await viewer.next(0.2))
            return not heard.isdisjoint(after())

        left = BACK_SECONDS - (time.monotonic() - promoted_at)
        await eventually(hears, seconds=left)
        # Every place of the pool works, not only the first one.
        await eventually(lambda: len(after()) >= 10 * WRITERS, seconds=30)
        writing.done.set()
        await asyncio.gather(*writers)
        async with database.connection() as connection:
            rows = await connection.fetch("SELECT data FROM live_message ORDER BY message_id")
        assert writing.refused
        await eventually(hears_all(viewer, heard, set(writing.acknowledged)))
        told = [row["data"]["number"] for row in rows]
        assert len(told) == len(set(told))
        assert set(writing.acknowledged) <= set(told)
    finally:
        writing.done.set()
        await asyncio.gather(*writers)
        await feed.close()
        await database.close()


def hears_all(viewer: Viewer, heard: set[int], wanted: set[int]) -> Callable[[], Awaitable[bool]]:
    async def hears() -> bool:
        heard.update(message.data["number"] for message in await viewer.next(0.2))
        return wanted <= heard

    return hears


async def test_the_hosts_may_be_named_in_any_order_and_a_standby_alone_takes_no_writes(
    postgres_pair: PostgresPair,
) -> None:
    await postgres_pair.replicates()
    first, _, rest = postgres_pair.url.partition("?host=")
    hosts, _, port = rest.partition("&")
    database = await Database.open(f"{first}?host={','.join(reversed(hosts.split(',')))}&{port}")
    try:
        async with database.connection() as connection:
            assert not await connection.fetchval("SELECT pg_is_in_recovery()")
    finally:
        await database.close()
    await lose_by_kill(postgres_pair)
    with pytest.raises(DatabaseUnavailable, match="is a standby"):
        await Database.open(postgres_pair.url)


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, postgres_pair: PostgresPair) -> Iterator[Party]:
    """A daemon that knows both hosts; the test's own connections go to the primary."""

    async def open_party() -> Party:
        await postgres_pair.replicates()
        opened = await Party.open(tmp_path, postgres_pair.primary.url, start=False)
        config = opened.daemon.config_path
        text = config.read_text().replace(postgres_pair.primary.url, postgres_pair.url)
        config.write_text(text)
        await opened.start()
        return opened

    opened: Party = io_loop.run_sync(open_party)
    yield opened
    io_loop.run_sync(opened.close)


@pytest.mark.timeout(seconds=240)
@by_kill_and_by_freeze
async def test_photos_in_flight_are_answered_and_made_once(
    party: Party, postgres_pair: PostgresPair, lose: OnPrimary
) -> None:
    await party.set_settings(sync_response_seconds=20)
    party.provider.script.always("image", delay_seconds=2)
    shots: list[Shot] = []
    done = asyncio.Event()

    async def keep_shooting(number: int) -> None:
        while not done.is_set():
            shots.append(await party.camera(number).take(photo(300, 200)))

    cameras = [party.begin(keep_shooting(number)) for number in range(1, 5)]
    await party.asked(6)
    answered = len(shots)
    await lose(postgres_pair)
    await asyncio.sleep(1)
    await postgres_pair.promote()
    party.database_url = postgres_pair.standby.url
    promoted_at = time.monotonic()
    await eventually(lambda: _is_ready(party), seconds=BACK_SECONDS)
    assert time.monotonic() - promoted_at < BACK_SECONDS
    back = len(shots)
    await eventually(lambda: _pictures(shots[back:]) >= 8, seconds=60)
    done.set()
    await asyncio.gather(*cameras)

    outcomes = {shot.why_original for shot in shots}
    assert outcomes <= {None, "503 database_unavailable", "504 provider_timeout"}
    assert max(shot.seconds for shot in shots) < 20
    party.provider.script.clear()
    await party.nothing_left()
    jobs = await party.jobs()
    assert len(jobs) >= _pictures(shots)
    # Each photo was at the provider once at most: nobody made one twice.
    assert len(party.orders()) <= len(jobs)
    assert _pictures(shots[:answered]) == answered
    assert len(await party.jobs("done")) >= _pictures(shots)


async def _is_ready(party: Party) -> bool:
    return (await party.get("/readyz")).code == 200


def _pictures(shots: list[Shot]) -> int:
    return sum(shot.why_original is None for shot in shots)


async def test_one_connection_that_breaks_breaks_no_other(
    database: Database, database_url: str
) -> None:
    repository = LiveMessageRepository(database)
    killer = await asyncpg.connect(database_url)
    try:
        async with database.transaction() as working:
            await working.fetchval("SELECT 1")
            with pytest.raises(DatabaseUnavailable):
                await _break_one(database, killer)
            async with database.connection() as other:
                assert await other.fetchval("SELECT 1") == 1
            await repository.draft(working, "health", {}, Clock().utcnow())
        await repository.publish_drafts()
        assert [message.kind for message in await repository.list_after(0, 9)] == ["health"]
    finally:
        await killer.close()


async def test_a_slow_statement_costs_nobody_the_pool(database: Database) -> None:
    async with database.transaction() as working:
        await working.execute("CREATE TEMPORARY TABLE of_this_session (n integer)")
        with pytest.raises(DatabaseUnavailable):
            await _sleep_too_long(database)
        await asyncio.sleep(0.5)
        await working.execute("INSERT INTO of_this_session VALUES (1)")


async def _break_one(database: Database, killer: asyncpg.Connection) -> None:
    async with database.connection() as broken:
        pid = await broken.fetchval("SELECT pg_backend_pid()")
        await killer.execute("SELECT pg_terminate_backend($1)", pid)
        await broken.fetchval("SELECT pg_sleep(5)")


async def _sleep_too_long(database: Database) -> None:
    async with database.connection() as slow:
        await slow.fetchval("SELECT pg_sleep(5)", timeout=0.1)
