"""What picture work costs a thread, learned from what it lately took."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from photobooth_daemon.model import MB
from photobooth_daemon.running_mean import RunningMean

FIRST_PHOTOS = 6
"""So many have to be prepared before the cost of a photo is told to anyone."""
_LEAST_WEIGHT = 0.25
_NEW_SHARE = 0.2
_DOUBT = 0.9


class Kind(IntEnum):
    """The kinds of picture work, in the order of precedence."""

    PARSE = 0
    FINISH = 1
    PROCESS = 2
    PREPARE = 3
    LOOK = 4


def weight_of_photo(size_bytes: int) -> float:
    """Return what the work on a camera's photo grows with: its bytes, and what any costs."""
    return 1 + size_bytes / MB


@dataclass(frozen=True, slots=True)
class PhotoCost:
    """For how long a photo keeps one thread busy, from preparing it to finishing."""

    seconds_per_weight: float
    seconds_besides: float

    def seconds(self, size_bytes: int) -> float:
        """Return it for a photo of so many bytes."""
        return self.seconds_per_weight * weight_of_photo(size_bytes) + self.seconds_besides


@dataclass(slots=True)
class Pace:
    """Remembers seconds per weight for each kind; callers hold the threads' lock."""

    _per_weight: dict[Kind, RunningMean] = field(
        default_factory=lambda: {kind: RunningMean(_NEW_SHARE) for kind in Kind}
    )
    _besides: RunningMean = field(default_factory=lambda: RunningMean(_NEW_SHARE))
    _since_the_last_photo_seconds: float = 0.0
    _photos: int = 0

    def expected_seconds(self, kind: Kind, weight: float) -> float:
        """Return how long such work takes; 0.0 before the first."""
        return (self._per_weight[kind].value or 0.0) * max(weight, _LEAST_WEIGHT)

    def photo_cost(self) -> PhotoCost | None:
        """Return what a photo costs, finishing included; None while too few have been seen."""
        if self._photos < FIRST_PHOTOS:
            return None
        return PhotoCost(self.expected_seconds(Kind.PREPARE, 1), self._besides.value or 0.0)

    def learn(self, kind: Kind, seconds: float, weight: float) -> None:
        """Take in how long a piece of work took."""
        self._per_weight[kind].add(seconds / max(weight, _LEAST_WEIGHT))
        if kind is not Kind.PREPARE:
            self._since_the_last_photo_seconds += seconds
            return
        self._besides.add(self._since_the_last_photo_seconds)
        self._since_the_last_photo_seconds = 0.0
        self._photos += 1

    def doubt(self, kind: Kind) -> None:
        """Expect less after a refusal: a pace once wrong must not refuse for ever."""
        mean = self._per_weight[kind]
        if mean.value is not None:
            mean.value *= _DOUBT
