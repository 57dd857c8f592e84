"""Saving a slot gives its own models a fresh start, and no others, before it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.live.feed import Viewer
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.fakes import FakeClock, eventually
from tests.support.office import Office, cheap
from tests.support.sample_pictures import jpeg

PASSWORD = "correct horse"
LOCAL = {"provider": "local", "operation": "look", "params": {}}
EDIT = {"provider": "gemini", "operation": "edit"}


def recipe(prompt: str = "smile", **params: str) -> dict[str, Any]:
    """A slot whose first rung is remote and whose last never fails."""
    return {
        **EDIT,
        "enabled": True,
        "params": {"prompt": prompt, **params},
        "fallback": [LOCAL],
    }


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    """A provider that refuses every key."""
    opened = FakeProvider()

    async def start() -> None:
        opened.start()
        opened.script.always("bad_key")

    io_loop.run_sync(start)
    yield opened
    io_loop.run_sync(opened.stop)


@pytest.fixture
def still_office(
    io_loop: IOLoop, database: Database, tmp_path: Path, clock: FakeClock, provider: FakeProvider
) -> Iterator[Office]:
    async def opened() -> Office:
        office = await Office.open(database, tmp_path, clock, gemini_url=provider.url)
        await office.execute("UPDATE setting SET ingest_password_hash = $1", cheap(PASSWORD))
        return office

    office = io_loop.run_sync(opened)
    yield office
    io_loop.run_sync(office.close)


async def put(office: Office, number: int, body: dict[str, Any]) -> None:
    reply = await office.put(f"/api/slots/slot-{number:03d}", body, If_Match="*")
    assert reply.status == 200, reply.body


async def asked(office: Office, provider: FakeProvider, number: int = 1) -> int:
    """How often the provider was asked for one photo, which gets its picture in any case."""
    before = len(provider.log.as_json()["requests"])
    reply = await office.post_form(
        f"/api/ingest/slot-{number:03d}",
        {"password": PASSWORD, "fileToUpload": jpeg()},
        token=None,
    )
    assert reply.status == 200, reply.body
    return len(provider.log.as_json()["requests"]) - before


async def test_only_the_slots_own_models_get_a_fresh_start(
    still_office: Office, provider: FakeProvider
) -> None:
    office = still_office
    await put(office, 1, recipe())
    await put(office, 2, {**LOCAL, "enabled": True})
    await put(office, 3, recipe(model="gemini-3-pro-image"))
    assert await asked(office, provider) == 1
    assert await asked(office, provider) == 0, "it cools down"

    await put(office, 2, {"params": {"look": "sepia"}})
    await put(office, 3, {"params": {"prompt": "another", "model": "gemini-3-pro-image"}})
    # What the feed brings of these saves has come when it brings the next one's.
    viewer, _ = await office.app.feed.subscribe(None)
    await put(office, 2, {"params": {"look": "bw"}})
    await heard_by(viewer)
    assert await asked(office, provider) == 0, "others' saves change nothing"

    await put(office, 1, recipe("grin"))
    assert await asked(office, provider) == 1, "its own save does, before it is answered"


async def test_what_fails_after_the_save_is_not_forgotten_by_its_echo(
    still_office: Office, provider: FakeProvider
) -> None:
    office = still_office
    viewer, _ = await office.app.feed.subscribe(None)
    await put(office, 1, recipe())
    assert await asked(office, provider) == 1
    await heard_by(viewer)
    assert await asked(office, provider) == 0


async def test_another_process_hears_of_it(
    still_office: Office, provider: FakeProvider, tmp_path: Path, database_url: str
) -> None:
    office = still_office
    await put(office, 1, recipe())
    assert await asked(office, provider) == 1
    assert await cooling(office)
    database = await Database.open(database_url, min_size=0, max_size=4)
    elsewhere = await Office.open(database, tmp_path, office.app.clock)
    try:
        await put(elsewhere, 1, recipe("grin"))
        await eventually(lambda: nothing_cools(office))
        assert await asked(office, provider) == 1
    finally:
        await elsewhere.close()


async def heard_by(viewer: Viewer) -> None:
    while not await viewer.next(10):
        pass  # A listener that has just begun has the session looked at, and brings nothing.


async def cooling(office: Office) -> bool:
    # Not by the port, which keeps a page for a second: this clock stands.
    text = office.app.metrics.encoder("")[0]().decode()
    return any(
        line.startswith("photobooth_provider_cooling_down{") and line.endswith(" 1.0")
        for line in text.splitlines()
    )


async def nothing_cools(office: Office) -> bool:
    return not await cooling(office)
