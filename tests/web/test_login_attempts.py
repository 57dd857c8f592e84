"""Whoever guesses administrators' passwords is slowed down and refused, and locks nobody out."""

from __future__ import annotations

import json
from typing import Any

from tests.support.fakes import FakeClock
from tests.support.office import PASSWORDS, Office, Reply
from tests.support.sessions import cookie_value


async def test_login_too_many_attempts_of_one_user_from_one_address(
    still_office: Office, clock: FakeClock
) -> None:
    office = still_office
    for _ in range(10):
        assert (await office.login("serg", "wrong password")).status == 401
    refused = await office.login("serg")
    assert refused.status == 429
    assert refused.code == "too_many_attempts"
    assert int(refused.headers["Retry-After"]) == 15 * 60 - (1 + 2 + 4 + 8 + 6 * 15)
    # A stranger does not keep the administrator out: another address is free.
    assert (await office.login("serg", address="192.0.2.2")).status == 200
    assert (await office.login("igor")).status == 200
    clock.advance(15 * 60)
    assert (await office.login("serg")).status == 200


async def test_login_too_many_attempts_of_one_address(still_office: Office) -> None:
    office = still_office
    for n in range(30):
        assert (await office.login(f"made-up-{n}", "wrong one")).status == 401
    for name in ("somebody-else", "serg"):
        refused = await office.login(name, "wrong one")
        assert (refused.status, refused.code) == (429, "too_many_attempts")
    for name in ("serg", "igor"):
        assert (await office.login(name)).status == 200, "made-up names lock nobody out"


async def test_login_where_an_administrator_has_logged_in_before(still_office: Office) -> None:
    office = still_office
    note = cookie_value(await office.login("serg"), "photobooth_device")
    for _ in range(12):
        await office.login("serg", "wrong password")
    assert (await office.login("serg")).status == 429
    for device, name, status in (
        (note, "serg", 200),
        (note, "igor", 200),
        (note[:-1] + ("A" if note[-1] != "A" else "B"), "serg", 429),
        ("x" * 5000, "serg", 429),
    ):
        reply = await login_from(office, device, name, PASSWORDS[name])
        assert reply.status == status, (device[:20], name)
    guesses = [(await login_from(office, note, "serg", "wrong password")).status for _ in range(12)]
    assert guesses == [401] * 10 + [429] * 2, "it has a count of its own, and no more"
    await office.execute("UPDATE admin SET token_version = token_version + 1")
    assert (await login_from(office, note, "serg", PASSWORDS["serg"])).status == 429


async def login_from(office: Office, device: str, username: str, password: str) -> Reply:
    body = json.dumps({"username": username, "password": password}).encode()
    return await office.send(
        "POST",
        "/api/login",
        body,
        {
            "Content-Type": "application/json",
            "Cookie": f"photobooth_device={device}",
            "X-Forwarded-For": "192.0.2.1",
        },
    )


async def test_wrong_passwords_are_answered_ever_later(
    still_office: Office, clock: FakeClock
) -> None:
    waited = []
    for n in range(6):
        begun = clock.monotonic()
        await still_office.login(f"user-{n}", "wrong password")
        waited.append(clock.monotonic() - begun)
    assert waited == [1, 2, 4, 8, 15, 15]
    begun = clock.monotonic()
    assert (await still_office.login("serg")).status == 200
    assert clock.monotonic() == begun, "a right one is not"


async def test_addresses_of_one_ipv6_network_count_as_one(still_office: Office) -> None:
    for n in range(10):
        reply = await still_office.login("serg", "wrong password", address=f"2001:db8::{n}:1")
        assert reply.status == 401
    assert (await still_office.login("serg", address="2001:db8::7:8:9:1")).status == 429
    assert (await still_office.login("serg", address="2001:db8:0:1::1")).status == 200


async def test_login_attempts_survive_a_restart(
    still_office: Office, io_loop: Any, database: Any, tmp_path: Any, clock: FakeClock
) -> None:
    for _ in range(10):
        await still_office.login("serg", "wrong password")
    (tmp_path / "second").mkdir()
    restarted = await Office.open(database, tmp_path / "second", clock)
    try:
        assert (await restarted.login("serg")).status == 429
    finally:
        await restarted.server.close_all_connections()
        restarted.server.stop()
        await restarted.app.feed.close()
        await restarted.app.http.close()


async def test_a_success_passes_and_does_not_forgive(still_office: Office) -> None:
    for _ in range(9):
        assert (await still_office.login("serg", "wrong password")).status == 401
    for _ in range(3):
        assert (await still_office.login("serg")).status == 200
    assert (await still_office.login("serg", "wrong password")).status == 401
    assert (await still_office.login("serg", "wrong password")).status == 429


async def test_failures_past_the_tenth_are_told_by_one_entry(
    still_office: Office, clock: FakeClock
) -> None:
    for n in range(14):
        await still_office.login(f"user-{n}", "wrong password")
    assert len(await still_office.fetch("SELECT FROM audit_log")) == 10
    clock.advance(15 * 60)
    await still_office.app.operations._throttle.sum_up()
    (summary,) = await still_office.fetch("SELECT * FROM audit_log WHERE audit_id = 11")
    assert (summary["action"], summary["entity"]) == ("admin.login_refused", "address:192.0.2.1")
    assert summary["after"]["attempts"] == 14
