"""One photo's way up its ladder: which rung next, and which attempt on it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
from photobooth_daemon.ingest.ladder.errand import Climbed, Errand
from photobooth_daemon.ingest.ladder.latency import Latencies
from photobooth_daemon.ingest.ladder.pacing import Pacing
from photobooth_daemon.ingest.ladder.reasons import delay_before_another, verdict_on
from photobooth_daemon.ingest.waiting.gate import Gate, ProviderPlace
from photobooth_daemon.model import Rung
from photobooth_daemon.providers.driver import (
    ProviderDriver,
    ProviderRequest,
    ProviderResult,
    calls_nobody,
)
from photobooth_daemon.tasks import end_tasks

logger = logging.getLogger(__name__)

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Trial:
    """An attempt that has begun, and what its end is recorded with."""

    rung: Rung
    driver: ProviderDriver
    request: ProviderRequest
    limit: Deadline
    failed_so_far: Counter[Reason]
    probe: bool


class Climb(Generic[T]):
    """One photo's way up; what it learns about models stays in ``means``."""

    def __init__(self, means: Means, errand: Errand[T]) -> None:
        self._means = means
        self._errand = errand
        self._calls_left = errand.attempts_per_photo
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
            model, others, self._errand.deadline
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
        while self._may_try(driver) and not self._errand.deadline.passed():
            # What no call is left for takes no time from this attempt.
            others = [
                means.model_of(other)
                for other in rungs_left
                if self._may_try(means.drivers.get(other.provider), calls_before=calls)
            ]
            if self._errand.budget and not await self._errand.budget.allows(*model):
                self._last = AttemptFailed(Reason.QUOTA, "the day's cost cap is reached")
                return None
            limit = means.pacing.limit_for(model, others, self._errand.deadline)
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
                self._errand.deadline,
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
        errand = self._errand
        place = self._means.gate.provider_place(
            rung.provider, concurrency=errand.provider_concurrency, gives_way=errand.gives_way
        )
        async with place:
            request = await self._request(rung, driver, place, limit)
            if not calls_nobody(driver):
                self._calls_left -= 1
                if errand.begun is not None:
                    errand.begun(rung, driver.model(rung.operation, rung.params))
            probe = self._means.cooldowns.begin(self._means.model_of(rung))
            trial = Trial(rung, driver, request, limit, so_far, probe)
            ended = await self._call(trial, place)
        result = self._result_of(trial, ended)
        return Climbed(await self._accepted(trial, ended, result), rung)

    async def _request(
        self, rung: Rung, driver: ProviderDriver, place: ProviderPlace, limit: Deadline
    ) -> ProviderRequest:
        """Wait for the place, then make the request.

        Raises:
            DeadlinePassed, ProviderTimeout: as ``_attempt`` says.
        """
        try:
            await place.wait(limit)
            async with limit.enforced():
                return await self._errand.request_for(rung, driver, limit)
        except DeadlinePassed as error:
            if limit is self._errand.deadline:
                raise ProviderTimeout from error
            raise

    async def _call(self, trial: Trial, place: ProviderPlace) -> Ended:
        """Return how the driver ended; whatever breaks it off is recorded, too."""
        means, rung, driver = self._means, trial.rung, trial.driver
        begun_seconds = means.clock.monotonic()
        call = means.attempts.make(rung, driver, trial.request, trial.limit)
        try:
            return await self._made(call, place, rung.provider)
        except BaseException as error:
            duration = means.clock.monotonic() - begun_seconds
            why = error.detail if isinstance(error, GaveWay) else "the photo was given up"
            model = driver.model(rung.operation, rung.params)
            called_off = AttemptFailed(Reason.CANCELLED, why)
            self._record(trial, Ended(model, begun_seconds, duration), called_off)
            raise

    def _result_of(self, trial: Trial, ended: Ended) -> ProviderResult:
        """Return the result, if there is one.

        Raises:
            AttemptFailed, ProviderTimeout: as ``_attempt`` says; it has been recorded.
        """
        if ended.result is not None:
            return ended.result
        failure = ended.failure or AttemptFailed(Reason.BAD_RESPONSE, "no result")
        if failure.reason is not Reason.TIMEOUT or trial.limit is not self._errand.deadline:
            self._record(trial, ended, failure)
            raise failure
        closed = AttemptFailed(
            Reason.CANCELLED,
            "the window closed",
            provider_request_id=failure.provider_request_id,
            usage=failure.usage,
        )
        self._record(trial, ended, closed)
        raise ProviderTimeout

    async def _accepted(self, trial: Trial, ended: Ended, result: ProviderResult) -> T:
        """Return what becomes of a result; the attempt is recorded by it.

        Raises:
            AttemptFailed: it is no usable picture.
            ProviderTimeout: the window closed first.
        """
        failure = None
        try:
            return await self._errand.accept(result)
        except InvalidImage as error:
            failure = AttemptFailed(Reason.BAD_RESPONSE, error.detail, again=result.again)
            raise failure from error
        except DeadlinePassed as error:
            raise ProviderTimeout from error
        finally:
            self._record(trial, ended, failure)

    async def _made(
        self, call: Coroutine[Any, Any, Ended], place: ProviderPlace, provider: str
    ) -> Ended:
        """Return how the call ended; call it off where another needs its place.

        Raises:
            GaveWay: another did.
        """
        if not self._errand.gives_way:
            return await call
        made, wanted = asyncio.create_task(call), asyncio.create_task(place.wanted.wait())
        try:
            await asyncio.wait({made, wanted}, return_when=asyncio.FIRST_COMPLETED)
            if made.done():
                return made.result()
            raise GaveWay(provider)
        finally:
            await end_tasks(made, wanted)

    def _record(self, trial: Trial, ended: Ended, failure: AttemptFailed | None) -> None:
        means, errand = self._means, self._errand
        if failure is not None:
            trial.failed_so_far[failure.reason] += 1
        model = means.model_of(trial.rung)
        attempt = means.attempts.record(
            trial.rung,
            ended,
            failure,
            slot_id=trial.request.slot_id,
            since_seconds=self._since_seconds,
        )
        errand.attempts.append(attempt)
        means.cooldowns.end(model, verdict_on(failure, trial.failed_so_far), probe=trial.probe)
        if failure is None:
            means.latencies.record(model, ended.duration_seconds)
        if errand.budget and attempt.cost:
            errand.budget.spend(attempt.cost)
