"""The ladder by the real clock: attempts that hang, are cut off, or wait for a busy provider."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    AttemptFailed,
    ProviderTimeout,
    Reason,
)
from photobooth_daemon.providers.driver import (
    ProviderConfig,
    ProviderRequest,
    ProviderResult,
)
from tests.support.fakes import FakeClock
from tests.support.ladders import Booth, ScriptedDriver, ok


class Hanging:
    """A driver that never answers; ``stubborn`` ones swallow their cancellation, too."""

    title = "hanging"
    needs_public_url = False

    def __init__(self, name: str = "hanging", *, stubborn: bool = False) -> None:
        self.name = name
        self.started = asyncio.Event()
        self.released = asyncio.Event()
        self._stubborn = stubborn

    @staticmethod
    def is_configured(config: ProviderConfig) -> bool:
        return True

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        return None

    async def process(self, request: ProviderRequest) -> ProviderResult:
        self.started.set()
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                if not self._stubborn:
                    raise
        raise AttemptFailed(Reason.NO_IMAGE)

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> Any: ...


async def test_the_window_closes_on_a_running_attempt() -> None:
    booth = Booth(Hanging(), clock=Clock())
    begun = booth.clock.monotonic()
    with pytest.raises(ProviderTimeout):
        await booth.climb(0.2)
    assert booth.clock.monotonic() - begun < 5
    assert booth.reasons() == ["hanging:cancelled"]
    assert booth.gate.figures().providers == {}


class Telling(Hanging):
    """A driver that tells what it has spent when it is called off."""

    async def process(self, request: ProviderRequest) -> ProviderResult:
        try:
            return await super().process(request)
        except asyncio.CancelledError:
            spent = {"creates": 1}
            raise AttemptFailed(Reason.TIMEOUT, provider_request_id="q-1", usage=spent) from None


async def test_what_a_cut_off_attempt_has_spent_is_kept() -> None:
    booth = Booth(Telling(), clock=Clock())
    with pytest.raises(ProviderTimeout):
        await booth.climb(0.1)
    assert booth.reasons() == ["hanging:cancelled"]
    (attempt,) = booth.attempts
    assert (attempt.provider_request_id, attempt.usage) == ("q-1", {"creates": 1})


async def test_a_hanging_rung_is_left_in_time_for_the_next() -> None:
    clock = Clock()
    fast = ScriptedDriver("local", FakeClock(), [ok()])
    booth = Booth(Hanging(), fast, clock=clock)
    assert (await booth.climb(1.0)).rung.provider == "local"
    assert booth.reasons() == ["hanging:timeout", "local:ok"]
    assert 300 < booth.attempts[0].duration_ms < 1000


async def test_an_attempt_that_will_not_end_is_left_behind() -> None:
    driver = Hanging(stubborn=True)
    booth = Booth(driver, clock=Clock(), grace_seconds=0.05)
    with pytest.raises(ProviderTimeout):
        await asyncio.wait_for(booth.climb(0.1), 5)
    assert booth.sample("provider_stray_attempts") == 1
    assert booth.gate.figures().providers == {}
    driver.released.set()
    for _ in range(100):
        if not booth.sample("provider_stray_attempts"):
            break
        await asyncio.sleep(0.01)
    assert booth.sample("provider_stray_attempts") == 0


async def test_a_photo_that_is_given_up_calls_its_attempt_off() -> None:
    driver = Hanging()
    booth = Booth(driver, clock=Clock())
    climb = asyncio.create_task(booth.climb(30))
    await driver.started.wait()
    climb.cancel()
    with pytest.raises(asyncio.CancelledError):
        await climb
    assert booth.reasons() == ["hanging:cancelled"]
    assert booth.gate.figures().providers == {}


async def test_a_busy_provider_is_waited_for_and_passed_by_while_another_rung_is_left() -> None:
    clock = Clock()
    hanging = Hanging()
    booth = Booth(hanging, ScriptedDriver("local", FakeClock(), [ok()]), clock=clock)
    holding = asyncio.create_task(booth.climb(30, names=["hanging"], concurrency=1))
    await hanging.started.wait()
    assert (await booth.climb(0.6, concurrency=1)).rung.provider == "local"
    assert booth.reasons() == ["local:ok"]
    with pytest.raises(ProviderTimeout):
        await booth.climb(0.1, names=["hanging"], concurrency=1)
    assert booth.reasons() == []
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
