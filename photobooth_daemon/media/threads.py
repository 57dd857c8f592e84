"""The threads in which a media store touches its disk: what was begun there is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class StoreThreads:
    """A few threads; whoever waits for them may be cancelled, the work is not."""

    def __init__(self, number: int = 4) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="media")

    async def run(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Return what ``work`` returns, or raise what it raises."""
        return await asyncio.shield(self.begin(work, *args))

    def begin(self, work: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Begin ``work``, and return what can be waited for."""
        begun = asyncio.get_running_loop().run_in_executor(self._pool, work, *args)
        # Nobody may be left to see it fail; what matters then is only that it ended.
        begun.add_done_callback(lambda done: done.cancelled() or done.exception())
        return begun

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self._pool.shutdown()
