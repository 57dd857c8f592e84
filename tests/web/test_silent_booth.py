"""A booth that falls silent while its evening runs is told of by every channel."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.config.start_up import AlertsConfig
from photobooth_daemon.database.pool import Database
from tests.support.alert_receiver import receiver_app
from tests.support.fakes import FakeClock
from tests.support.mail_server import MailServer
from tests.support.office import Office
from tests.web.test_events import LOOK, planned

CHAT = "-1001234567890"


async def test_a_silent_booth_is_told_by_every_channel(database: Database, tmp_path: Path) -> None:
    seen: list[tuple[str, Any]] = []
    receiver = HTTPServer(receiver_app(seen, []))
    receiver.listen(0, "127.0.0.1")
    base = f"http://127.0.0.1:{next(iter(receiver._sockets.values())).getsockname()[1]}"
    post, clock = MailServer(), FakeClock()
    smtp_url = await post.start()
    office = await Office.open(
        database, tmp_path, clock=clock, alerts=AlertsConfig(telegram_api_url=base)
    )
    try:
        for channel, config in (
            ("webhook", {"url": f"{base}/hook"}),
            ("telegram", {"token": "123456:a-token-of-the-studio-s-bot", "chat_id": CHAT}),
            ("email", {"to": ["serg@x.example"], "from": "p@x.example", "smtp_url": smtp_url}),
        ):
            reply = await office.put(f"/api/alerts/{channel}", config)
            assert reply.status == 204, reply.body
        for slot_id in ("slot-001", "slot-002"):
            await office.put(f"/api/slots/{slot_id}", LOOK, If_Match="*")
        begun = clock.utcnow()
        await planned(
            office,
            starts_at=rfc3339(begun),
            ends_at=rfc3339(begun + timedelta(hours=6)),
            slots=["slot-001", "slot-002"],
            silent_minutes=5,
        )
        for _ in range(5):
            assert (await office.photograph("slot-001")).status == 200
        clock.advance(360)
        assert (await office.photograph("slot-002")).status == 200
        text = "slot-001: фотографий нет 6 мин, хотя другие слоты события работают"
        await told(office, clock, text)
        await office.app.operations._watch.give_up()
        by_hook = [body for path, body in seen if path == "/hook"]
        assert [alert["name"] for alert in by_hook[-1]["firing"]] == ["PhotoboothBoothSilent"]
        assert by_hook[-1]["firing"][0]["runbook"] == "PhotoboothBoothSilent.md"
        by_chat = [body for path, body in seen if path.startswith("/bot")]
        assert (by_chat[-1]["chat_id"], text in by_chat[-1]["text"]) == (CHAT, True)
        message = email.message_from_bytes(post.messages[-1], policy=email.policy.default)
        assert text in str(message["Subject"])
        assert text in message.get_body().get_content()  # type: ignore[union-attr]
    finally:
        await office.close()
        await post.stop()
        receiver.stop()


async def told(office: Office, clock: FakeClock, text: str) -> None:
    """Let the watch look until it says so."""
    operations = office.app.operations
    for _ in range(25):
        clock.advance(2)
        await operations.vitals.refresh()
        notification = await operations._watch.look()
        if notification is not None and text in notification.text:
            return
    raise AssertionError("nobody was told")
