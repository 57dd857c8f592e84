"""The own account by the HTTP contract: who one is, the password, the end of a session."""

from __future__ import annotations

from typing import Any

from tests.support.fakes import FakeClock
from tests.support.in_turn import in_turn
from tests.support.office import PASSWORDS, Office, Reply
from tests.support.sessions import DAY_SECONDS, cookie_call, cookie_value
from tests.web.test_login import EVERY_PERMISSION

# POST /api/logout


async def test_logout_revokes_this_token_alone(office: Office) -> None:
    first, second = [(await office.login("serg")).json()["token"] for _ in range(2)]
    reply = await office.call("POST", "/api/logout", token=first)
    assert reply.status == 204
    assert reply.body == b""
    ended = await office.get("/api/me", token=first)
    assert (ended.status, ended.code) == (401, "unauthenticated")
    assert ended.headers["WWW-Authenticate"] == "Bearer"
    assert (await office.get("/api/me", token=second)).status == 200


async def test_logout_clears_the_cookies(office: Office) -> None:
    login = await office.login("serg")
    xsrf = cookie_value(login, "photobooth_xsrf")
    reply = await cookie_call(office, login, "POST", "/api/logout", X_XSRF_Token=xsrf)
    assert reply.status == 204
    assert reply.cookies().keys() == {"photobooth_session", "photobooth_xsrf"}
    assert (await cookie_call(office, login, "GET", "/api/me")).status == 401


# GET /api/me


async def test_me(office: Office) -> None:
    reply = await office.get("/api/me")
    assert reply.status == 200
    body = reply.json()
    assert body.keys() == {"username", "permissions", "expires_at"}
    assert body["username"] == "serg"
    assert set(body["permissions"]) == EVERY_PERMISSION


async def test_me_shows_the_permissions_of_this_moment(office: Office) -> None:
    await office.token()
    await office.execute("UPDATE admin SET permissions = '{jobs:read}' WHERE username = 'serg'")
    assert (await office.get("/api/me")).json()["permissions"] == ["jobs:read"]
    refused = await office.get("/api/slots")
    assert (refused.status, refused.code) == (403, "forbidden")
    assert "slots:read" in refused.json()["detail"]
    await office.execute("DELETE FROM admin WHERE username = 'serg'")
    assert (await office.get("/api/me")).status == 401


async def test_a_session_ends_after_24_hours(still_office: Office, clock: FakeClock) -> None:
    login = await still_office.login("serg")
    token = login.json()["token"]
    clock.advance(DAY_SECONDS - 1)
    assert (await still_office.get("/api/me", token=token)).status == 200
    clock.advance(1)
    assert (await still_office.get("/api/me", token=token)).code == "unauthenticated"


# PUT /api/me/password


async def change(office: Office, current: str, new: Any, **options: Any) -> Reply:
    body = {"current_password": current, "new_password": new}
    return await office.put("/api/me/password", body, **options)


async def test_password_change_ends_every_older_token(office: Office) -> None:
    first, second = [(await office.login("serg")).json()["token"] for _ in range(2)]
    reply = await change(office, PASSWORDS["serg"], "новый пароль", token=first)
    assert (reply.status, reply.body) == (204, b"")
    for token in (first, second):
        assert (await office.get("/api/me", token=token)).status == 401
    assert (await office.login("serg")).status == 401
    assert (await office.login("serg", "новый пароль")).status == 200
    assert (await office.login("igor")).status == 200
    (entry,) = await office.fetch("SELECT * FROM audit_log WHERE action = 'admin.password'")
    assert (entry["actor"], entry["before"], entry["after"]) == ("serg", None, None)


async def test_password_change_needs_the_current_one(office: Office) -> None:
    reply = await change(office, "not his password", "a new password")
    assert reply.status == 422
    assert reply.pointers == ["/current_password"]
    assert (await office.login("serg")).status == 200


@in_turn("new", ["short", "x" * 73, "я" * 37, None, 12345678, "1234\x005678"])
async def test_password_change_refuses_what_bcrypt_cannot_keep(office: Office, new: Any) -> None:
    reply = await change(office, PASSWORDS["serg"], new)
    assert reply.status == (400 if isinstance(new, str) and "\0" in new else 422)
    assert (await office.login("serg")).status == 200


async def test_password_change_refuses_what_is_guessed_first(office: Office) -> None:
    await office.execute(
        "INSERT INTO admin (username, password_hash, permissions, token_version, updated_at)"
        " SELECT 'valentina', password_hash, permissions, 1, updated_at FROM admin"
        " WHERE username = 'serg'"
    )
    token = (await office.login("valentina", PASSWORDS["serg"])).json()["token"]
    for new, reason in (
        ("12345678", "tries first"),
        ("password", "tries first"),
        ("Valentina", "user's name"),
    ):
        reply = await change(office, PASSWORDS["serg"], new, token=token)
        assert (reply.status, reply.pointers) == (422, ["/new_password"])
        assert reason in reply.json()["errors"][0]["message"]
    assert (await office.login("valentina", PASSWORDS["serg"])).status == 200


async def test_a_stolen_session_cannot_find_the_password_out(still_office: Office) -> None:
    token = await still_office.token()
    for n in range(10):
        assert (await change(still_office, f"guess {n}", "a new password")).status == 422
    assert (await change(still_office, "guess", "a new password")).code == "too_many_attempts"
    assert (await still_office.get("/api/me", token=token)).status == 200
