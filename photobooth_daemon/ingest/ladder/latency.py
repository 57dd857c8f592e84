"""How long each model usually takes, learnt from the pictures it brought lately."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Hashable

from photobooth_daemon.clock import Clock

MEMORY_SECONDS = 900.0
"""A provider's evening differs from its morning: older pictures say nothing."""
SAMPLES_KEPT = 32
SAMPLES_NEEDED = 3


class Latencies:
    """Remembers how long successful attempts took, per key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: dict[Hashable, deque[tuple[float, float]]] = {}

    def record(self, key: Hashable, seconds: float) -> None:
        """Remember one successful attempt."""
        samples = self._samples.setdefault(key, deque(maxlen=SAMPLES_KEPT))
        samples.append((self._clock.monotonic(), seconds))

    def usual_seconds(self, key: Hashable) -> float | None:
        """Return the median, or None while too little is known to judge by."""
        recent = self._recent(key)
        return statistics.median(recent) if recent else None

    def slow_seconds(self, key: Hashable) -> float | None:
        """Return what nineteen of twenty attempts stay under, or None as above."""
        recent = sorted(self._recent(key))
        return recent[min(len(recent) - 1, int(len(recent) * 0.95))] if recent else None

    def _recent(self, key: Hashable) -> list[float]:
        since = self._clock.monotonic() - MEMORY_SECONDS
        recent = [seconds for at, seconds in self._samples.get(key, ()) if at >= since]
        return recent if len(recent) >= SAMPLES_NEEDED else []
