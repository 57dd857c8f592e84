"""The instant an answer is due, and the only thing that timeouts are derived from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import DeadlinePassed

ANSWER_MARGIN_SECONDS = 0.15
"""What the answer itself needs at the very end, when something hung until then."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A monotonic instant. Parts of the work get an earlier one, never a later one."""

    clock: Clock
    due_monotonic_seconds: float

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> Deadline:
        """Return the deadline ``seconds`` from now."""
        return cls(clock, clock.monotonic() + seconds)

    def remaining_seconds(self) -> float:
        """Return the time left, 0.0 once it has passed."""
        return max(0.0, self.due_monotonic_seconds - self.clock.monotonic())

    def passed(self) -> bool:
        """Return whether no time is left."""
        return self.remaining_seconds() <= 0.0

    def due_at(self) -> datetime:
        """Return the deadline as a UTC instant, for rows and links."""
        return self.clock.utcnow() + timedelta(seconds=self.remaining_seconds())

    def earlier_by(self, seconds: float) -> Deadline:
        """Return a deadline that leaves ``seconds`` for what comes after it."""
        return Deadline(self.clock, self.due_monotonic_seconds - seconds)

    @asynccontextmanager
    async def enforced(self) -> AsyncIterator[None]:
        """Cancel the block when the deadline passes.

        Raises:
            DeadlinePassed: the block was cut off; its own cancellation by
                somebody else still appears as ``CancelledError``.
        """
        try:
            async with asyncio.timeout(self.remaining_seconds()) as limit:
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise DeadlinePassed from error
