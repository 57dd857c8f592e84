"""Wrong passwords are counted in fixed windows that every process and a restart see."""

from __future__ import annotations

import asyncio

import pytest

from photobooth_daemon.administration.throttle import (
    INGEST_PASSWORD,
    LOGIN_OF_ADDRESS,
    LOGIN_OF_USER,
    WINDOW_SECONDS,
    Throttle,
    user_key,
)
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import TooManyAttempts
from tests.support.fakes import FakeClock


@pytest.fixture
def throttle(database: Database, clock: FakeClock) -> Throttle:
    return Throttle(database, clock)


async def test_the_eleventh_failure_is_refused_until_the_window_ends(
    throttle: Throttle, clock: FakeClock
) -> None:
    for _ in range(10):
        await throttle.count(INGEST_PASSWORD, "10.0.0.7")
    clock.advance(60)
    with pytest.raises(TooManyAttempts) as refusal:
        await throttle.count(INGEST_PASSWORD, "10.0.0.7")
    assert refusal.value.retry_after_seconds == WINDOW_SECONDS - 60
    clock.advance(WINDOW_SECONDS)
    assert (await throttle.count(INGEST_PASSWORD, "10.0.0.7")).attempts == 1


async def test_another_address_and_a_cleared_one_are_free(throttle: Throttle) -> None:
    for _ in range(10):
        await throttle.count(INGEST_PASSWORD, "10.0.0.7")
    await throttle.count(INGEST_PASSWORD, "10.0.0.8")
    await throttle.clear(INGEST_PASSWORD, "10.0.0.7")
    assert (await throttle.count(INGEST_PASSWORD, "10.0.0.7")).attempts == 1


async def test_a_restart_and_a_second_process_go_on_counting(
    throttle: Throttle, database: Database, clock: FakeClock
) -> None:
    for _ in range(10):
        await throttle.count(INGEST_PASSWORD, "10.0.0.7")
    with pytest.raises(TooManyAttempts):
        await Throttle(database, clock).count(INGEST_PASSWORD, "10.0.0.7")


async def test_attempts_at_the_same_moment_do_not_slip_past_the_limit(throttle: Throttle) -> None:
    places = [(LOGIN_OF_ADDRESS, "10.0.0.7"), (LOGIN_OF_USER, user_key("serg", "10.0.0.7"))]
    outcomes = await asyncio.gather(
        *(throttle.reserve(places) for _ in range(20)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 10
    assert sum(isinstance(outcome, TooManyAttempts) for outcome in outcomes) == 10


async def test_a_refused_attempt_counts_nowhere(throttle: Throttle) -> None:
    """Hammering on one user must not use up the address' own limit."""
    hammered = [(LOGIN_OF_ADDRESS, "10.0.0.7"), (LOGIN_OF_USER, user_key("serg", "10.0.0.7"))]
    for _ in range(10):
        await throttle.reserve(hammered)
    for _ in range(40):
        with pytest.raises(TooManyAttempts):
            await throttle.reserve(hammered)
    other = [(LOGIN_OF_ADDRESS, "10.0.0.7"), (LOGIN_OF_USER, user_key("igor", "10.0.0.7"))]
    await throttle.reserve(other)


async def test_a_success_clears_the_user_and_gives_the_address_its_attempt_back(
    throttle: Throttle, database: Database
) -> None:
    of_address, of_user = (LOGIN_OF_ADDRESS, "a"), (LOGIN_OF_USER, user_key("serg", "a"))
    for _ in range(3):
        await throttle.reserve([of_address, of_user])
    await throttle.forgive(cleared=of_user, taken_back=of_address)
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT scope, attempts FROM attempt_counter")
    assert [tuple(row) for row in rows] == [("login_of_address", 2)]


async def test_unlocking_a_user_frees_the_addresses_they_failed_from(throttle: Throttle) -> None:
    for address in ("10.0.0.7", "10.0.0.8"):
        for _ in range(10):
            await throttle.reserve(
                [(LOGIN_OF_ADDRESS, address), (LOGIN_OF_USER, user_key("serg", address))]
            )
    assert await throttle.unlock_user("serg") == 2
    await throttle.reserve([(LOGIN_OF_USER, user_key("serg", "10.0.0.7"))])
    await throttle.reserve([(LOGIN_OF_ADDRESS, "10.0.0.8")])


async def test_unlocking_frees_an_address_that_others_used_up(throttle: Throttle) -> None:
    """Behind one address (a router, a proxy) somebody else's failures refuse this user, too."""
    serg = [(LOGIN_OF_ADDRESS, "10.0.0.7"), (LOGIN_OF_USER, user_key("serg", "10.0.0.7"))]
    for n in range(30):
        of_user = (LOGIN_OF_USER, user_key(f"guess-{n}", "10.0.0.7"))
        await throttle.reserve([(LOGIN_OF_ADDRESS, "10.0.0.7"), of_user])
    with pytest.raises(TooManyAttempts):
        await throttle.reserve(serg)
    assert await throttle.unlock_user("serg") == 1
    await throttle.reserve(serg)


async def test_whatever_is_sent_as_a_name_makes_a_short_key(throttle: Throttle) -> None:
    for name in ("\0", "x" * 100_000, "\ud800", ""):
        key = user_key(name, "10.0.0.7")
        assert len(key) < 50
        await throttle.count(LOGIN_OF_USER, key)
