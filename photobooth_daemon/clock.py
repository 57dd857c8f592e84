"""The one source of time.

UTC decides when stored things expire; the monotonic clock measures durations,
so a clock that jumps neither shortens a window nor stretches it.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Tells the time; tests hand in a subclass that they can turn."""

    def utcnow(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return when so much time has passed."""
        await asyncio.sleep(seconds)


def rfc3339(instant: datetime) -> str:
    """Return an instant as ``2026-11-22T12:00:00Z``, with milliseconds where it has some."""
    instant = instant.astimezone(UTC)
    precision = "milliseconds" if instant.microsecond else "seconds"
    return instant.isoformat(timespec=precision).replace("+00:00", "Z")
