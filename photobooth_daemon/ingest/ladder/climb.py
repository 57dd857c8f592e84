"""One photo's way up its ladder: which rung next, and which attempt on it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    AttemptFailed,
    DeadlinePassed,
    GaveWay,
    InvalidImage,
    ProviderError,
    ProviderTimeout,
    Reason,
)
from photobooth_daemon.ingest.ladder.attempts import Attempts, Ended
from photobooth_daemon.ingest.ladder.cooldown import Cooldowns, Model
from photobooth_daemon.ingest.ladder.latency import Latencies
from photobooth_daemon.ingest.ladder.pacing import Pacing
from photobooth_daemon.ingest.ladder.reasons import delay_before_another, verdict_on
from photobooth_daemon.ingest.waiting.gate import Gate, ProviderPlace
from photobooth_daemon.model import Attempt, Rung
from photobooth_daemon.providers.driver import (
    ProviderDriver,
    ProviderRequest,
    ProviderResult,
    calls_nobody,
)
from photobooth_daemon.tasks import end_tasks

logger = logging.getLogger(__name__)

T = TypeVar("T")
RequestFor = Callable[[Rung, ProviderDriver, Deadline], Awaitable[ProviderRequest]]
Accept = Callable[[ProviderResult], Awaitable[T]]
Begun = Callable[[Rung, str | None], None]
"""Told of an attempt as it begins: the rung and its model."""


class Budget(Protocol):
    """Whether money may still be spent."""

    async def allows(self, provider: str, model: str | None) -> bool:
        """Set aside what an attempt may cost; return whether it may be made."""
        ...

    def spend(self, cost: float) -> None:
        """Count what an attempt has cost."""
        ...


@dataclass(frozen=True, slots=True)
class Climbed(Generic[T]):
    """Where the ladder ended: what ``accept`` made of the picture, and the rung it came from."""

    value: T
    rung: Rung


@dataclass(frozen=True, slots=True)
class Means:
    """What every climb uses: the drivers, places at them, and what earlier photos have shown."""

    drivers: Mapping[str, ProviderDriver]
    gate: Gate
    clock: Clock
    cooldowns: Cooldowns
    latencies: Latencies
    pacing: Pacing
    attempts: Attempts
    pause: Callable[[float], Awaitable[None]]

    def model_of(self, rung: Rung) -> Model:
        """Return what cool-down and latency of this rung are kept under."""
        driver = self.drivers.get(rung.provider)
        model = driver.model(rung.operation, rung.params) if driver else None
        return rung.provider, model or rung.operation


class Climb(Generic[T]):
    """One photo's way up; what it learns about models stays in ``means``."""

    def __init__(
        self,
        means: Means,
        request_for: RequestFor,
        accept: Accept[T],
        deadline: Deadline,
        attempts: list[Attempt],
        budget: Budget | None,
        *,
        provider_concurrency: int,
        attempts_per_photo: int,
        begun: Begun | None = None,
        gives_way: bool = False,
    ) -> None:
        self._gives_way = gives_way
        self._means = means
        self._request_for = request_for
        self._accept = accept
        self._deadline = deadline
        self._attempts = attempts
        self._budget = budget
        self._begun = begun
        self._provider_concurrency = provider_concurrency
        self._calls_left = attempts_per_photo
        self._since_seconds = means.clock.monotonic()
        self._last: AttemptFailed | None = None

    async def to_the_top(self, rungs: Sequence[Rung]) -> Climbed[T]:
        """Return the first picture that is accepted.

        Raises:
            ProviderError, ProviderTimeout, GaveWay: as ``Ladder.climb`` says.
        """
        left: deque[Rung] = deque(rungs)
        put_off: deque[Rung] = deque()
        while left or put_off:
            queue = left or put_off
            rung = queue.popleft()
            if queue is left and left and self._better_elsewhere(rung, left):
                put_off.append(rung)
                continue
            climbed = await self._try(rung, tuple(queue))
            if climbed is not None:
                return climbed
        if self._last is None:
            raise ProviderTimeout
        raise ProviderError(self._last.reason)

    def _better_elsewhere(self, rung: Rung, rungs_left: Sequence[Rung]) -> bool:
        model = self._means.model_of(rung)
        others = [self._means.model_of(other) for other in rungs_left]
        return self._means.cooldowns.cooling(model) or self._means.pacing.better_elsewhere(
            model, others, self._deadline
        )

    def _may_try(self, driver: ProviderDriver | None, *, calls_before: int = 0) -> bool:
        """Return whether an attempt may be made, so many calls from now."""
        if driver is not None and calls_nobody(driver):
            return True
        return self._calls_left > calls_before

    async def _try(self, rung: Rung, rungs_left: Sequence[Rung]) -> Climbed[T] | None:
        """Make attempts on one rung; None when it is used up."""
        means = self._means
        driver = means.drivers.get(rung.provider)
        if driver is None:
            logger.error("no driver is installed for provider %s", rung.provider)
            self._last = AttemptFailed(Reason.BAD_REQUEST, "no driver of this name is installed")
            return None
        model = means.model_of(rung)
        so_far: Counter[Reason] = Counter()
        calls = 0 if calls_nobody(driver) else 1
        while self._may_try(driver) and not self._deadline.passed():
            # What no call is left for takes no time from this attempt.
            others = [
                means.model_of(other)
                for other in rungs_left
                if self._may_try(means.drivers.get(other.provider), calls_before=calls)
            ]
            if self._budget and not await self._budget.allows(*model):
                self._last = AttemptFailed(Reason.QUOTA, "the day's cost cap is reached")
                return None
            limit = means.pacing.limit_for(model, others, self._deadline)
            begun_seconds = means.clock.monotonic()
            try:
                return await self._attempt(rung, driver, limit, so_far)
            except AttemptFailed as failure:
                self._last = failure
            except DeadlinePassed:
                # No place at the provider in the time it may have while
                # another rung is left.
                return None
            took_seconds = means.clock.monotonic() - begun_seconds
            delay = delay_before_another(self._last, so_far)
            if delay is None or not self._may_try(driver):
                return None
            if others and means.cooldowns.cooling(model):
                return None
            if not means.pacing.worth_another(
                model,
                others,
                self._deadline,
                delay_seconds=delay,
                last_took_seconds=took_seconds,
            ):
                return None
            if delay > 0:
                await means.pause(delay)
        return None

    async def _attempt(
        self, rung: Rung, driver: ProviderDriver, limit: Deadline, so_far: Counter[Reason]
    ) -> Climbed[T]:
        """Make one attempt.

        Raises:
            AttemptFailed: it brought no usable picture.
            DeadlinePassed: it could not begin inside its own limit.
            ProviderTimeout: the window closed first.
            GaveWay: another photo needed the place.
        """
        means = self._means
        place = means.gate.provider_place(
            rung.provider, concurrency=self._provider_concurrency, gives_way=self._gives_way
        )
        async with place:
            try:
                await place.wait(limit)
                async with limit.enforced():
                    request = await self._request_for(rung, driver, limit)
            except DeadlinePassed as error:
                if limit is self._deadline:
                    raise ProviderTimeout from error
                raise
            if not calls_nobody(driver):
                self._calls_left -= 1
                if self._begun is not None:
                    self._begun(rung, driver.model(rung.operation, rung.params))
            probe = means.cooldowns.begin(means.model_of(rung))
            begun_seconds = means.clock.monotonic()

            def record(ended: Ended, failure: AttemptFailed | None) -> None:
                if failure is not None:
                    so_far[failure.reason] += 1
                self._record(rung, request.slot_id, ended, failure, so_far, probe=probe)

            try:
                ended = await self._made(
                    means.attempts.make(rung, driver, request, limit), place, rung.provider
                )
            except BaseException as error:
                duration = means.clock.monotonic() - begun_seconds
                why = error.detail if isinstance(error, GaveWay) else "the photo was given up"
                called_off = AttemptFailed(Reason.CANCELLED, why)
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

    async def _made(
        self, call: Coroutine[Any, Any, Ended], place: ProviderPlace, provider: str
    ) -> Ended:
        """Return how the call ended; call it off where another needs its place.

        Raises:
            GaveWay: another did.
        """
        if not self._gives_way:
            return await call
        made, wanted = asyncio.create_task(call), asyncio.create_task(place.wanted.wait())
        try:
            await asyncio.wait({made, wanted}, return_when=asyncio.FIRST_COMPLETED)
            if made.done():
                return made.result()
            raise GaveWay(provider)
        finally:
            await end_tasks(made, wanted)

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
        means, model = self._means, self._means.model_of(rung)
        attempt = means.attempts.record(
            rung, ended, failure, slot_id=slot_id, since_seconds=self._since_seconds
        )
        self._attempts.append(attempt)
        means.cooldowns.end(model, verdict_on(failure, so_far), probe=probe)
        if failure is None:
            means.latencies.record(model, ended.duration_seconds)
        if self._budget and attempt.cost:
            self._budget.spend(attempt.cost)
