"""Which attempt next: a slot's operation, then its fallbacks, as the time left allows.

A rung whose model is cooling down, or too slow for the time left, is put off
while another is left; what was put off is tried when nothing else remains, so
a photo always gets its attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from photobooth_daemon.clock import Clock
from photobooth_daemon.ingest.ladder.attempts import Attempts, Prices
from photobooth_daemon.ingest.ladder.climb import Climb, Means
from photobooth_daemon.ingest.ladder.cooldown import Cooldowns, Found, Model
from photobooth_daemon.ingest.ladder.errand import Climbed, Errand
from photobooth_daemon.ingest.ladder.latency import Latencies
from photobooth_daemon.ingest.ladder.pacing import Pacing
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Rung
from photobooth_daemon.providers.driver import ProviderDriver

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Ladder:
    """Climbs ladders; remembers between photos which models are slow or failing."""

    def __init__(
        self,
        drivers: Mapping[str, ProviderDriver],
        gate: Gate,
        clock: Clock,
        metrics: Metrics,
        *,
        prices: Prices | None = None,
        found: Found | None = None,
        pause: Callable[[float], Awaitable[None]] | None = None,
        grace_seconds: float = 0.25,
    ) -> None:
        """``found`` is told of the models that begin to cool down here, and of those well again.

        ``pause`` lets time pass between attempts: the clock's own, by default.
        """
        self.cooldowns = Cooldowns(clock, found)
        self.latencies = Latencies(clock)
        self._means = Means(
            drivers=drivers,
            gate=gate,
            clock=clock,
            cooldowns=self.cooldowns,
            latencies=self.latencies,
            pacing=Pacing(self.latencies),
            attempts=Attempts(clock, metrics, prices=prices, grace_seconds=grace_seconds),
            pause=pause or clock.sleep,
        )
        self._metrics = metrics
        self._shown: set[Model] = set()

    async def climb(self, rungs: Sequence[Rung], errand: Errand[T]) -> Climbed[T]:
        """Return the first picture that the errand accepts.

        Raises:
            ProviderError: every rung is used up; carries the last reason.
            ProviderTimeout: the deadline passed while an attempt was running or
                a place at a provider was waited for.
            GaveWay: a photo that does not needed the place.
        """
        try:
            return await Climb(self._means, errand).to_the_top(rungs)
        finally:
            self.refresh_metrics()

    def model_of(self, rung: Rung) -> Model:
        """Return what cool-down and latency of this rung are kept under."""
        return self._means.model_of(rung)

    def clear_cooldowns(self, provider: str) -> None:
        """Give all models of a provider a fresh start: its key was saved."""
        self.cooldowns.clear(provider)
        self.refresh_metrics()

    def clear_cooldowns_of(self, rungs: Iterable[Rung]) -> None:
        """Give the rungs' models a fresh start, and no others: their slot was saved."""
        for rung in rungs:
            self.cooldowns.forget(self.model_of(rung))
        self.refresh_metrics()

    def learn_cooldown(self, model: Model, seconds: float, at: datetime) -> None:
        """Take over a cool-down that another process found, or the end of one."""
        self.cooldowns.learn(model, seconds, at)
        self.refresh_metrics()

    def refresh_metrics(self) -> None:
        """Show which models are cooling down now; called at each scrape too, as time ends it."""
        cooling = set(self.cooldowns.seconds_left())
        self._shown |= cooling
        for model in self._shown:
            self._metrics.provider_cooling_down.labels(*model).set(int(model in cooling))
