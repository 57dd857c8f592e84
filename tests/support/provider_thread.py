"""The rehearsal provider for tests that have no loop of their own."""

from __future__ import annotations

import asyncio
import threading

from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.quick_painter import QuickPainter


class ProviderThread:
    """The rehearsal provider on a loop of its own."""

    def __init__(self, key: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.fake, self.url = asyncio.run_coroutine_threadsafe(self._open(key), self._loop).result()

    async def _open(self, key: str) -> tuple[FakeProvider, str]:
        fake = FakeProvider(keys=[key], painter=QuickPainter())
        return fake, fake.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.fake.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
