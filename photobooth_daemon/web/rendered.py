"""What is rendered for whoever asks: made once, in a thread of its own, and kept.

A stranger's request costs no more than sending what is there; twenty of them at
the same time cost one rendering, and a photo's work waits for none of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

from cachetools import TTLCache

from photobooth_daemon.clock import Clock

_thread = ThreadPoolExecutor(1, "rendering")


class Rendered:
    """Keeps ``most`` pages by their keys, each for so many seconds."""

    def __init__(self, clock: Clock, *, seconds: float, most: int = 1) -> None:
        self._kept: TTLCache[Hashable, bytes] = TTLCache(most, seconds, timer=clock.monotonic)
        self._being_made: dict[Hashable, asyncio.Future[bytes]] = {}

    async def get(self, key: Hashable, render: Callable[[], bytes]) -> bytes:
        """Return the page of this key, made by ``render`` where there is none."""
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        making = self._being_made.get(key)
        if making is None:
            loop = asyncio.get_running_loop()
            making = loop.run_in_executor(_thread, render)
            self._being_made[key] = making
            making.add_done_callback(lambda made: self._made(key, made))
        # Whoever asked first may hang up; the others still want it.
        return await asyncio.shield(making)

    def _made(self, key: Hashable, made: asyncio.Future[bytes]) -> None:
        del self._being_made[key]
        if not made.cancelled() and made.exception() is None:
            self._kept[key] = made.result()
