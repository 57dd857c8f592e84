"""An evening that keeps the originals of its failed photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.office import KEY
from tests.support.quick_painter import QuickPainter
from tests.support.reruns import PAINTED, SIMPLE, Evening
from tests.web.test_events import SLOT, planned


@pytest.fixture
def evening(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Evening]:
    provider = FakeProvider(keys={KEY}, painter=QuickPainter())

    async def opened() -> Evening:
        evening = await Evening.open(database, tmp_path, gemini_url=provider.start())
        assert isinstance(evening, Evening)
        evening.provider = provider
        await evening.put(SLOT, PAINTED, If_Match="*")
        evening.event_id = (await planned(evening, **SIMPLE))["event_id"]
        return evening

    evening = io_loop.run_sync(opened)
    yield evening
    io_loop.run_sync(evening.close)
    io_loop.run_sync(provider.stop)
