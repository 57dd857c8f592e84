"""The Settings section of the HTTP contract, through the port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database import Database
from tests.office import Office


@pytest.fixture
def office(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Office]:
    opened: Office = io_loop.run_sync(lambda: Office.open(database, tmp_path))
    yield opened
    io_loop.run_sync(opened.close)


async def test_get_settings(office: Office) -> None:
    reply = await office.get("/api/settings")
    assert reply.status == 200, reply.body
    assert reply.headers["ETag"] == '"1"'
    settings = reply.json()
    assert settings["slot_queue"] == 30
