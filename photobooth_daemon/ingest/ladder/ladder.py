"""Which attempt next: a slot's operation, then its fallbacks, as the time left allows.

A rung whose model is cooling down, or too slow for the time left, is put off
while another is left; what was put off is tried when nothing else remains, so
a photo always gets its attempt.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    AttemptFailed,
    DeadlinePassed,
    InvalidImage,
    ProviderError,
    ProviderTimeout,
    Reason,
)
from photobooth_daemon.ingest.ladder.attempts import Attempts, Ended, Prices
from photobooth_daemon.ingest.ladder.cooldown import Cooldowns, Model
from photobooth_daemon.ingest.ladder.latency import Latencies
from photobooth_daemon.ingest.ladder.pacing import Pacing
from photobooth_daemon.ingest.ladder.reasons import delay_before_another, verdict_on
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Attempt, Rung
from photobooth_daemon.providers.driver import ProviderDriver, ProviderRequest, ProviderResult

logger = logging.getLogger(__name__)

T = TypeVar("T")
RequestFor = Callable[[Rung, ProviderDriver, Deadline], Awaitable[ProviderRequest]]
Accept = Callable[[ProviderResult], Awaitable[T]]

ATTEMPTS_AT_ONCE = 5
PACE_SECONDS = 1.0
"""After so many attempts on a rung, further ones start at least so far apart."""


class Budget(Protocol):
    """Whether money may still be spent."""

    def allows(self, provider: str, model: str | None) -> bool:
        """Return whether an attempt may be made; what costs nothing always may."""
        ...

    def spend(self, cost: float) -> None:
        """Count what an attempt has cost."""
        ...


@dataclass(frozen=True, slots=True)
class Climbed(Generic[T]):
    """Where the ladder ended: what ``accept`` made of the picture, and the rung it came from."""

    value: T
    rung: Rung


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
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        grace_seconds: float = 0.25,
    ) -> None:
        self.drivers = drivers
        self.gate = gate
        self.clock = clock
        self.cooldowns = Cooldowns(clock)
        self.latencies = Latencies(clock)
        self.pacing = Pacing(self.latencies)
        self.attempts = Attempts(clock, metrics, prices=prices, grace_seconds=grace_seconds)
        self.pause = pause
        self._metrics = metrics
        self._shown: set[Model] = set()

    async def climb(
        self,
        rungs: Sequence[Rung],
        *,
        request_for: RequestFor,
        accept: Accept[T],
        deadline: Deadline,
        provider_concurrency: int,
        attempts: list[Attempt],
        budget: Budget | None = None,
    ) -> Climbed[T]:
        """Return the first picture that ``accept`` takes.

        Every attempt is appended to ``attempts`` as it ends, whatever becomes
        of the climb. An ``InvalidImage`` from ``accept`` makes the attempt a bad
        response; ``accept`` may outlast ``deadline``, because what was paid for
        is finished.

        Raises:
            ProviderError: every rung is used up; carries the last reason.
            ProviderTimeout: the deadline passed while an attempt was running or
                a place at a provider was waited for.
        """
        climb = _Climb(self, request_for, accept, deadline, provider_concurrency, attempts, budget)
        try:
            return await climb.to_the_top(rungs)
        finally:
            self.refresh_metrics()

    def model_of(self, rung: Rung) -> Model:
        """Return what cool-down and latency of this rung are kept under."""
        driver = self.drivers.get(rung.provider)
        model = driver.model(rung.operation, rung.params) if driver else None
        return rung.provider, model or rung.operation

    def clear_cooldowns(self, provider: str) -> None:
        """Give all models of a provider a fresh start: its key was saved."""
        self.cooldowns.clear(provider)
        self.refresh_metrics()

    def clear_cooldowns_of(self, rungs: Iterable[Rung]) -> None:
        """Give the rungs' models a fresh start, and no others: their slot was saved."""
        for rung in rungs:
            self.cooldowns.forget(self.model_of(rung))
        self.refresh_metrics()

    def refresh_metrics(self) -> None:
        """Show which models are cooling down now; called at each scrape too, as time ends it."""
        cooling = set(self.cooldowns.seconds_left())
        self._shown |= cooling
        for model in self._shown:
            self._metrics.provider_cooling_down.labels(*model).set(int(model in cooling))


class _Climb(Generic[T]):
    """One photo's way up."""

    def __init__(
        self,
        ladder: Ladder,
        request_for: RequestFor,
        accept: Accept[T],
        deadline: Deadline,
        provider_concurrency: int,
        attempts: list[Attempt],
        budget: Budget | None,
    ) -> None:
        self._ladder = ladder
        self._request_for = request_for
        self._accept = accept
        self._deadline = deadline
        self._provider_concurrency = provider_concurrency
        self._attempts = attempts
        self._budget = budget
        self._since_seconds = ladder.clock.monotonic()
        self._last: AttemptFailed | None = None

    async def to_the_top(self, rungs: Sequence[Rung]) -> Climbed[T]:
        left: deque[Rung] = deque(rungs)
        put_off: deque[Rung] = deque()
        while left or put_off:
            if left:
                rung = left.popleft()
                others = [self._ladder.model_of(other) for other in left]
                if others and self._better_elsewhere(rung, others):
                    put_off.append(rung)
                    continue
            else:
                rung = put_off.popleft()
                others = [self._ladder.model_of(other) for other in put_off]
            climbed = await self._try(rung, others)
            if climbed is not None:
                return climbed
        if self._last is None:
            raise ProviderTimeout
        raise ProviderError(self._last.reason)

    def _better_elsewhere(self, rung: Rung, others: Sequence[Model]) -> bool:
        model = self._ladder.model_of(rung)
        return self._ladder.cooldowns.cooling(model) or self._ladder.pacing.better_elsewhere(
            model, others, self._deadline
        )

    async def _try(self, rung: Rung, others: Sequence[Model]) -> Climbed[T] | None:
        """Make attempts on one rung; None when it is used up."""
        ladder = self._ladder
        driver = ladder.drivers.get(rung.provider)
        if driver is None:
            logger.error("no driver is installed for provider %s", rung.provider)
            self._last = AttemptFailed(Reason.BAD_REQUEST, "no driver of this name is installed")
            return None
        model = ladder.model_of(rung)
        so_far: Counter[Reason] = Counter()
        while not self._deadline.passed():
            if self._budget and not self._budget.allows(*model):
                self._last = AttemptFailed(Reason.QUOTA, "the day's cost cap is reached")
                return None
            limit = ladder.pacing.limit_for(model, others, self._deadline)
            begun_seconds = ladder.clock.monotonic()
            try:
                return await self._attempt(rung, driver, limit, so_far)
            except AttemptFailed as failure:
                self._last = failure
            except DeadlinePassed:
                # No place at the provider in the time it may have while
                # another rung is left.
                return None
            took_seconds = ladder.clock.monotonic() - begun_seconds
            delay = delay_before_another(self._last, so_far)
            if delay is None or (others and ladder.cooldowns.cooling(model)):
                return None
            if so_far.total() >= ATTEMPTS_AT_ONCE:
                delay = max(delay, PACE_SECONDS - took_seconds)
            if not ladder.pacing.worth_another(
                model,
                others,
                self._deadline,
                delay_seconds=delay,
                last_took_seconds=took_seconds,
            ):
                return None
            if delay > 0:
                await ladder.pause(delay)
        return None

    async def _attempt(
        self, rung: Rung, driver: ProviderDriver, limit: Deadline, so_far: Counter[Reason]
    ) -> Climbed[T]:
        """Make one attempt.

        Raises:
            AttemptFailed: it brought no usable picture.
            DeadlinePassed: it could not begin inside its own limit.
            ProviderTimeout: the window closed first.
        """
        ladder = self._ladder
        place = ladder.gate.provider_place(rung.provider, concurrency=self._provider_concurrency)
        async with place:
            try:
                await place.wait(limit)
                async with limit.enforced():
                    request = await self._request_for(rung, driver, limit)
            except DeadlinePassed as error:
                if limit is self._deadline:
                    raise ProviderTimeout from error
                raise
            probe = ladder.cooldowns.begin(ladder.model_of(rung))
            begun_seconds = ladder.clock.monotonic()

            def record(ended: Ended, failure: AttemptFailed | None) -> None:
                if failure is not None:
                    so_far[failure.reason] += 1
                self._record(rung, request.slot_id, ended, failure, so_far, probe=probe)

            try:
                ended = await ladder.attempts.make(rung, driver, request, limit)
            except BaseException:
                duration = ladder.clock.monotonic() - begun_seconds
                called_off = AttemptFailed(Reason.CANCELLED, "the photo was given up")
                model = driver.model(rung.operation, rung.params)
                record(Ended(model, begun_seconds, duration), called_off)
                raise
        if ended.result is None:
            failure = ended.failure or AttemptFailed(Reason.BAD_RESPONSE, "no result")
            if failure.reason is Reason.TIMEOUT and limit is self._deadline:
                closed = AttemptFailed(
                    Reason.CANCELLED,
                    "the window closed",
                    provider_request_id=failure.provider_request_id,
                    usage=failure.usage,
                )
                record(ended, closed)
                raise ProviderTimeout
            record(ended, failure)
            raise failure
        try:
            value = await self._accept(ended.result)
        except InvalidImage as error:
            again = ended.result.again
            failure = AttemptFailed(Reason.BAD_RESPONSE, error.detail, again=again)
            record(ended, failure)
            raise failure from error
        except DeadlinePassed as error:
            record(ended, None)
            raise ProviderTimeout from error
        except BaseException:
            record(ended, None)
            raise
        record(ended, None)
        return Climbed(value, rung)

    def _record(
        self,
        rung: Rung,
        slot_id: str,
        ended: Ended,
        failure: AttemptFailed | None,
        so_far: Counter[Reason],
        *,
        probe: bool,
    ) -> None:
        ladder, model = self._ladder, self._ladder.model_of(rung)
        attempt = ladder.attempts.record(
            rung, ended, failure, slot_id=slot_id, since_seconds=self._since_seconds
        )
        self._attempts.append(attempt)
        ladder.cooldowns.end(model, verdict_on(failure, so_far), probe=probe)
        if failure is None:
            ladder.latencies.record(model, ended.duration_seconds)
        if self._budget and attempt.cost:
            self._budget.spend(attempt.cost)
