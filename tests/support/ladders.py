"""Drivers that do what a script says, and the shortest way to send a photo up a ladder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from prometheus_client import CollectorRegistry

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.ingest.ladder.errand import Budget, Climbed, Errand
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Attempt, PictureBytes, Rung
from photobooth_daemon.providers.driver import (
    ProviderCheck,
    ProviderConfig,
    ProviderDriver,
    ProviderRequest,
    ProviderResult,
)
from tests.support.fakes import FakeClock

Step = tuple[float, AttemptFailed | ProviderResult | BaseException]
PHOTO = PictureBytes(b"photo", "image/jpeg", 3, 2)
SLOT_ID = "slot-001"


def fail(reason: Reason, seconds: float = 0.5, **more: Any) -> Step:
    return seconds, AttemptFailed(reason, "scripted", **more)


def ok(seconds: float = 0.5, picture: bytes = b"picture") -> Step:
    return seconds, ProviderResult(picture, provider_request_id="req-1", usage={"images": 1})


class ScriptedDriver:
    """Takes the script's steps one by one; the last one repeats. Time passes on the fake clock."""

    needs_public_url = False
    calls_nobody = False

    def __init__(self, name: str, clock: FakeClock, script: Sequence[Step]) -> None:
        self.name = name
        self.title = name
        self.started_at: list[float] = []
        self.limits: list[float] = []
        self._clock = clock
        self._script = list(script)

    @staticmethod
    def is_configured(config: ProviderConfig) -> bool:
        return True

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        return f"{self.name}-1"

    async def process(self, request: ProviderRequest) -> ProviderResult:
        self.started_at.append(self._clock.monotonic())
        self.limits.append(request.deadline.remaining_seconds())
        seconds, outcome = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        await asyncio.sleep(0)
        self._clock.advance(seconds)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        return ProviderCheck(True, 0, "scripted")


async def take(result: ProviderResult) -> bytes:
    return result.picture


class Booth:
    """A ladder over the given drivers; ``climb`` sends one photo up it."""

    def __init__(
        self,
        *drivers: ProviderDriver,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        gate: Gate | None = None,
        **more: Any,
    ) -> None:
        self.clock = clock
        self.registry = CollectorRegistry()
        self.gate = gate or Gate(clock=clock)
        self.names = [driver.name for driver in drivers]
        self.ladder = Ladder(
            {driver.name: driver for driver in drivers},
            self.gate,
            clock,
            Metrics(self.registry),
            pause=pause,
            **more,
        )
        self.attempts: list[Attempt] = []

    async def climb(
        self,
        window_seconds: float = 47.0,
        *,
        accept: Callable[[ProviderResult], Awaitable[Any]] = take,
        names: Sequence[str] | None = None,
        concurrency: int = 8,
        attempts_per_photo: int = 8,
        budget: Budget | None = None,
    ) -> Climbed[Any]:
        self.attempts = []
        errand = Errand(
            self.request_for,
            accept,
            Deadline.after(self.clock, window_seconds),
            self.attempts,
            concurrency,
            attempts_per_photo,
            budget,
        )
        rungs = [Rung(name, "edit", {}) for name in names or self.names]
        return await self.ladder.climb(rungs, errand)

    async def request_for(
        self, rung: Rung, driver: ProviderDriver, deadline: Deadline
    ) -> ProviderRequest:
        return ProviderRequest(
            UUID(int=1), SLOT_ID, rung.operation, rung.params, PHOTO, (), deadline
        )

    def reasons(self) -> list[str]:
        return [f"{attempt.provider}:{attempt.reason or 'ok'}" for attempt in self.attempts]

    def sample(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"photobooth_{name}", labels) or 0.0


def scripted_booth(**scripts: Sequence[Step]) -> tuple[Booth, dict[str, ScriptedDriver]]:
    """Return a booth whose rungs follow these scripts, on a clock that only they turn."""
    clock = FakeClock()
    drivers = {name: ScriptedDriver(name, clock, script) for name, script in scripts.items()}

    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)
        clock.advance(seconds)

    return Booth(*drivers.values(), clock=clock, pause=pause), drivers
