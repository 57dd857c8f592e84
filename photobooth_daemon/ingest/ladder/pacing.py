"""What fits into the time left: when to try, when to cut off, when to go elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.ingest.ladder.cooldown import Model
from photobooth_daemon.ingest.ladder.latency import Latencies

LEAST_RESERVE_SECONDS = 3.0
"""What an attempt leaves to the rungs after it, at most half of the time left."""
LEAST_LIMIT_SECONDS = 10.0
"""An attempt is not cut off sooner than this for being slower than its model usually is."""
LEAST_TRY_SECONDS = 0.2
"""With less time than this an attempt is not worth its cost."""


class Pacing:
    """Weighs one model's usual latency against the time left and the models after it.

    A model that nothing is known of yet gets its chance: nothing speaks against it.
    """

    def __init__(self, latencies: Latencies) -> None:
        self._latencies = latencies

    def limit_for(self, model: Model, others: Sequence[Model], deadline: Deadline) -> Deadline:
        """Return the attempt's own limit, or ``deadline`` itself when no other rung is left."""
        if not others:
            return deadline
        left = deadline.remaining_seconds()
        allowed = self._allowed_seconds(others, left)
        slow = self._latencies.slow_seconds(model)
        if slow is not None:
            allowed = min(allowed, max(LEAST_LIMIT_SECONDS, 3 * slow))
        return deadline.earlier_by(left - allowed)

    def better_elsewhere(self, model: Model, others: Sequence[Model], deadline: Deadline) -> bool:
        """Return whether a picture is not to be expected in time here, but sooner from another."""
        usual = self._latencies.usual_seconds(model)
        if usual is None or usual < self._allowed_seconds(others, deadline.remaining_seconds()):
            return False
        return any((self._latencies.usual_seconds(other) or 0.0) < usual for other in others)

    def worth_another(
        self,
        model: Model,
        others: Sequence[Model],
        deadline: Deadline,
        *,
        delay_seconds: float,
        last_took_seconds: float,
    ) -> bool:
        """Return whether one more attempt on this rung, after ``delay_seconds``, makes sense.

        Without another rung it does while there is time to hear at least what
        the last attempt told, so that a failure ends the photo, not the window.
        """
        left = deadline.remaining_seconds() - delay_seconds
        usual = self._latencies.usual_seconds(model)
        if others:
            return self._allowed_seconds(others, left) > max(usual or 0.0, LEAST_TRY_SECONDS)
        shortest = last_took_seconds if usual is None else min(usual, last_took_seconds)
        return left > max(LEAST_TRY_SECONDS, 1.2 * shortest)

    def _allowed_seconds(self, others: Sequence[Model], left: float) -> float:
        unknown = left / 8
        usual = (self._latencies.usual_seconds(other) for other in others)
        needed = sum(unknown if seconds is None else seconds for seconds in usual)
        return left - min(left / 2, max(LEAST_RESERVE_SECONDS, 2 * needed))
