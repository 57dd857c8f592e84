"""Notifications arrive: webhook, Telegram, mail; each through a real port, and again if need be."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import tornado.web
from prometheus_client import CollectorRegistry
from tornado.ioloop import IOLoop

from photobooth_daemon.config.start_up import AlertsConfig
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.alerts import Announcement, Notification, Severity
from photobooth_daemon.monitoring.alerts import outbox as outbox_module
from photobooth_daemon.monitoring.alerts.channels import NotSentError, build_channels
from photobooth_daemon.monitoring.alerts.heartbeat import Heartbeat
from photobooth_daemon.monitoring.alerts.outbox import Outbox
from tests.support.alert_receiver import receiver_app
from tests.support.mail_server import MailServer

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALERT = Announcement("PhotoboothDiskFull", "", Severity.PAGE, "Диск заполнен", AT)
NOTIFICATION = Notification(
    installation="booth.lan", at=AT, firing=(ALERT,), title="booth.lan: Тревога", text="Диск"
)
TOKEN = "123:secret-token"


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
def session(io_loop: IOLoop) -> Iterator[aiohttp.ClientSession]:
    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    made = io_loop.run_sync(make)
    yield made
    io_loop.run_sync(made.close)


@pytest.fixture
def base(http_server: Any, http_server_port: Any) -> str:
    return f"http://127.0.0.1:{http_server_port[1]}"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


async def test_the_webhook_gets_json(
    session: aiohttp.ClientSession, base: str, seen: list[tuple[str, Any]]
) -> None:
    (channel,) = build_channels(AlertsConfig(webhook_url=f"{base}/hook"), session)
    await channel.send(NOTIFICATION)
    path, body = seen[0]
    assert path == "/hook"
    assert body == {
        "source": "photobooth-daemon",
        "installation": "booth.lan",
        "status": "firing",
        "sent_at": "2026-11-22T12:00:00Z",
        "text": "Диск",
        "firing": [
            {
                "name": "PhotoboothDiskFull",
                "subject": "",
                "severity": "page",
                "summary": "Диск заполнен",
                "since": "2026-11-22T12:00:00Z",
                "runbook": "PhotoboothDiskFull.md",
            }
        ],
        "recovered": [],
    }


async def test_telegram_gets_its_own_shape(
    session: aiohttp.ClientSession, base: str, seen: list[tuple[str, Any]]
) -> None:
    config = AlertsConfig(telegram_token=TOKEN, telegram_chat_id="-100", telegram_api_url=base)
    (channel,) = build_channels(config, session)
    await channel.send(NOTIFICATION)
    assert seen == [
        (
            f"/bot{TOKEN}/sendMessage",
            {"chat_id": "-100", "text": "Диск", "disable_web_page_preview": True},
        )
    ]


async def test_mail_is_a_proper_message(session: aiohttp.ClientSession) -> None:
    server = MailServer()
    url = await server.start()
    try:
        config = AlertsConfig(
            smtp_url=url, email_to=("serg@x.example", "igor@x.example"), email_from="p@x.example"
        )
        (channel,) = build_channels(config, session)
        await channel.send(NOTIFICATION)
        server.refuse = True
        with pytest.raises(NotSentError):
            await channel.send(NOTIFICATION)
    finally:
        await server.stop()
    message = email.message_from_bytes(server.messages[0], policy=email.policy.default)
    assert message["Subject"] == "booth.lan: Тревога"
    assert message["To"] == "serg@x.example, igor@x.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().strip().startswith("Диск")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "{base}"])
async def test_a_failure_names_no_token(
    session: aiohttp.ClientSession, base: str, statuses: list[int], url: str
) -> None:
    statuses.append(401)
    config = AlertsConfig(
        telegram_token=TOKEN, telegram_chat_id="1", telegram_api_url=url.format(base=base)
    )
    (channel,) = build_channels(config, session)
    with pytest.raises(NotSentError) as caught:
        await channel.send(NOTIFICATION)
    assert "secret" not in str(caught.value)


async def test_a_notification_is_sent_again_until_it_arrives(
    session: aiohttp.ClientSession,
    base: str,
    seen: list[tuple[str, Any]],
    statuses: list[int],
    metrics: Metrics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox_module, "FIRST_PAUSE_SECONDS", 0.01)
    statuses += [500, 503]
    config = AlertsConfig(
        webhook_url=base, smtp_url="smtp://127.0.0.1:9", email_to=("a@b.example",)
    )
    outbox = Outbox(build_channels(config, session), metrics)
    outbox.start()
    outbox.put(NOTIFICATION)
    for _ in range(500):
        if len(seen) == 3:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)
    monkeypatch.setattr(outbox_module, "FAREWELL_SECONDS", 0.05)
    await outbox.close()
    assert len(seen) == 3
    sent = metrics.alerts_sent_total.labels("webhook", "success")
    assert sent._value.get() == 1


async def test_a_password_that_smtp_cannot_carry_is_a_failure_by_name(
    session: aiohttp.ClientSession,
) -> None:
    server = MailServer()
    url = (await server.start()).replace("//", "//serg:пароль@")
    (channel,) = build_channels(AlertsConfig(smtp_url=url, email_to=("a@b.example",)), session)
    with pytest.raises(NotSentError, match="UnicodeEncodeError"):
        await channel.send(NOTIFICATION)
    await server.stop()


async def test_an_error_that_nobody_expected_does_not_silence_the_channel(metrics: Metrics) -> None:
    class Odd:
        name = "odd"

        def __init__(self) -> None:
            self.asked = 0

        async def send(self, notification: Notification) -> None:
            self.asked += 1
            if self.asked == 1:
                raise RuntimeError("nobody expected this")

    channel = Odd()
    outbox = Outbox([channel], metrics)
    outbox.start()
    outbox.put(NOTIFICATION)
    outbox.put(NOTIFICATION)
    await outbox.close()  # waits for what is queued
    assert channel.asked == 2
    assert metrics.alerts_sent_total.labels("odd", "failure")._value.get() == 1
    assert metrics.alerts_sent_total.labels("odd", "success")._value.get() == 1


async def test_the_heart_beats_only_while_all_is_well(
    session: aiohttp.ClientSession, base: str, seen: list[tuple[str, Any]], metrics: Metrics
) -> None:
    well = True

    async def is_well() -> bool:
        return well

    heart = Heartbeat(session, f"{base}/beat", 60, is_well, metrics)
    assert await heart.beat()
    well = False
    assert not await heart.beat()
    assert seen == [("/beat", None)]
    well = True
    deaf = Heartbeat(session, "http://127.0.0.1:9/", 60, is_well, metrics)
    assert not await deaf.beat()
