"""Where photos wait whose password has to wait: they hold no seat and no way in meanwhile.

A password that nobody remembers is looked at when it is its address' turn, which takes up to
15 seconds where somebody guesses. On a small slot a guess that waits on its seat would keep
the cameras out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from photobooth_daemon.ingest.waiting.doorway import Passage
from photobooth_daemon.ingest.waiting.gate import Seat
from photobooth_daemon.tasks import end_tasks

PASSWORD_LOOKED_AT_SECONDS = 0.5
"""So long a password takes that is looked at at once, on a busy machine too."""
MOST_ASIDE = 16
"""Each has a file on the disk, which seats would bound; further ones wait on theirs."""


class Aside:
    """Lets photos step aside until their password has been looked at."""

    def __init__(self) -> None:
        self._waiting = 0

    async def wait_for(
        self,
        check: Coroutine[Any, Any, None],
        seat: Seat,
        passage: Passage | None,
        *,
        concurrency: int,
        queue: int,
    ) -> None:
        """Return when ``check`` does, with the photo on its seat.

        Raises:
            RateLimited: the password is right, and every seat has been taken meanwhile.
            PhotoboothError: as ``check`` does.
        """
        checking = asyncio.create_task(check)
        try:
            await asyncio.wait({checking}, timeout=PASSWORD_LOOKED_AT_SECONDS)
            if checking.done() or self._waiting >= MOST_ASIDE:
                await checking
                return
            seat.leave()
            if passage is not None:
                passage.leave()
            self._waiting += 1
            try:
                await checking
            finally:
                self._waiting -= 1
            seat.take_again(concurrency=concurrency, queue=queue)
        finally:
            await end_tasks(checking)
