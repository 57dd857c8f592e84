"""Tasks: work that goes on although nobody waits for it any more, and ending work for certain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from photobooth_daemon.errors import PhotoboothError

CANCEL_AGAIN_SECONDS = 1.0

T = TypeVar("T")

log = logging.getLogger(__name__)


class InFlight:
    """Keeps every started task alive until it ends, and tells when none is left."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run ``work`` as a task of its own; a failure without a name is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def __len__(self) -> int:
        return len(self._tasks)

    async def drain(self, timeout_seconds: float) -> int:
        """Wait until nothing is left or the time is over; cancel the rest and return its number."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + timeout_seconds
        while self._tasks and loop.time() < give_up_at:
            await asyncio.wait(set(self._tasks), timeout=give_up_at - loop.time())
        left = set(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=1.0)
        return len(left)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, PhotoboothError):
            log.error("%s failed", task.get_name(), exc_info=error)


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks and return when the last one has ended, however it ended.

    More than once where it takes that: a driver whose own wait ends at the very
    moment of the cancellation returns as if there had been none (asyncio.wait_for
    before Python 3.12, and what asyncpg makes of it), and a loop around it goes on.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)
