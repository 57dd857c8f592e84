"""Alert channels set up, tried and forgotten through the port; what is told goes out by them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tornado.web
from tornado.ioloop import IOLoop

from photobooth_daemon.config.start_up import AlertsConfig
from photobooth_daemon.database.pool import Database
from tests.support.alert_receiver import receiver_app
from tests.support.fakes import FakeClock
from tests.support.in_turn import in_turn
from tests.support.office import Office

TOKEN = "123456:a-token-of-the-studio-s-bot"
CHAT = "-1001234567890"
TELEGRAM = {"token": TOKEN, "chat_id": CHAT}


@pytest.fixture
def seen() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def statuses() -> list[int]:
    return []


@pytest.fixture
def app(seen: list[tuple[str, Any]], statuses: list[int]) -> tornado.web.Application:
    return receiver_app(seen, statuses)


@pytest.fixture
def base(http_server: Any, http_server_port: Any) -> str:
    return f"http://127.0.0.1:{http_server_port[1]}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def office(
    io_loop: IOLoop, database: Database, tmp_path: Path, base: str, clock: FakeClock
) -> Iterator[Office]:
    alerts = AlertsConfig(telegram_api_url=base)
    opened: Office = io_loop.run_sync(
        lambda: Office.open(database, tmp_path, clock=clock, alerts=alerts)
    )
    yield opened
    io_loop.run_sync(opened.close)


async def channels(office: Office) -> dict[str, Any]:
    items = (await office.get("/api/alerts")).json()["channels"]
    return {one["channel"]: (one["source"], one["leads_to"]) for one in items}


async def test_channels_are_set_up_tried_and_forgotten(
    office: Office, base: str, seen: list[tuple[str, Any]], statuses: list[int]
) -> None:
    nobody = {"telegram": (None, None), "email": (None, None), "webhook": (None, None)}
    assert await channels(office) == nobody
    assert (await office.call("POST", "/api/alert-test")).json() == {"items": []}
    assert (await office.put("/api/alerts/telegram", TELEGRAM)).status == 204
    assert (await office.put("/api/alerts/webhook", {"url": f"{base}/hook/secret"})).status == 204
    assert (await channels(office))["telegram"] == ("administrator", CHAT)
    assert (await channels(office))["webhook"] == ("administrator", "127.0.0.1")
    told = (await office.call("POST", "/api/alert-test")).json()["items"]
    assert [(one["channel"], one["ok"]) for one in told] == [("webhook", True), ("telegram", True)]
    assert {path for path, _ in seen} == {f"/bot{TOKEN}/sendMessage", "/hook/secret"}
    statuses[:] = [401, 401]
    told = (await office.call("POST", "/api/alert-test")).json()["items"]
    assert {one["error"] for one in told} == {"answered 401"}
    assert (await office.call("DELETE", "/api/alerts/telegram")).status == 204
    assert (await office.call("DELETE", "/api/alerts/telegram")).status == 204
    assert (await channels(office))["telegram"] == (None, None)


async def test_mail_has_recipients_and_a_server(office: Office) -> None:
    mail = {
        "to": ["serg@booth.example", "igor@booth.example"],
        "from": "booth@booth.example",
        "smtp_url": "smtps://booth:pass%20word@127.0.0.1:9",
    }
    assert (await office.put("/api/alerts/email", mail)).status == 204
    assert (await channels(office))["email"][1] == "serg@booth.example, igor@booth.example"
    (told,) = (await office.call("POST", "/api/alert-test")).json()["items"]
    assert (told["ok"], told["error"]) == (False, "ConnectionRefusedError")


async def test_what_is_secret_is_nowhere_to_be_read(
    office: Office, base: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await office.put("/api/alerts/telegram", TELEGRAM)
        await office.put("/api/alerts/webhook", {"url": f"{base}/hook/very-secret"})
        await office.call("POST", "/api/alert-test")
    for secret in (TOKEN, "very-secret"):
        for path in ("/api/alerts", "/api/settings", "/api/audit"):
            assert secret.encode() not in (await office.get(path)).body
        for table in ("alert_channel", "audit_log", "live_message", "live_draft"):
            rows = str(await office.fetch(f"SELECT * FROM {table}"))
            assert secret not in rows
            assert secret.encode().hex() not in rows
        # The receivers' own web server, which stands for the vendors' here, logs what it is asked.
        ours = [one for one in caplog.records if one.name.startswith("photobooth_daemon")]
        assert secret not in str([(one.getMessage(), vars(one)) for one in ours])
    actions = {entry["action"] for entry in (await office.get("/api/audit")).json()["items"]}
    assert "alerts.set_channel" in actions


@in_turn(
    ("channel", "body", "pointers"),
    [
        ("telegram", {}, ["/chat_id", "/token"]),
        ("telegram", {**TELEGRAM, "token": "no token"}, ["/token"]),
        ("telegram", {**TELEGRAM, "more": 1}, ["/more"]),
        ("webhook", {"url": "booth.example/hook"}, ["/url"]),
        ("webhook", {"url": "http://[::1"}, ["/url"]),
        ("webhook", {"url": "http://booth.example:port/"}, ["/url"]),
        ("email", {"to": []}, ["/to"]),
        ("email", {"to": ["nobody", "serg@booth.example"]}, ["/to/0"]),
        ("email", {"to": ["serg@booth.example"], "smtp_url": "http://mail"}, ["/smtp_url"]),
    ],
)
async def test_what_is_no_channel(
    office: Office, channel: str, body: Any, pointers: list[str]
) -> None:
    assert (await office.put(f"/api/alerts/{channel}", body)).pointers == pointers


async def test_there_are_no_other_channels(office: Office) -> None:
    reply = await office.put("/api/alerts/pigeon", {"url": "http://127.0.0.1"})
    assert (reply.status, reply.code) == (404, "alert_channel_not_found")


async def test_the_configuration_file_wins(
    office: Office, database: Database, tmp_path: Path, base: str, seen: list[tuple[str, Any]]
) -> None:
    await office.put("/api/alerts/webhook", {"url": f"{base}/of-the-browser"})
    other = await Office.open(
        database, tmp_path, alerts=AlertsConfig(webhook_url=f"{base}/of-the-file")
    )
    try:
        assert (await channels(other))["webhook"] == ("config", "127.0.0.1")
        for method, body in (("PUT", {"url": f"{base}/new"}), ("DELETE", None)):
            reply = await other.call(method, "/api/alerts/webhook", body)
            assert (reply.status, reply.code) == (409, "key_managed_elsewhere")
        await other.call("POST", "/api/alert-test")
        assert [path for path, _ in seen] == ["/of-the-file"]
    finally:
        await other.close()


async def test_an_alert_goes_out_by_a_channel_that_was_set_up_meanwhile(
    office: Office, base: str, clock: FakeClock, seen: list[tuple[str, Any]]
) -> None:
    old = clock.utcnow() - timedelta(days=9)
    await office.execute(
        "INSERT INTO backup_run (started_at, finished_at, succeeded, location, size_bytes)"
        " VALUES ($1, $1, true, '', 1)",
        old,
    )
    look = office.app.operations._watch.look
    for _ in range(5):
        clock.advance(10)
        assert await look() is None
    await office.put("/api/alerts/webhook", {"url": f"{base}/hook"})
    told = []
    for _ in range(5):
        clock.advance(10)
        told.append(await look())
    (notification,) = [one for one in told if one is not None]
    assert "PhotoboothBackupOld" in {alert.name for alert in notification.firing}
    await office.app.operations._watch.give_up()
    assert [path for path, _ in seen] == ["/hook"]
