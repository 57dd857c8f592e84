"""Holds back the answers to wrong passwords, a bounded number of them."""

from __future__ import annotations

import asyncio
from collections import Counter

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.model.networks import network_of
from photobooth_daemon.tasks import end_tasks

MOST_HELD = 256
MOST_HELD_OF_ONE = 8
"""Of one address: others behind it need connections, too."""


class Penalties:
    """Makes whoever was wrong wait.

    What bounds the guesses is the turn that each has to take; waiting keeps an
    honest client from trying again at once. So beyond :data:`MOST_HELD` in all, or
    :data:`MOST_HELD_OF_ONE`, the answer leaves early rather than that strangers fill the
    memory or the connections that their address may have.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: Counter[str] = Counter()
        self._over = asyncio.Event()

    async def hold(
        self, error: PhotoboothError, address: str, at_most_seconds: float = 60.0
    ) -> None:
        """Return when the answer ``error`` may leave; the caller keeps nothing that others need."""
        seconds = min(error.hold_seconds, at_most_seconds)
        network = network_of(address)
        if seconds <= 0 or self._held[network] >= MOST_HELD_OF_ONE:
            return
        if self._held.total() >= MOST_HELD:
            return
        self._held[network] += 1
        waits = [
            asyncio.create_task(self._clock.sleep(seconds)),
            asyncio.create_task(self._over.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._held[network] -= 1
            self._held += Counter()  # Those that are at nought go.
            await end_tasks(*waits)

    def end(self) -> None:
        """Let every answer go, now and from now on: the process drains."""
        self._over.set()
