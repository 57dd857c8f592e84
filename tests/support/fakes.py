"""Stand-ins that tests can steer, and how tests wait."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.pictures.threads import PictureThreads

LONGEST_REST_SECONDS = 0.25


def rest_after_look(took_seconds: float) -> float:
    """Return how long to wait before the next look, so that not all the time goes into looking."""
    return min(LONGEST_REST_SECONDS, 5 * took_seconds)


class FakeClock(Clock):
    """Stands still until it is turned.

    The two hands move apart, too: ``jump`` turns UTC alone, as an administrator
    or NTP does, and the monotonic hand must not notice.
    """

    def __init__(self, utc: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)) -> None:
        self._utc = utc
        self._monotonic_seconds = 1000.0

    def utcnow(self) -> datetime:
        return self._utc

    def monotonic(self) -> float:
        return self._monotonic_seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._monotonic_seconds += seconds
        self._utc += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; no time passes."""
        self._utc += timedelta(seconds=seconds)


class SwiftClock(Clock):
    """Goes as the real one, but skips what somebody sleeps: penalties cost a test no time."""

    def __init__(self) -> None:
        self.skipped_seconds = 0.0

    def utcnow(self) -> datetime:
        return super().utcnow() + timedelta(seconds=self.skipped_seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped_seconds

    async def sleep(self, seconds: float) -> None:
        self.skipped_seconds += seconds


class Crowd:
    """Work that blocks a thread for a moment, and how many threads were in it at once."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.most = 0
        self._work = work
        self._inside = 0
        self._lock = threading.Lock()

    def __call__(self, *args: Any, **options: Any) -> Any:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        try:
            time.sleep(0.3)
            return self._work(*args, **options)
        finally:
            with self._lock:
                self._inside -= 1


def waiting_in(threads: PictureThreads) -> int:
    """Return how many pieces of work wait for a thread."""
    return sum(piece.wanted for line in threads._lines.waiting.values() for piece in line)


async def eventually(
    holds: Callable[[], Any], *, seconds: float = 15.0, every_seconds: float = 0.02
) -> None:
    """Wait until ``holds()`` is true; awaitables are awaited.

    A look that is dear, as one into a database is, is not taken every moment.

    Raises:
        AssertionError: it was not, in all that time.
    """
    until = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        answer = holds()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < until, f"not true within {seconds} s"
        await asyncio.sleep(max(every_seconds, rest_after_look(time.monotonic() - began)))
