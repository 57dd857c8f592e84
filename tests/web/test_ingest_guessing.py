"""Whoever guesses the cameras' password waits for himself; cameras and logins do not notice."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from tests.support.booth import Booth
from tests.support.fakes import SwiftClock, eventually


async def test_429_too_many_attempts(booth: Booth) -> None:
    wrong = booth.form(password="wrong")
    for _ in range(10):
        assert (await booth.post(wrong)).code == "invalid_password"
    throttled = await booth.post(wrong)
    assert (throttled.status, throttled.code) == (429, "too_many_attempts")
    assert 1 <= int(throttled.headers["Retry-After"]) <= 900
    assert (await booth.post()).status == 200, "the right password always passes"
    assert (await booth.post(wrong)).code == "too_many_attempts", "and forgives nothing"


async def test_wrong_passwords_are_answered_ever_later(database: Database, tmp_path: Path) -> None:
    clock = SwiftClock()
    booth = await Booth.open(database, tmp_path, clock)
    waited = []
    for n in range(12):
        before = clock.skipped_seconds
        answer = await booth.post(booth.form(password="wrong" if n % 2 else f"guess {n}"))
        assert answer.status == (401 if n < 10 else 429)
        waited.append(round(clock.skipped_seconds - before))
    assert waited == [1, 2, 4, 8] + [15] * 8
    before = clock.skipped_seconds
    assert (await booth.post()).status == 200
    assert clock.skipped_seconds == before, "a right one is not"
    await booth.close()


async def test_guesses_by_many_connections_are_tested_one_by_one(
    database: Database, tmp_path: Path
) -> None:
    """However many connections guess, they find out no more, and cameras do not notice."""
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=10)
    assert (await booth.post()).status == 200
    checked, asked = booth.app.camera_passwords.verify, []

    async def verify(password: str | bytes, stored_hash: str | None) -> bool:
        asked.append(password)
        return await checked(password, stored_hash)

    booth.app.camera_passwords.verify = verify  # type: ignore[method-assign]
    ends_at = asyncio.get_running_loop().time() + 4

    async def guess(n: int) -> None:
        number = 0
        while asyncio.get_running_loop().time() < ends_at:
            number += 1
            answer = await booth.post(booth.form(password=f"guess {n} {number}"))
            assert answer.status in (401, 429)
            await asyncio.sleep(0.1)

    guessers = [asyncio.create_task(guess(n)) for n in range(8)]
    slowest_seconds = 0.0
    while (sent := asyncio.get_running_loop().time()) < ends_at:
        assert (await booth.post()).status == 200
        slowest_seconds = max(slowest_seconds, asyncio.get_running_loop().time() - sent)
        await asyncio.sleep(0.1)
    tested = len(asked)
    booth.app.penalties.end()
    await asyncio.gather(*guessers)
    assert 1 <= tested <= 3
    assert slowest_seconds < 1
    await booth.nothing_left()
    await booth.close()


@pytest.mark.parametrize("guessed_bytes", [100, 100_000])
async def test_a_guesser_at_a_cameras_address_does_not_take_its_way_in(
    database: Database, tmp_path: Path, guessed_bytes: int
) -> None:
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=10)
    assert (await booth.post()).status == 200
    loop = asyncio.get_running_loop()

    async def guess(n: int) -> int:
        form = booth.form(b"\xff\xd8" + b"a" * guessed_bytes, password=f"guess {n}")
        return (await booth.post(form)).status

    guesses = [asyncio.create_task(guess(n)) for n in range(20)]
    answers = []
    for _ in range(4):
        await asyncio.sleep(0.25)
        sent = loop.time()
        status = (await booth.post()).status
        answers.append((status, loop.time() - sent))
    booth.app.penalties.end()
    assert set(await asyncio.gather(*guesses)) <= {401, 429}
    assert all(status == 200 and seconds < 1 for status, seconds in answers), answers
    await booth.nothing_left()
    await booth.close()


async def test_a_guess_that_waits_for_its_turn_keeps_no_camera_out_of_a_small_slot(
    database: Database, tmp_path: Path
) -> None:
    """One place and a queue of one: one way in for forms, and a guess in it that waits 8 s."""
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=15, slot_concurrency=1, slot_queue=1)
    assert (await booth.post()).status == 200
    await booth.fetch(
        "INSERT INTO attempt_counter VALUES"
        " ('ingest_password', '127.0.0.1', 3, now() + interval '10 minutes')"
    )
    loop = asyncio.get_running_loop()
    looked_at = asyncio.create_task(booth.post(booth.form(password="guess 0")))
    await asyncio.sleep(1)
    guess = asyncio.create_task(booth.post(booth.form(password="guess 1")))
    await asyncio.sleep(0.2)
    sent = loop.time()
    assert (await booth.post()).status == 200
    assert loop.time() - sent < 2
    assert not guess.done()
    assert booth.app.gate.seats() == 0
    assert (await guess).status in (401, 429)
    assert (await looked_at).status == 401
    await booth.nothing_left()
    await booth.close()


async def test_a_right_password_that_had_to_wait_goes_back_to_a_seat(
    database: Database, tmp_path: Path
) -> None:
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=20, slot_concurrency=1, slot_queue=0)
    released = threading.Event()
    booth.app.camera_passwords._thread.submit(released.wait)
    waits = asyncio.create_task(booth.post())
    await asyncio.sleep(0.2)
    assert booth.app.gate.seats() == 1
    await eventually(lambda: booth.app.gate.seats() == 0)
    released.set()
    assert (await waits).status == 200
    await booth.nothing_left()
    await booth.close()


async def test_a_held_answer_leaves_in_the_window_and_holds_nothing(
    database: Database, tmp_path: Path
) -> None:
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=10)
    await booth.fetch(
        "INSERT INTO attempt_counter VALUES"
        " ('ingest_password', '127.0.0.1', 20, now() + interval '10 minutes')"
    )
    began = asyncio.get_running_loop().time()
    wrong = asyncio.create_task(booth.post(booth.form(password="wrong")))
    await asyncio.sleep(1.5)
    assert not wrong.done()
    assert booth.app.gate.seats() == 0
    assert booth.files() == []
    assert (await wrong).code == "too_many_attempts"
    assert 5 < asyncio.get_running_loop().time() - began < 10
    await booth.close()


async def test_guesses_starve_no_login_and_no_window(booth: Booth) -> None:
    await booth.configure_settings(sync_response_seconds=3)
    released = threading.Event()
    booth.app.camera_passwords._thread.submit(released.wait)
    try:
        began = asyncio.get_running_loop().time()
        guess = await booth.post(X_Ingest_Password="a guess", Expect="100-continue")
        assert asyncio.get_running_loop().time() - began < 3
        assert (guess.status, guess.code, guess.interim) == (429, "rate_limited", False)
        login = json.dumps({"username": "serg", "password": "a guess"}).encode()
        kind = {"Content-Type": "application/json"}
        async with asyncio.timeout(20):
            refused = await booth.request("POST", "/api/login", login, kind)
        assert refused.code == "invalid_credentials"
    finally:
        released.set()
    await booth.nothing_left()
