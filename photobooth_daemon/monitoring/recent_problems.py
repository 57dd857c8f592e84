"""The problems of the last ten minutes that people are told of, as this process answered them."""

from __future__ import annotations

from collections import deque

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import PhotoboothError, RateLimited

WINDOW_SECONDS = 600.0
MOST_KEPT = 1000
WATCHED = (PhotoboothError.code, RateLimited.code)
"""What nobody's records show: an internal error, and a photo that found the waiting room full."""


class RecentProblems:
    """Counts by code and slot; the slot is empty where the problem belongs to none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def note(self, code: str, slot_id: str = "") -> None:
        """Count one answer, if it is of a kind that is watched."""
        if code in WATCHED:
            seen = self._seen.setdefault((code, slot_id), deque(maxlen=MOST_KEPT))
            seen.append(self._clock.monotonic())

    def counts(self) -> tuple[tuple[str, str, int], ...]:
        """Return code, slot and number of what came within the last ten minutes."""
        oldest = self._clock.monotonic() - WINDOW_SECONDS
        for key, seen in list(self._seen.items()):
            while seen and seen[0] < oldest:
                seen.popleft()
            if not seen:
                del self._seen[key]
        return tuple((code, slot, len(seen)) for (code, slot), seen in sorted(self._seen.items()))
