"""Wrong passwords by FTP: answered ever later, so that guessing does not get anywhere."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from dataclasses import dataclass

from photobooth_daemon.clock import Clock
from photobooth_daemon.model.networks import network_of

WINDOW_SECONDS = 15 * 60.0
LONGEST_SECONDS = 15.0
REMEMBERED_ADDRESSES = 1000


class Guesses:
    """Counts an address's wrong passwords; a right one passes and does not forgive."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._wrong: OrderedDict[str, _Wrong] = OrderedDict()

    def is_right(self, given: str, expected: str | None) -> bool:
        """Compare in constant time; without a password nobody is right."""
        told = given.encode("utf-8", "surrogateescape")
        wanted = (expected or "").encode("utf-8")
        return hmac.compare_digest(told, wanted) and bool(expected)

    def wait_seconds(self, address: str) -> float:
        """Return how long an address waits until its next password is looked at; 0 for most.

        Several at once wait one behind the other, however many connections they come by.
        """
        wrong = self._of(address)
        if wrong is None:
            return 0.0
        now = self._clock.monotonic()
        turn_at = max(now, wrong.next_at)
        wrong.next_at = turn_at + wrong.pause_seconds()
        return turn_at - now

    def wrong(self, address: str) -> None:
        """Note a wrong password."""
        now = self._clock.monotonic()
        wrong = self._of(address) or _Wrong(since=now, next_at=now)
        wrong.count += 1
        wrong.next_at = max(wrong.next_at, now + wrong.pause_seconds())
        self._wrong[network_of(address)] = wrong
        while len(self._wrong) > REMEMBERED_ADDRESSES:
            self._wrong.popitem(last=False)

    def _of(self, address: str) -> _Wrong | None:
        network = network_of(address)
        wrong = self._wrong.get(network)
        if wrong is not None and self._clock.monotonic() - wrong.since > WINDOW_SECONDS:
            del self._wrong[network]
            return None
        return wrong


@dataclass(slots=True)
class _Wrong:
    since: float
    next_at: float
    count: int = 0

    def pause_seconds(self) -> float:
        return min(LONGEST_SECONDS, 2.0 ** min(self.count - 1, 8))
