"""A gallery's PIN: who has typed it gets a pass, who guesses it gets nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.hall import HTML, Hall
from tests.support.office import Office


async def test_a_pin_keeps_others_out(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    job_id = await hall.shoot()
    page = await hall.get()
    text = page.body.decode()
    assert (page.status, page.headers["Content-Type"]) == (200, HTML)
    assert f'action="{hall.path}/pin"' in text
    assert '<label for="pin">' in text
    assert job_id not in text
    for tail in ("/pictures", "/live"):
        reply = await hall.get(tail)
        assert (reply.status, reply.code) == (401, "pin_required")
    wrong = await hall.type_pin("1357")
    assert (wrong.status, wrong.headers["Content-Type"]) == (401, HTML)
    assert wrong.cookies() == {}
    right = await hall.type_pin("2468")
    assert (right.status, right.headers["Location"]) == (303, hall.path)
    cookie = right.cookies()["photobooth_gallery"]
    for part in ("HttpOnly", "SameSite=Lax", f"Path={hall.path}", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie
    secure = await hall.type_pin("2468", X_Forwarded_Proto="https")
    assert "Secure" in secure.cookies()["photobooth_gallery"]
    hall.cookie = cookie.partition(";")[0]
    assert job_id in (await hall.get()).body.decode()
    assert await hall.pictures() == [job_id]
    to_show = await hall.type_pin("", body="pin=2468&to=show")
    assert to_show.headers["Location"] == f"{hall.path}/show"


async def test_a_pass_ends_with_its_pin_and_its_time(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    await hall.shoot()
    given = (await hall.type_pin("2468")).cookies()["photobooth_gallery"].partition(";")[0]
    name, _, value = given.partition("=")
    ends, _, seal = value.partition(".")
    hours = datetime.fromtimestamp(int(ends), UTC) - datetime.now(UTC)
    assert timedelta(hours=11.9) < hours < timedelta(hours=12.1)
    for forged in ("", "x", f"{int(ends) + 1}.{seal}", f"{ends}.{'A' * 43}", f"1.{seal}"):
        hall.cookie = f"{name}={forged}"
        assert (await hall.get("/pictures")).code == "pin_required"
    hall.cookie = given
    other = await Hall.open(office, 120, 180, gallery={"pin": "2468"})
    other.cookie = given
    assert (await other.get("/pictures")).code == "pin_required"
    assert (await hall.get("/pictures")).status == 200
    await hall.change(gallery={"pin": "2468"})
    assert (await hall.get("/pictures")).code == "pin_required", "a PIN that is set again, too"
    await hall.change(gallery={"pin": None})
    assert (await hall.get("/pictures")).status == 200


async def test_guessing_ends_before_bcrypt_is_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    for number in range(9):
        assert (await hall.type_pin(f"{number:04}")).status == 401
    assert (await hall.type_pin("2468")).status == 303, "a right one does not count"
    assert (await hall.type_pin("0000")).status == 401
    asked: list[str] = []
    real = office.app.guest_passwords.verify_for

    async def noted(asker: str, *arguments: Any) -> bool:
        asked.append(asker)
        return await real(asker, *arguments)

    monkeypatch.setattr(office.app.guest_passwords, "verify_for", noted)
    over = await hall.type_pin("2468")
    assert (over.status, over.code) == (429, "too_many_attempts")
    assert 0 < int(over.headers["Retry-After"]) <= 900
    page = await hall.type_pin("2468", Accept="text/html")
    assert (page.status, page.headers["Content-Type"]) == (429, HTML)
    assert asked == []
    assert (await hall.type_pin("2468", X_Forwarded_For="192.0.2.6")).status == 303
    for number in range(10):
        await hall.type_pin("9999", X_Forwarded_For=f"2001:db8::{number + 1:x}")
    same_network = await hall.type_pin("2468", X_Forwarded_For="2001:db8::ffff")
    assert same_network.code == "too_many_attempts"


async def test_the_networks_of_an_ipv6_site_are_counted_together(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    for number in range(30):
        wrong = await hall.type_pin("9999", X_Forwarded_For=f"2001:db8:7:{number:x}::1")
        assert wrong.status == 401
    right = {"X_Forwarded_For": "2001:db8:7:ffff::1"}
    assert (await hall.type_pin("2468", **right)).code == "too_many_attempts"
    assert (await hall.type_pin("2468", X_Forwarded_For="2001:db8:8::1")).status == 303


async def test_what_is_no_pin_is_refused(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    assert (await hall.type_pin("", body="pin=" + "1" * 5000)).code == "payload_too_large"
    assert (await hall.type_pin("1" * 100)).status == 401
    assert (await hall.type_pin("", body="pen=1")).status == 401
    assert (await hall.type_pin("2468", Content_Type="text/plain")).status == 415
    open_hall = await Hall.open(office, 120, 180)
    assert (await open_hall.type_pin("1")).status == 303


async def test_cookies_full_of_quotes_are_passed_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    await hall.shoot()
    given = (await hall.type_pin("2468")).cookies()["photobooth_gallery"].partition(";")[0]

    def quadratic(_: str) -> dict[str, str]:
        raise AssertionError("Tornado before 6.4.2 needs seconds for it")

    monkeypatch.setattr("tornado.httputil.parse_cookie", quadratic)
    hall.cookie = "photobooth_gallery=" + r"\"\\" * 15_000
    assert (await hall.get("/pictures")).code == "pin_required"
    hall.cookie = "; ".join([*(f"c{number}=1" for number in range(1000)), given])
    assert (await hall.get("/pictures")).status == 200
