"""The one source of time.

UTC decides when stored things expire; the monotonic clock measures durations,
so a clock that jumps neither shortens a window nor stretches it.
"""

from __future__ import annotations

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


def rfc3339(at: datetime) -> str:
    """Return an aware instant as answers, events and audit entries write it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
