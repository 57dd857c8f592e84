"""A server that plays Google, unless a file has another one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.drivers import KEY


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    provider = FakeProvider(keys={KEY})

    async def start() -> None:
        provider.start()

    io_loop.run_sync(start)
    yield provider
    io_loop.run_sync(provider.stop)
