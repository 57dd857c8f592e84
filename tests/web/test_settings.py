"""The Settings section of the HTTP contract, row by row, through the port."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.administration.bounds import BOUNDS
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Settings
from tests.support.office import KEY, Office

GEMINI = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}


# GET /api/settings


async def test_get_settings(office: Office) -> None:
    reply = await office.get("/api/settings")
    assert reply.status == 200, reply.body
    assert reply.headers["ETag"] == '"1"'
    settings = reply.json()
    assert settings.keys() == {
        *asdict(Settings()),
        "version",
        "ingest_password",
        "public_address",
        "providers",
        "updated_at",
        "updated_by",
    }
    assert settings.items() >= asdict(Settings()).items()
    assert settings["ingest_password"] == {"set": False, "updated_at": None, "updated_by": None}
    assert settings["providers"]["gemini"] == {"configured": True, "source": "config"}
    assert settings["version"] == 1
    assert (await office.call("HEAD", "/api/settings")).headers["ETag"] == '"1"'


async def test_get_settings_is_never_kept_by_version(office: Office) -> None:
    """The version says nothing about ``providers``, which a restart changes."""
    etag = (await office.get("/api/settings")).headers["ETag"]
    reply = await office.get("/api/settings", If_None_Match=etag)
    assert (reply.status, reply.headers["ETag"]) == (200, etag)


async def test_get_settings_never_shows_a_secret(office: Office) -> None:
    body = {"version": 1, "ingest_password": "booth-password"}
    put = await office.put("/api/settings", body)
    (row,) = await office.fetch("SELECT ingest_password_hash FROM setting")
    assert row["ingest_password_hash"].startswith("$2b$")
    for reply in (put, await office.get("/api/settings"), await office.get("/api/audit")):
        assert reply.status == 200
        for secret in (b"booth-password", row["ingest_password_hash"].encode(), KEY.encode()):
            assert secret not in reply.body


# PUT /api/settings


async def test_put_settings_in_part(office: Office) -> None:
    reply = await office.put("/api/settings", {"version": 1, "slot_queue": 5, "locale": "en"})
    assert reply.status == 200, reply.body
    assert reply.headers["ETag"] == '"2"'
    settings = reply.json()
    expected = {**asdict(Settings()), "slot_queue": 5, "locale": "en"}
    assert settings.items() >= expected.items()
    assert (settings["version"], settings["updated_by"]) == (2, "serg")
    assert (await office.get("/api/settings")).json() == settings


async def test_put_settings_as_get_gave_them_changes_nothing(office: Office) -> None:
    await office.put("/api/settings", {"version": 1, "cost_cap_per_day": 12.5})
    await office.put("/api/settings", {"version": 2, "ingest_password": "booth-password"})
    before = (await office.get("/api/settings")).json()
    reply = await office.put("/api/settings", before)
    assert reply.status == 200, reply.body
    assert reply.json() == before
    assert reply.headers["ETag"] == '"3"'


VALUES: list[tuple[str, list[Any], list[Any]]] = [
    ("sync_response_seconds", [10, 60, 48.0], [9, 61, "48", None, True, 10.5]),
    ("result_ttl_hours", [1, 2160], [0, 2161]),
    ("max_upload_mb", [1, 50], [0, 51]),
    ("max_pixels", [1_000_000, 200_000_000], [999_999, 200_000_001]),
    ("slot_concurrency", [1, 30], [0, 31]),
    ("slot_queue", [0, 200], [-1, 201]),
    ("provider_concurrency", [1, 100], [0, 101]),
    ("attempts_per_photo", [1, 50], [0, 51]),
    ("min_free_mb", [0, 1_000_000], [-1, 1_000_001]),
    ("history_days", [1, 3650], [0, 3651, 10**30]),
    ("cost_cap_per_day", [None, 0, 0.1, 1e6], [-0.01, "1", True, 10**400]),
    ("locale", ["ru", "en"], ["de", None, 1, ["ru"]]),
]


async def test_put_settings_keeps_the_bounds(office: Office) -> None:
    for key, good, bad in VALUES:
        for value in bad:
            reply = await office.put("/api/settings", {key: value}, If_Match="*")
            assert reply.status == 422, (key, value, reply.body)
            assert reply.pointers == [f"/{key}"]
        for value in good:
            reply = await office.put("/api/settings", {key: value}, If_Match="*")
            assert reply.status == 200, (key, value, reply.body)
            assert reply.json()[key] == value


def test_every_setting_has_bounds() -> None:
    assert BOUNDS.keys() == asdict(Settings()).keys()


async def test_put_settings_names_all_faults_at_once(office: Office) -> None:
    reply = await office.put(
        "/api/settings",
        {
            "version": 1,
            "slot_queue": 201,
            "locale": "de",
            "colour": "red",
            "a/b~c": 1,
            "ingest_password": "short",
            "updated_by": "somebody",
            "providers": {},
        },
    )
    assert reply.status == 422
    assert reply.pointers == [
        "/a~1b~0c", "/colour", "/ingest_password", "/locale",
        "/providers", "/slot_queue", "/updated_by",
    ]  # fmt: skip
    assert (await office.get("/api/settings")).json()["version"] == 1


async def test_put_settings_refuses_an_ingest_password(office: Office) -> None:
    short_long_or_odd = ("1234567", "x" * 73, "я" * 37, None, 12345678, ["12345678"], {"set": True})
    for password in (*short_long_or_odd, "12345678", "password", "PassWord", "qwertyuiop"):
        reply = await office.put("/api/settings", {"version": 1, "ingest_password": password})
        assert reply.status == 422, password
        assert reply.pointers == ["/ingest_password"]


async def test_put_settings_makes_one_audit_entry(office: Office) -> None:
    body = {"version": 1, "slot_queue": 5, "locale": "en", "ingest_password": "booth-password"}
    await office.put("/api/settings", body, X_Forwarded_For="192.0.2.9", X_Request_ID="req-7")
    await office.put("/api/settings", {"version": 2, "slot_queue": 5})
    (entry,) = await office.fetch("SELECT * FROM audit_log WHERE entity = 'settings'")
    assert (entry["actor"], entry["action"]) == ("serg", "settings.update")
    assert (entry["address"], entry["request_id"]) == ("192.0.2.9", "req-7")
    assert entry["before"].items() >= {"version": 1, "slot_queue": 30, "locale": "ru"}.items()
    assert entry["after"].items() >= {"version": 2, "slot_queue": 5, "locale": "en"}.items()
    assert entry["after"]["ingest_password"]["set"] is True


# Versions


async def test_settings_version_required(office: Office) -> None:
    reply = await office.put("/api/settings", {"slot_queue": 5})
    assert (reply.status, reply.code) == (428, "version_required")


async def test_settings_version_by_if_match(office: Office) -> None:
    for n, tag in enumerate(['"1"', 'W/"2"', "3", '"7", "4"', "*"], start=1):
        reply = await office.put("/api/settings", {"slot_queue": n}, If_Match=tag)
        assert reply.status == 200, (tag, reply.body)


async def test_settings_version_by_query(office: Office) -> None:
    assert (await office.put("/api/settings?version=1", {"slot_queue": 5})).status == 200
    assert (await office.put("/api/settings?version=x", {"slot_queue": 6})).status == 400


async def test_settings_versions_that_disagree(office: Office) -> None:
    reply = await office.put("/api/settings", {"version": 1, "slot_queue": 5}, If_Match='"2"')
    assert (reply.status, reply.code) == (400, "invalid_request")
    reply = await office.put("/api/settings?version=2", {"version": 1, "slot_queue": 5})
    assert (reply.status, reply.code) == (400, "invalid_request")
    reply = await office.put("/api/settings", {"version": 1, "slot_queue": 5}, If_Match='"1"')
    assert reply.status == 200


async def test_settings_version_conflict(office: Office) -> None:
    for tag in ('"2"', '"0"', '"abc"', '""', '"99999999999999999999"'):
        reply = await office.put("/api/settings", {"slot_queue": 5}, If_Match=tag)
        assert (reply.status, reply.code) == (409, "version_conflict"), tag
        assert reply.json()["current_version"] == 1


async def test_settings_version_of_another_type(office: Office) -> None:
    for version in ("1", None, True, 1.5, [1]):
        reply = await office.put("/api/settings", {"version": version, "slot_queue": 5})
        assert reply.status == 422, version
        assert reply.pointers == ["/version"]


async def test_settings_if_match_that_cannot_be_read(office: Office) -> None:
    for tag in ('"1', "one", '"1";"2"', ","):
        reply = await office.put("/api/settings", {"slot_queue": 5}, If_Match=tag)
        assert (reply.status, reply.code) == (400, "invalid_request"), tag


async def test_settings_saved_by_two_at_once(office: Office) -> None:
    await office.token("igor")
    replies = await asyncio.gather(
        *(
            office.put("/api/settings", {"version": 1, "slot_queue": n}, as_=who)
            for n, who in enumerate(["serg", "igor"] * 4)
        )
    )
    assert sorted(reply.status for reply in replies) == [200] + [409] * 7


# Rotation of the ingest password


async def knock(office: Office, password: str) -> int:
    """Post with a password header and no form: 401 if it is wrong, 400 if it is right."""
    reply = await office.call(
        "POST", "/api/ingest/slot-001", raw=b"", token=None, X_Ingest_Password=password
    )
    return reply.status


@pytest.fixture
def other_process(io_loop: Any, database_url: str, tmp_path: Path) -> Any:
    """A second daemon with a pool of its own on the same database and key."""
    database: Database = io_loop.run_sync(lambda: Database.open(database_url, max_size=4))
    opened: Office = io_loop.run_sync(lambda: Office.open(database, tmp_path))
    yield opened
    io_loop.run_sync(opened.close)


async def test_a_new_ingest_password_is_in_force_at_once_on_every_process(
    office: Office, other_process: Office
) -> None:
    slot = {"version": 1, "enabled": True, **GEMINI}
    assert (await office.put("/api/slots/slot-001", slot)).status == 200
    both = (office, other_process)
    await office.put("/api/settings", {"version": 1, "ingest_password": "first-password"})
    assert [await knock(process, "first-password") for process in both] == [400, 400]
    reply = await other_process.put(
        "/api/settings", {"version": 2, "ingest_password": "second-password"}, as_="igor"
    )
    assert reply.json()["ingest_password"]["updated_by"] == "igor"
    assert [await knock(process, "second-password") for process in both] == [400, 400]
    assert [await knock(process, "first-password") for process in both] == [401, 401]


# JSON


async def test_broken_json_is_an_invalid_request(office: Office) -> None:
    for raw in (
        b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"slot_queue": NaN}',
        b'{"slot_queue": 1e999}', b'{"locale": "\\u0000"}', b'{"locale": "\\ud800"}',
        b"[" * 100_000, b'{"version": 1' + b"0" * 5000 + b"}",
    ):  # fmt: skip
        reply = await office.call("PUT", "/api/settings", raw=raw, Content_Type="application/json")
        assert (reply.status, reply.code) == (400, "invalid_request"), raw[:40]


async def test_something_else_than_json_is_an_unsupported_media_type(office: Office) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        reply = await office.call("PUT", "/api/settings", raw=b"{}", Content_Type=kind)
        assert (reply.status, reply.code) == (415, "unsupported_media_type"), kind


async def test_a_json_body_over_1_mb_is_too_large(office: Office) -> None:
    raw = b'{"locale": "' + b"x" * 1_048_577 + b'"}'
    reply = await office.call("PUT", "/api/settings", raw=raw, Content_Type="application/json")
    assert (reply.status, reply.code) == (413, "payload_too_large")


async def test_an_unknown_key_is_named_by_an_escaped_pointer(office: Office) -> None:
    for method, path in (("PUT", "/api/settings"), ("POST", "/api/login")):
        reply = await office.call(method, path, {"version": 1, "a/b~": 2})
        assert "/a~1b~0" in reply.pointers
