"""Wrong passwords are counted in fixed windows that every process and a restart see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import RateLimited
from photobooth_daemon.model.networks import network_of
from tests.support.audit import audit_in
from tests.support.fakes import FakeClock

Make = Callable[[], Throttle]


@pytest.fixture
def made(database: Database, clock: FakeClock, tmp_path: Path) -> Make:
    """Makes throttles, as each process has its own."""
    return lambda: Throttle(database, audit_in(tmp_path, database, clock), clock)


@pytest.fixture
def throttle(made: Make) -> Throttle:
    return made()


async def entries(database: Database) -> list[Any]:
    async with database.connection() as connection:
        return list(await connection.fetch("SELECT * FROM audit_log ORDER BY audit_id"))


async def test_a_window_counts_until_it_ends(throttle: Throttle, clock: FakeClock) -> None:
    place = (INGEST_PASSWORD, "10.0.0.7")
    for n in range(1, 12):
        (tally,) = await throttle.count(place)
        assert tally.attempts == n
    clock.advance(60)
    assert throttle.refusal(tally).retry_after_seconds == WINDOW_SECONDS - 60
    clock.advance(WINDOW_SECONDS)
    (tally,) = await throttle.count(place)
    assert tally.attempts == 1


async def test_guesses_are_tested_ever_more_slowly_by_all_processes_together(
    throttle: Throttle, database: Database, clock: FakeClock, made: Make
) -> None:
    begun, second = clock.monotonic(), made()
    tested_at = []
    for n in range(8):
        process = throttle if n % 2 else second
        await process.take_turn(INGEST_PASSWORD, "10.0.0.7", Deadline.after(clock, 48))
        tested_at.append(clock.monotonic() - begun)
    assert tested_at == [0, 1, 3, 7, 15, 30, 45, 60]
    with pytest.raises(RateLimited):
        await throttle.take_turn(INGEST_PASSWORD, "10.0.0.7", Deadline.after(clock, 10))
    await throttle.take_turn(INGEST_PASSWORD, "10.0.0.8", Deadline.after(clock, 10))


async def test_turns_taken_at_the_same_moment_are_taken_one_after_the_other(
    throttle: Throttle, database: Database, clock: FakeClock, made: Make
) -> None:
    clock.sleep = lambda _: asyncio.sleep(0)  # type: ignore[method-assign]
    turns = [
        asyncio.create_task(made().take_turn(INGEST_PASSWORD, "a", Deadline.after(clock, 1e6)))
        for _ in range(12)
    ]
    await asyncio.sleep(0.5)
    assert sum(turn.done() for turn in turns) == 1
    for n in range(2, 12):
        clock.advance(15)
        await asyncio.sleep(0.2)
        assert sum(turn.done() for turn in turns) == n
    for turn in turns:
        turn.cancel()


async def test_a_right_one_is_taken_back_and_forgives_nothing(
    throttle: Throttle, clock: FakeClock
) -> None:
    place = (INGEST_PASSWORD, "10.0.0.7")
    soon = Deadline.after(clock, 1e6)
    await throttle.take_turn(*place, soon)
    await throttle.take_back(place)
    begun = clock.monotonic()
    for _ in range(3):
        await throttle.take_turn(*place, soon)
    assert clock.monotonic() == begun + 3, "the first was right, and keeps nobody waiting"
    await throttle.take_back(place)
    (tally,) = await throttle.count(place)
    assert tally.attempts == 3


async def test_a_clock_set_back_keeps_nobody_out(throttle: Throttle, clock: FakeClock) -> None:
    for _ in range(2):
        await throttle.take_turn(INGEST_PASSWORD, "10.0.0.7", Deadline.after(clock, 60))
    clock.jump(-3600)
    await throttle.take_turn(INGEST_PASSWORD, "10.0.0.7", Deadline.after(clock, 20))


async def test_attempts_at_the_same_moment_do_not_slip_past_the_limit(throttle: Throttle) -> None:
    places = [(LOGIN_OF_ADDRESS, "10.0.0.7"), (LOGIN_OF_USER, user_key("serg", "10.0.0.7"))]
    counted = await asyncio.gather(*(throttle.count(*places) for _ in range(20)))
    assert sorted(by_user.attempts for _, by_user in counted) == list(range(1, 21))


async def test_what_was_not_audited_one_by_one_is_summed_up_when_the_window_ends(
    throttle: Throttle, database: Database, clock: FakeClock, made: Make
) -> None:
    for n in range(57):
        await throttle.count((LOGIN_OF_ADDRESS, "10.0.0.7"), (LOGIN_OF_USER, f"user-{n % 3}"))
    for _ in range(10):
        await throttle.count((INGEST_PASSWORD, "10.0.0.8"))
    clock.advance(WINDOW_SECONDS - 1)
    await throttle.sum_up()
    assert await entries(database) == []
    clock.advance(1)
    await asyncio.gather(*(made().sum_up() for _ in range(3)))
    (entry,) = await entries(database)
    assert (entry["actor"], entry["action"], entry["entity"], entry["address"]) == (
        "unauthenticated",
        "admin.login_refused",
        "address:10.0.0.7",
        "10.0.0.7",
    )
    assert entry["after"] == {
        "attempts": 57,
        "told_one_by_one": 10,
        "from": "2026-11-22T12:00:00Z",
        "until": "2026-11-22T12:15:00Z",
    }


async def test_a_window_that_begins_anew_or_is_unlocked_tells_of_the_old_one(
    throttle: Throttle, database: Database, clock: FakeClock
) -> None:
    for _ in range(11):
        await throttle.count((INGEST_PASSWORD, "10.0.0.7"), (LOGIN_OF_ADDRESS, "10.0.0.7"))
    clock.advance(WINDOW_SECONDS)
    await throttle.take_turn(INGEST_PASSWORD, "10.0.0.7", Deadline.after(clock, 1))
    await throttle.unlock_user("serg")
    told = [(entry["action"], entry["after"]["attempts"]) for entry in await entries(database)]
    assert told == [("ingest_password_refused", 11), ("admin.login_refused", 11)]


async def test_unlocking_a_user_frees_the_addresses_they_failed_from(throttle: Throttle) -> None:
    for address in ("10.0.0.7", "10.0.0.8"):
        for _ in range(10):
            await throttle.count(
                (LOGIN_OF_ADDRESS, address), (LOGIN_OF_USER, user_key("serg", address))
            )
    assert await throttle.unlock_user("serg") == 2
    (by_user,) = await throttle.count((LOGIN_OF_USER, user_key("serg", "10.0.0.7")))
    (by_address,) = await throttle.count((LOGIN_OF_ADDRESS, "10.0.0.8"))
    assert (by_user.attempts, by_address.attempts) == (1, 1)


async def test_whatever_is_sent_as_a_name_makes_a_short_key(throttle: Throttle) -> None:
    for name in ("\0", "x" * 100_000, "\ud800", ""):
        key = user_key(name, "10.0.0.7")
        assert len(key) < 50
        await throttle.count((LOGIN_OF_USER, key))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
