"""Ends background work for certain."""

from __future__ import annotations

import asyncio
from typing import Any

CANCEL_AGAIN_SECONDS = 1.0


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
