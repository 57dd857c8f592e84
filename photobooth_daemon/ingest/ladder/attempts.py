"""One provider attempt: run as its own task, ended in time, recorded whatever happens."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, Reason, storable
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Attempt, Rung
from photobooth_daemon.providers.driver import ProviderDriver, ProviderRequest, ProviderResult

logger = logging.getLogger(__name__)

OWN_END_SECONDS = 0.05
LONGEST_ID = 200
MOST_OF_A_FIGURE = 2**53
OK = "ok"
"""The metric's label for the attempt that brought the picture."""


class Prices(Protocol):
    """What an attempt cost."""

    def cost(
        self, provider: str, model: str | None, usage: Mapping[str, Any], at: datetime
    ) -> float | None:
        """Return the cost in the table's currency, or None where no price is known."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended: with a result, or with a failure."""

    model: str | None
    started_seconds: float
    duration_seconds: float
    result: ProviderResult | None = None
    failure: AttemptFailed | None = None


class Attempts:
    """Makes attempts and keeps an eye on those that would not end.

    A driver that swallows its cancellation is left behind after ``grace_seconds``,
    logged and counted: it never holds up an answer.
    """

    def __init__(
        self,
        clock: Clock,
        metrics: Metrics,
        *,
        prices: Prices | None = None,
        grace_seconds: float = 0.25,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._prices = prices
        self._grace_seconds = grace_seconds
        self._strays: set[asyncio.Task[ProviderResult]] = set()

    async def make(
        self, rung: Rung, driver: ProviderDriver, request: ProviderRequest, limit: Deadline
    ) -> Ended:
        """Run one attempt; it has ended, or was left behind, soon after ``limit`` at the latest.

        A cut-off attempt ends with ``Reason.TIMEOUT``; whether that was the
        window's end is the caller's to tell.
        """
        model = driver.model(rung.operation, rung.params)
        started = self._clock.monotonic()
        task = asyncio.create_task(driver.process(request), name=f"attempt {rung.provider}")
        try:
            # A driver that ends by its own deadline can tell what it has spent.
            patience_seconds = limit.remaining_seconds() + OWN_END_SECONDS
            await asyncio.wait({task}, timeout=patience_seconds)
        except asyncio.CancelledError:
            await self._call_off(task, rung)
            raise
        duration = self._clock.monotonic() - started
        if not task.done():
            await self._call_off(task, rung)
            failure = AttemptFailed(Reason.TIMEOUT, f"no answer in {duration:.1f} s")
            told = _failure_of(task, rung) if task.done() and not task.cancelled() else None
            if told is not None:
                failure.usage, failure.provider_request_id = told.usage, told.provider_request_id
            return Ended(model, started, duration, failure=failure)
        failed = _failure_of(task, rung)
        result = None if failed else task.result()
        return Ended(model, started, duration, result=result, failure=failed)

    def record(
        self,
        rung: Rung,
        ended: Ended,
        failure: AttemptFailed | None,
        *,
        slot_id: str,
        since_seconds: float,
    ) -> Attempt:
        """Log and count an attempt and return its record.

        ``failure`` is what it comes to in the end: None for the attempt whose
        picture is used. ``since_seconds`` is the monotonic instant that
        ``started_ms`` counts from.
        """
        outcome = ended.result or failure
        usage = _figures(outcome.usage) if outcome else {}
        request_id = outcome.provider_request_id if outcome else None
        cost = self._cost(rung.provider, ended.model, usage) if outcome else None
        attempt = Attempt(
            provider=rung.provider,
            operation=rung.operation,
            model=ended.model,
            started_ms=round((ended.started_seconds - since_seconds) * 1000),
            duration_ms=round(ended.duration_seconds * 1000),
            reason=str(failure.reason) if failure else None,
            message=failure.message if failure else "",
            provider_request_id=storable(str(request_id))[:LONGEST_ID] if request_id else None,
            usage=usage,
            cost=cost,
        )
        self._count(attempt, slot_id)
        logger.log(
            logging.INFO if attempt.reason is None else logging.WARNING,
            "provider attempt: %s",
            attempt.reason or OK,
            extra={
                "provider": attempt.provider,
                "operation": attempt.operation,
                "model": attempt.model,
                "reason": attempt.reason or OK,
                "duration_ms": attempt.duration_ms,
                "provider_request_id": attempt.provider_request_id,
                "provider_message": attempt.message,
            },
        )
        return attempt

    def _count(self, attempt: Attempt, slot_id: str) -> None:
        metrics, provider = self._metrics, attempt.provider
        metrics.provider_attempts_total.labels(provider, attempt.reason or OK).inc()
        metrics.provider_latency_seconds.labels(provider, attempt.model or "none").observe(
            attempt.duration_ms / 1000
        )
        if attempt.cost:
            metrics.provider_cost_total.labels(slot_id, provider).inc(attempt.cost)

    def _cost(self, provider: str, model: str | None, usage: Mapping[str, Any]) -> float | None:
        if self._prices is None:
            return None
        return self._prices.cost(provider, model, usage, self._clock.utcnow())

    async def _call_off(self, task: asyncio.Task[ProviderResult], rung: Rung) -> None:
        task.cancel()
        await asyncio.wait({task}, timeout=self._grace_seconds)
        if task.done():
            _forget(task)
            return
        logger.error(
            "the driver does not end when cancelled; its attempt is left behind",
            extra={"provider": rung.provider, "operation": rung.operation},
        )
        self._strays.add(task)
        self._metrics.provider_stray_attempts.inc()
        task.add_done_callback(self._stray_ended)

    def _stray_ended(self, task: asyncio.Task[ProviderResult]) -> None:
        self._strays.discard(task)
        self._metrics.provider_stray_attempts.dec()
        _forget(task)


def _failure_of(task: asyncio.Task[ProviderResult], rung: Rung) -> AttemptFailed | None:
    if task.cancelled():
        return AttemptFailed(Reason.BAD_RESPONSE, "the driver ended itself")
    error = task.exception()
    if error is None or isinstance(error, AttemptFailed):
        return error
    if isinstance(error, DeadlinePassed):
        return AttemptFailed(Reason.TIMEOUT, "the driver ran out of time")
    # A driver's own bug, met on whatever this provider sent: the photo still
    # has its other rungs. The error's text may quote what was sent, so only its
    # type and where it came from are logged.
    logger.error(
        "the driver failed in its own code: %s\n%s",
        type(error).__name__,
        "".join(traceback.format_tb(error.__traceback__)[-8:]),
        extra={"provider": rung.provider, "operation": rung.operation},
    )
    return AttemptFailed(Reason.BAD_RESPONSE, f"driver error: {type(error).__name__}")


def _figures(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers that can be stored and counted: a provider may have sent anything."""
    return {
        storable(str(name))[:LONGEST_ID]: value
        for name, value in usage.items()
        if isinstance(value, int | float) and abs(value) < MOST_OF_A_FIGURE
    }


def _forget(task: asyncio.Task[Any]) -> None:
    """Take the outcome of a task that nobody waits for, so that asyncio does not complain."""
    if not task.cancelled():
        task.exception()
