"""When the disk will be full, if it goes on as in the last hour."""

from __future__ import annotations

from collections import deque

from photobooth_daemon.clock import Clock

SPAN_SECONDS = 3600.0
SHORTEST_SECONDS = 600.0
PAUSE_SECONDS = 30.0


class DiskForecast:
    """Remembers an hour of free space and draws a line through it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, free_bytes: int) -> None:
        """Remember how much is free now."""
        now = self._clock.monotonic()
        if self._samples and now - self._samples[-1][0] < PAUSE_SECONDS:
            return
        self._samples.append((now, free_bytes))
        while now - self._samples[0][0] > SPAN_SECONDS:
            self._samples.popleft()

    def hours_until(self, limit_bytes: int) -> float | None:
        """Return when free space meets the limit; None if it does not shrink or is not known."""
        if len(self._samples) < 3:
            return None
        if self._samples[-1][0] - self._samples[0][0] < SHORTEST_SECONDS:
            return None
        slope = self._bytes_per_second()
        if slope >= 0:
            return None
        left = self._samples[-1][1] - limit_bytes
        return max(0.0, left / -slope / 3600)

    def _bytes_per_second(self) -> float:
        """Return the slope of the least-squares line."""
        mean_at = sum(at for at, _ in self._samples) / len(self._samples)
        mean_free = sum(free for _, free in self._samples) / len(self._samples)
        spread = sum((at - mean_at) ** 2 for at, _ in self._samples)
        return sum((at - mean_at) * (free - mean_free) for at, free in self._samples) / spread
