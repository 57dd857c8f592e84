"""What was seen lately, as one number that follows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class RunningMean:
    """A mean in which what was just seen has ``new_share``; ``value`` is None before the first."""

    new_share: float
    value: float | None = None

    def add(self, seen: float) -> None:
        """Take in what was seen."""
        known = seen if self.value is None else self.value
        self.value = (1 - self.new_share) * known + self.new_share * seen
