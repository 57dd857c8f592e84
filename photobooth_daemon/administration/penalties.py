"""Holds back the answers to wrong passwords, a bounded number of them."""

from __future__ import annotations

import asyncio

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.tasks import end_tasks

MOST_HELD = 256


class Penalties:
    """Makes whoever was wrong wait.

    What bounds the guesses is the turn that each has to take; waiting keeps an
    honest client from trying again at once. So beyond :data:`MOST_HELD` the
    answer leaves early rather than that strangers fill the memory.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held = 0
        self._over = asyncio.Event()

    async def hold(self, error: PhotoboothError, at_most_seconds: float = 60.0) -> None:
        """Return when the answer ``error`` may leave; the caller keeps nothing that others need."""
        seconds = min(error.hold_seconds, at_most_seconds)
        if seconds <= 0 or self._held >= MOST_HELD:
            return
        self._held += 1
        waits = [
            asyncio.create_task(self._clock.sleep(seconds)),
            asyncio.create_task(self._over.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._held -= 1
            await end_tasks(*waits)

    def end(self) -> None:
        """Let every answer go, now and from now on: the process drains."""
        self._over.set()
