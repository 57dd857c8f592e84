"""Accounts of the contract, through the port: made, changed, switched off, one-time passwords."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from photobooth_daemon.administration.permissions import PERMISSIONS
from tests.support.in_turn import in_turn
from tests.support.office import Office, Reply

ADMINS = "/api/admins"
OWN = "a password of her own"


async def made(office: Office, username: str = "olga", *permissions: str) -> dict[str, Any]:
    body = {"username": username, "permissions": list(permissions or ("slots:read",))}
    reply = await office.call("POST", ADMINS, body)
    assert reply.status == 201, reply.body
    account: dict[str, Any] = reply.json()
    return account


async def settled(office: Office, username: str = "olga", *permissions: str) -> str:
    """An account whose owner has chosen her password; its token."""
    once = (await made(office, username, *permissions))["one_time_password"]
    first = (await office.login(username, once)).json()["token"]
    body = {"current_password": once, "new_password": OWN}
    assert (await office.put("/api/me/password", body, token=first)).status == 204
    token: str = (await office.login(username, OWN)).json()["token"]
    return token


async def test_the_accounts_are_listed_to_who_keeps_them(office: Office) -> None:
    await office.token("igor")
    reply = await office.get(ADMINS)
    items = {item["username"]: item for item in reply.json()["items"]}
    assert list(items) == ["igor", "serg"]
    assert items["igor"].keys() == {
        "username", "permissions", "disabled", "has_password", "last_login_at",
    }  # fmt: skip
    assert items["igor"] == {
        **items["igor"],
        "permissions": sorted(PERMISSIONS),
        "disabled": False,
        "has_password": True,
    }
    at = datetime.fromisoformat(items["igor"]["last_login_at"])
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    first = (await office.get(f"{ADMINS}?limit=1")).json()
    rest = (await office.get(f"{ADMINS}?limit=1&cursor={first['next_cursor']}")).json()
    assert [first["items"][0]["username"], rest["items"][0]["username"]] == ["igor", "serg"]
    assert rest["next_cursor"] is None


async def test_others_see_their_own_account_alone(office: Office) -> None:
    token = await settled(office)
    items = (await office.get(ADMINS, token=token)).json()["items"]
    assert [item["username"] for item in items] == ["olga"]
    assert (await office.call("POST", ADMINS, {}, token=token)).code == "forbidden"


async def test_a_password_for_one_login_opens_little_and_once(office: Office) -> None:
    account = await made(office, "olga", "slots:read", "jobs:read")
    once = account["one_time_password"]
    assert len(once) >= 16
    assert once not in str(await office.fetch("SELECT * FROM audit_log"))
    login = await office.login("olga", once)
    assert login.status == 200
    token = login.json()["token"]
    assert (await office.get("/api/me", token=token)).status == 200
    for method, path in (("GET", "/api/slots"), ("GET", ADMINS), ("GET", "/api/live")):
        refused = await office.call(method, path, token=token)
        assert (refused.status, refused.code) == (403, "password_change_required")
    again = await office.login("olga", once)
    assert (again.status, again.code) == (401, "invalid_credentials")
    body = {"current_password": once, "new_password": OWN}
    assert (await office.put("/api/me/password", body, token=token)).status == 204
    assert (await office.get("/api/me", token=token)).status == 401
    token = (await office.login("olga", OWN)).json()["token"]
    assert (await office.get("/api/slots", token=token)).status == 200
    assert (await office.login("olga", OWN)).status == 200


async def test_a_password_for_one_login_is_good_for_a_day(office: Office) -> None:
    once = (await made(office))["one_time_password"]
    await office.execute("UPDATE admin SET one_time_until = now() WHERE username = 'olga'")
    assert (await office.login("olga", once)).code == "invalid_credentials"


async def test_of_logins_at_once_one_has_the_password_for_one_login(office: Office) -> None:
    once = (await made(office))["one_time_password"]
    logins = await asyncio.gather(*(office.login("olga", once) for _ in range(4)))
    assert sorted(login.status for login in logins) == [200, 401, 401, 401]


@in_turn(
    ("body", "pointers"),
    [
        ({}, ["/permissions", "/username"]),
        ({"username": "Olga", "permissions": []}, ["/username"]),
        ({"username": "o", "permissions": []}, ["/username"]),
        ({"username": "o" * 33, "permissions": []}, ["/username"]),
        ({"username": "guest", "permissions": []}, ["/username"]),
        ({"username": "camera", "permissions": []}, ["/username"]),
        ({"username": "olga", "permissions": ["root"]}, ["/permissions/0"]),
        ({"username": "olga", "permissions": "all"}, ["/permissions"]),
        ({"username": "olga", "permissions": [], "disabled": True}, ["/disabled"]),
    ],
)
async def test_an_account_that_cannot_be(
    office: Office, body: dict[str, Any], pointers: list[str]
) -> None:
    reply = await office.call("POST", ADMINS, body)
    assert reply.status == 422
    assert reply.pointers == pointers
    assert len((await office.get(ADMINS)).json()["items"]) == 2


async def test_a_name_is_given_once(office: Office) -> None:
    await made(office)
    reply = await office.call("POST", ADMINS, {"username": "olga", "permissions": []})
    assert (reply.status, reply.code) == (409, "username_taken")


async def test_a_change_is_in_force_at_the_next_call(office: Office) -> None:
    token = await settled(office, "olga", "slots:read")
    changed = await office.put(f"{ADMINS}/olga", {"permissions": ["jobs:read"]})
    assert changed.status == 200
    assert changed.json()["permissions"] == ["jobs:read"]
    assert (await office.get("/api/slots", token=token)).code == "forbidden"
    assert (await office.get("/api/jobs", token=token)).status == 200
    off = await office.put(f"{ADMINS}/olga", {"disabled": True})
    assert off.json()["disabled"] is True
    assert (await office.get("/api/jobs", token=token)).code == "unauthenticated"
    assert (await office.login("olga", OWN)).code == "invalid_credentials"
    await office.put(f"{ADMINS}/olga", {"disabled": False})
    assert (await office.login("olga", OWN)).status == 200
    assert (await office.put(f"{ADMINS}/nobody", {})).code == "not_found"
    assert (await office.put(f"{ADMINS}/olga", {"username": "x"})).pointers == ["/username"]
    entries = (await office.get("/api/audit?action=admin.update")).json()["items"]
    assert [entry["after"] for entry in entries] == [
        {"disabled": False},
        {"disabled": True},
        {"permissions": ["jobs:read"]},
    ]


async def test_somebody_always_keeps_the_accounts(office: Office) -> None:
    less = [name for name in PERMISSIONS if name != "admins:write"]
    await office.token("igor")
    assert (await office.put(f"{ADMINS}/igor", {"permissions": less})).status == 200

    async def last(body: dict[str, Any]) -> Reply:
        return await office.put(f"{ADMINS}/serg", body)

    for body in ({"permissions": less}, {"disabled": True}):
        refused = await last(body)
        assert (refused.status, refused.code) == (409, "last_administrator")
    # An account that nobody can log in to keeps nothing.
    await office.execute(
        "UPDATE admin SET password_hash = NULL, permissions = $1 WHERE username = 'igor'",
        list(PERMISSIONS),
    )
    assert (await last({"disabled": True})).code == "last_administrator"
    await office.call("POST", f"{ADMINS}/igor/reset-password")
    assert (await last({"permissions": less})).status == 200


async def test_a_reset_ends_every_session(office: Office) -> None:
    token = await settled(office)
    reset = await office.call("POST", f"{ADMINS}/olga/reset-password")
    assert reset.status == 200
    assert (await office.get("/api/me", token=token)).code == "unauthenticated"
    assert (await office.login("olga", OWN)).code == "invalid_credentials"
    assert (await office.login("olga", reset.json()["one_time_password"])).status == 200
    unknown = await office.call("POST", f"{ADMINS}/nobody/reset-password")
    assert (unknown.status, unknown.code) == (404, "not_found")
