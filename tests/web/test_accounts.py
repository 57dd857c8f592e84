"""The Accounts section of the HTTP contract, row by row, through the port."""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any

import asyncpg
import bcrypt
import jwt
import pytest

from tests.support.fakes import FakeClock
from tests.support.office import PASSWORDS, Office, Reply, cheap

EVERY_PERMISSION = {
    "slots:read", "slots:write", "settings:read", "settings:write",
    "media:write", "jobs:read", "stats:read", "audit:read", "metrics:read",
    "events:read", "events:write", "jobs:write",
    "providers:write", "admins:write",
}  # fmt: skip
DAY_SECONDS = 24 * 3600


async def cookie_call(
    office: Office, login: Reply, method: str, path: str, **headers: str
) -> Reply:
    """Make a call as the UI does: with the cookies of a login and no Authorization."""
    jar = "; ".join(text.partition(";")[0] for text in login.cookies().values())
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await office.send(method, path, None, {"Cookie": jar, **given})


def cookie_value(login: Reply, name: str) -> str:
    return login.cookies()[name].partition("=")[2].partition(";")[0]


# POST /api/login


async def test_login(office: Office) -> None:
    reply = await office.login("serg")
    assert reply.status == 200, reply.body
    body = reply.json()
    assert body.keys() == {"token", "token_type", "expires_at", "username", "permissions"}
    assert body["token_type"] == "Bearer"
    assert body["username"] == "serg"
    assert set(body["permissions"]) == EVERY_PERMISSION
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert claims.keys() == {"iss", "sub", "iat", "exp", "jti", "perms", "ver"}
    assert claims["exp"] - claims["iat"] == DAY_SECONDS
    assert set(claims["perms"]) == EVERY_PERMISSION


async def test_login_gives_the_session_cookie(office: Office) -> None:
    cookies = (await office.login("serg")).cookies()
    session, xsrf = cookies["photobooth_session"].lower(), cookies["photobooth_xsrf"].lower()
    for needed in ("httponly", "samesite=strict", "path=/"):
        assert needed in session
    assert "secure" not in session
    assert "httponly" not in xsrf
    assert "samesite=strict" in xsrf
    behind_tls = await office.call(
        "POST",
        "/api/login",
        {"username": "serg", "password": PASSWORDS["serg"]},
        token=None,
        X_Forwarded_Proto="https",
    )
    cookies = behind_tls.cookies()
    assert cookies.keys() == {
        "__Host-photobooth_session",
        "photobooth_xsrf",
        "__Host-photobooth_device",
    }
    for cookie in cookies.values():
        assert "secure" in cookie.lower()
        assert "path=/" in cookie.lower()
        assert "domain" not in cookie.lower()


async def test_behind_tls_only_cookies_that_were_set_there_count(office: Office) -> None:
    plain = await office.login("serg")
    login = json.dumps({"username": "serg", "password": PASSWORDS["serg"]}).encode()
    https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    kind = {"Content-Type": "application/json", **https}
    secure = await office.send("POST", "/api/login", login, kind)
    for given, headers, status in (
        (secure, https, 200),
        (plain, https, 401),
        (plain, {}, 200),
        (secure, {}, 401),
    ):
        reply = await cookie_call(office, given, "GET", "/api/me", **headers)
        assert reply.status == status
    xsrf = cookie_value(secure, "photobooth_xsrf")
    out = await cookie_call(office, secure, "POST", "/api/logout", X_XSRF_Token=xsrf, **https)
    assert out.status == 204
    assert "__Host-photobooth_session" in out.cookies()
    assert all("secure" in cookie.lower() for cookie in out.cookies().values())


@pytest.mark.parametrize("path", ["/", "/livez", "/api/me", "/ui/main.js", "/nothing", "/r/x"])
async def test_whoever_came_by_tls_is_kept_there(office: Office, path: str) -> None:
    behind_tls = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    kept = await office.send("GET", path, None, behind_tls)
    assert kept.headers["Strict-Transport-Security"] == "max-age=2592000"
    for headers in ({}, {"X-Forwarded-Proto": "http"}):
        assert (
            "Strict-Transport-Security"
            not in (await office.send("GET", path, None, headers)).headers
        )


async def test_login_invalid_credentials_says_the_same_for_every_reason(office: Office) -> None:
    await office.execute("UPDATE admin SET password_hash = NULL WHERE username = 'igor'")
    wrong = await office.login("serg", "not his password")
    unknown = await office.login("nobody", "not his password")
    without = await office.login("igor")
    assert [r.status for r in (wrong, unknown, without)] == [401, 401, 401]
    assert wrong.code == "invalid_credentials"
    assert wrong.body == unknown.body == without.body
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    assert wrong.cookies() == {}


async def test_login_takes_as_long_for_an_unknown_user(office: Office) -> None:
    stored = bcrypt.hashpw(b"a real password", bcrypt.gensalt(12)).decode()
    await office.execute("UPDATE admin SET password_hash = $1 WHERE username = 'serg'", stored)
    took: dict[str, list[float]] = {"serg": [], "nobody": []}
    for _ in range(3):
        for name, seconds in took.items():
            begun = time.monotonic()
            assert (await office.login(name, "not his password")).status == 401
            seconds.append(time.monotonic() - begun)
    known, unknown = median(took["serg"]), median(took["nobody"])
    assert 0.5 < unknown / known < 2.0


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/password", "/username"]),
        ({"username": "serg"}, ["/password"]),
        ({"username": 1, "password": None}, ["/password", "/username"]),
        ({"username": "serg", "password": "x", "remember": True}, ["/remember"]),
        ({"username": "a", "password": "b", "x/y~z": 1}, ["/x~1y~0z"]),
    ],
)
async def test_login_names_every_fault(office: Office, body: Any, pointers: list[str]) -> None:
    reply = await office.call("POST", "/api/login", body, token=None)
    assert reply.status == 422
    assert reply.pointers == pointers


async def test_login_never_takes_a_password_over_72_bytes(office: Office) -> None:
    await office.execute(
        "UPDATE admin SET password_hash = $1 WHERE username = 'serg'", cheap("x" * 72)
    )
    assert (await office.login("serg", "x" * 73)).status == 401
    assert (await office.login("serg", "x" * 72)).status == 200
    assert (await office.login("serg", "y" * 100_000)).status == 401


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


async def test_refused_logins_are_audited_without_the_password(office: Office) -> None:
    await office.login("serg", "hunter2-hunter2")
    await office.login("x" * 500, "hunter2-hunter2")
    rows = await office.fetch("SELECT * FROM audit_log ORDER BY audit_id")
    assert [row["action"] for row in rows] == ["admin.login_refused"] * 2
    assert rows[0]["entity"] == "admin:serg"
    assert rows[0]["address"] == "192.0.2.1"
    assert len(rows[1]["entity"]) <= 70
    assert "hunter2" not in str(rows)


async def test_a_made_up_name_is_no_actor(office: Office) -> None:
    for name in ("cli:root", "camera", "quickstart", "serg"):
        await office.login(name, "wrong password")
    actors = await office.fetch("SELECT DISTINCT actor FROM audit_log")
    assert [row["actor"] for row in actors] == ["unauthenticated"]
    for name in ("cli:root", "camera", "unauthenticated", "Serg", "s", "9th", "x" * 33, "a b"):
        with pytest.raises(asyncpg.CheckViolationError):
            await office.execute(
                "INSERT INTO admin (username, permissions, updated_at) VALUES ($1, '{}', now())",
                name,
            )


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


@pytest.mark.parametrize("new", ["short", "x" * 73, "я" * 37, None, 12345678, "1234\x005678"])
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


# The session cookie


async def test_a_cookie_call_that_changes_state_needs_the_xsrf_header(office: Office) -> None:
    login = await office.login("serg")
    xsrf = cookie_value(login, "photobooth_xsrf")
    assert (await cookie_call(office, login, "GET", "/api/me")).status == 200
    assert (await cookie_call(office, login, "HEAD", "/api/me")).status == 200
    for method, path in (
        ("POST", "/api/logout"),
        ("PUT", "/api/settings"),
        ("DELETE", "/api/slots/slot-001?version=1"),
    ):
        without = await cookie_call(office, login, method, path)
        assert (without.status, without.code) == (403, "xsrf_required")
        wrong = await cookie_call(office, login, method, path, X_XSRF_Token="x" + xsrf)
        assert wrong.code == "xsrf_required"
    right = await cookie_call(
        office, login, "DELETE", "/api/slots/slot-001?version=1", X_XSRF_Token=xsrf
    )
    assert right.status == 204


async def test_an_empty_xsrf_cookie_is_no_proof(office: Office) -> None:
    session = cookie_value(await office.login("serg"), "photobooth_session")
    for jar in (f"photobooth_session={session}; photobooth_xsrf=", f"photobooth_session={session}"):
        headers = {"Cookie": jar, "X-XSRF-Token": ""}
        reply = await office.send("POST", "/api/logout", b"", headers)
        assert reply.code == "xsrf_required"


async def test_bearer_calls_and_login_never_need_the_xsrf_header(office: Office) -> None:
    login = await office.login("serg")
    jar = "; ".join(text.partition(";")[0] for text in login.cookies().values())
    again = await office.call(
        "POST",
        "/api/login",
        {"username": "serg", "password": PASSWORDS["serg"]},
        token=None,
        Cookie=jar,
    )
    assert again.status == 200
    bearer = await office.call("POST", "/api/logout", token=login.json()["token"], Cookie=jar)
    assert bearer.status == 204


async def test_a_bearer_token_counts_before_the_cookie(office: Office) -> None:
    login = await office.login("serg")
    jar = "; ".join(text.partition(";")[0] for text in login.cookies().values())
    assert (await office.get("/api/me", token="not.a.token", Cookie=jar)).status == 401
