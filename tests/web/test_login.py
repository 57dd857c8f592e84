"""Logging in: what it gives, and that a refusal tells nothing."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import bcrypt
import jwt
import pytest

from photobooth_daemon.database.pool import Database
from tests.support.in_turn import in_turn
from tests.support.office import PASSWORDS, Office, cheap
from tests.support.sessions import DAY_SECONDS

ROUNDS = 10
"""Far dearer than all else that a login costs."""
EVERY_PERMISSION = {
    "slots:read", "slots:write", "settings:read", "settings:write",
    "media:write", "jobs:read", "stats:read", "audit:read", "metrics:read",
    "events:read", "events:write", "jobs:write",
    "providers:write", "admins:write",
}  # fmt: skip


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


async def test_login_takes_as_long_for_an_unknown_user(database: Database, tmp_path: Path) -> None:
    office = await Office.open(database, tmp_path, hash_rounds=ROUNDS)
    stored = bcrypt.hashpw(b"a real password", bcrypt.gensalt(ROUNDS)).decode()
    await office.execute("UPDATE admin SET password_hash = $1 WHERE username = 'serg'", stored)
    took: dict[str, list[float]] = {"serg": [], "nobody": []}
    for _ in range(3):
        for name, seconds in took.items():
            begun = time.monotonic()
            assert (await office.login(name, "not his password")).status == 401
            seconds.append(time.monotonic() - begun)
    known, unknown = median(took["serg"]), median(took["nobody"])
    await office.close()
    assert 0.5 < unknown / known < 2.0


@in_turn(
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
