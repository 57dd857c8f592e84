"""What a fake provider does next: scripted request by request, else by chance."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PICTURE = "image"
"""The behaviour of a provider that works."""


class Lane(StrEnum):
    """Which requests a script is for: those that want a picture, or those that only look."""

    PROCESS = "process"
    CHECK = "check"


class UnknownBehaviour(ValueError):
    """No protocol of this server knows the behaviour; the text lists those that are known."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One answer: its name, how long it takes to begin, and the behaviour's own options."""

    do: str = PICTURE
    delay_seconds: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Script:
    """Gives each request its behaviour: the queue first, then the standing one, then chance.

    ``odds`` are probabilities by behaviour; what they leave works.
    """

    def __init__(
        self,
        known: Collection[str],
        odds: Mapping[str, float] | None = None,
        *,
        chance: random.Random | None = None,
    ) -> None:
        self._known = frozenset(known)
        self._odds = dict(odds or {})
        self._chance = chance or random.Random()  # noqa: S311 - faults, not secrets
        self._queues: dict[Lane, deque[Behaviour]] = {lane: deque() for lane in Lane}
        self._standing: dict[Lane, Behaviour] = {}
        for name, probability in self._odds.items():
            self._check(name)
            if not 0 <= probability <= 1:
                raise ValueError(f"the probability of {name} is between 0 and 1")
        if sum(self._odds.values()) > 1:
            raise ValueError("the probabilities of all faults together are at most 1")

    def then(
        self,
        do: str,
        *,
        times: int = 1,
        delay_seconds: float | None = None,
        lane: Lane = Lane.PROCESS,
        **options: Any,
    ) -> Script:
        """Append to the queue, and return the script for more.

        Raises:
            UnknownBehaviour: nobody here can do that.
        """
        self._check(do)
        self._queues[lane].extend([Behaviour(do, delay_seconds, options)] * times)
        return self

    def always(
        self,
        do: str,
        *,
        delay_seconds: float | None = None,
        lane: Lane = Lane.PROCESS,
        **options: Any,
    ) -> Script:
        """Set what every request gets while the queue is empty.

        Raises:
            UnknownBehaviour: nobody here can do that.
        """
        self._check(do)
        self._standing[lane] = Behaviour(do, delay_seconds, options)
        return self

    def clear(self) -> None:
        """Forget the queue and the standing behaviour; chance stays."""
        for queue in self._queues.values():
            queue.clear()
        self._standing.clear()

    def next(self, lane: Lane) -> Behaviour:
        """Take the behaviour for the request that has just come."""
        if self._queues[lane]:
            return self._queues[lane].popleft()
        if lane in self._standing:
            return self._standing[lane]
        return Behaviour(self._drawn()) if lane is Lane.PROCESS else Behaviour()

    def left(self) -> int:
        """Return how many scripted answers have not been given yet."""
        return sum(len(queue) for queue in self._queues.values())

    def _drawn(self) -> str:
        if not self._odds:
            return PICTURE
        names = [*self._odds, PICTURE]
        weights = [*self._odds.values(), 1 - sum(self._odds.values())]
        return self._chance.choices(names, weights)[0]

    def _check(self, name: str) -> None:
        if name not in self._known:
            raise UnknownBehaviour(f"{name} is none of {', '.join(sorted(self._known))}")
