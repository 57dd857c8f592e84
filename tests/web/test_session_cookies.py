"""The session's cookies: behind TLS, in a browser, and what they are no proof of."""

from __future__ import annotations

import json

from tests.support.in_turn import in_turn
from tests.support.office import PASSWORDS, Office
from tests.support.sessions import cookie_call, cookie_value


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


@in_turn("path", ["/", "/livez", "/api/me", "/ui/main.js", "/nothing", "/r/x"])
async def test_whoever_came_by_tls_is_kept_there(office: Office, path: str) -> None:
    behind_tls = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    kept = await office.send("GET", path, None, behind_tls)
    assert kept.headers["Strict-Transport-Security"] == "max-age=2592000"
    for headers in ({}, {"X-Forwarded-Proto": "http"}):
        assert (
            "Strict-Transport-Security"
            not in (await office.send("GET", path, None, headers)).headers
        )


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
