"""A ready installation and its provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.booth import KEY
from tests.support.quick_painter import QuickPainter
from tests.support.readiness import READY, Evening


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    async def start() -> FakeProvider:
        made = FakeProvider(keys=[KEY], painter=QuickPainter())
        made.start()
        return made

    made = io_loop.run_sync(start)
    yield made
    io_loop.run_sync(made.stop)


@pytest.fixture
def evening(io_loop: IOLoop, database: Database, tmp_path: Path, provider: FakeProvider) -> Evening:
    made = Evening(database, tmp_path, provider)
    io_loop.run_sync(lambda: made.execute(READY))
    return made
