"""What another process found of a provider's model is known here, and the other way round."""

from __future__ import annotations

from datetime import timedelta

import pytest

from photobooth_daemon.ingest.ladder.cooldown import Cooldowns, Verdict
from tests.support.fakes import FakeClock

MODEL = ("gemini", "painter")


@pytest.fixture
def pair(clock: FakeClock) -> tuple[Cooldowns, Cooldowns]:
    """Two processes, of which each learns at once what the other finds."""
    one = Cooldowns(clock, lambda model, seconds: other.learn(model, seconds, clock.utcnow()))
    other = Cooldowns(clock, lambda model, seconds: one.learn(model, seconds, clock.utcnow()))
    return one, other


def test_a_cool_down_holds_in_both_and_doubles_in_both(
    pair: tuple[Cooldowns, Cooldowns], clock: FakeClock
) -> None:
    one, other = pair
    one.end(MODEL, Verdict.HOPELESS, probe=False)
    assert one.seconds_left() == other.seconds_left() == {MODEL: 15.0}
    clock.advance(16)
    assert other.begin(MODEL), "the other may make the probe"
    other.end(MODEL, Verdict.ILL, probe=True)
    assert one.seconds_left() == other.seconds_left() == {MODEL: 30.0}
    clock.advance(31)
    assert one.begin(MODEL)
    one.end(MODEL, Verdict.WELL, probe=True)
    other.end(MODEL, Verdict.ILL, probe=False)
    assert not other.cooling(MODEL), "one failure after a success is one failure"


def test_what_is_told_late_holds_for_what_is_left(clock: FakeClock) -> None:
    cooldowns, found_at = Cooldowns(clock), clock.utcnow()
    clock.advance(10)
    cooldowns.learn(MODEL, 15, found_at)
    assert cooldowns.seconds_left() == {MODEL: 5.0}
    clock.advance(10)
    cooldowns.learn(MODEL, 15, found_at)
    assert not cooldowns.cooling(MODEL)


def test_a_host_whose_clock_is_ahead_makes_no_cool_down_longer(clock: FakeClock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.learn(MODEL, 15, clock.utcnow() + timedelta(seconds=10))
    assert cooldowns.seconds_left() == {MODEL: 15.0}


@pytest.mark.parametrize("whose", ["model", "provider"])
def test_a_fresh_start_forgets_what_was_found_before_and_is_told_after(
    clock: FakeClock, whose: str
) -> None:
    cooldowns, found_at = Cooldowns(clock), clock.utcnow()
    clock.advance(1)
    if whose == "model":
        cooldowns.forget(MODEL)
    else:
        cooldowns.clear(MODEL[0])
    cooldowns.learn(MODEL, 60, found_at)
    assert not cooldowns.cooling(MODEL)
    cooldowns.learn(MODEL, 60, clock.utcnow() + timedelta(seconds=1))
    assert cooldowns.cooling(MODEL)
