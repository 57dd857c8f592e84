"""The server's address, alerts, a backup and a trial photo in the browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.ui_house import (
    LANGUAGES,
    NARROW,
    RESTART_STATUS,
    WIDE,
    House,
    Visit,
    visit,
    wait_for,
)
from tests.ui.looks import axe_source, look_over

pytestmark = pytest.mark.browser
ADDRESS = "https://booth.example"


class Receiver(ThreadingHTTPServer):
    """Where a webhook leads; it answers ``status`` and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.told: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        thread = threading.Thread(target=opened.serve_forever, daemon=True)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


@pytest.fixture(params=LANGUAGES)
def admin(request: pytest.FixtureRequest, house: House, browser: Any) -> Iterator[Visit]:
    size = WIDE if request.param == "ru" else NARROW
    with visit(house, browser, request.param, size, bypass_csp=True) as one:
        one.login()
        yield one


def set_address(house: House, address: str | None) -> None:
    version = house.call("GET", "/api/settings")["version"]
    house.call("PUT", "/api/settings", {"version": version, "public_url": address})


def count_of_test_runs(house: House) -> int:
    return len(house.call("GET", "/api/jobs", query={"source": "test"})["items"])


def test_the_address_is_set_and_links_begin_with_it(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    admin.open("settings?at=address")
    try:
        page.locator("#public_url").fill("booth.example")
        admin.button("act.save").click()
        page.locator("#public_url-fault").wait_for()
        page.locator("#public_url").fill("http://127.0.0.1:8080")
        page.get_by_text(t("address.here_only")).wait_for()
        page.locator("#public_url").fill(ADDRESS)
        admin.button("act.save").click()
        page.locator(".save-bar").wait_for(state="detached")
        assert house.call("GET", "/api/settings")["public_address"]["url"] == ADDRESS
        slot = house.call("GET", "/api/slots/slot-001")
        assert slot["links"]["ingest"].startswith(f"{ADDRESS}/api/ingest/")
    finally:
        set_address(house, None)


def test_a_webhook_is_set_up_tried_and_taken_away(
    admin: Visit, house: House, receiver: Receiver
) -> None:
    page, t = admin.page, admin.t
    admin.open("settings?at=alerts")
    row = page.locator("#alerts-webhook")
    row.get_by_text(t("alerts.not_set")).wait_for()
    row.get_by_role("button", name=t("alerts.set_up")).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("#alert-url").fill("booth.example")
    dialog.get_by_role("button", name=t("alerts.save")).click()
    dialog.locator("#alert-url-fault").wait_for()
    dialog.locator("#alert-url").fill(receiver.url)
    dialog.get_by_role("button", name=t("alerts.save")).click()
    page.locator("#alerts .notice.ok").wait_for()
    assert [told["status"] for told in receiver.told] == ["test"]
    row.get_by_text("127.0.0.1").wait_for()
    receiver.status = 500
    admin.button("alerts.test").click()
    page.locator("#alerts .notice.bad").wait_for()
    assert not look_over(admin, axe_source())
    row.get_by_role("button", name=t("alerts.forget")).click()
    page.get_by_role("dialog").get_by_role("button", name=t("alerts.forget")).click()
    row.get_by_text(t("alerts.not_set")).wait_for()
    sources = {
        one["channel"]: one["source"] for one in house.call("GET", "/api/alerts")["channels"]
    }
    assert sources["webhook"] is None


def test_a_telegram_bot_and_mail_are_typed_in(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    admin.open("settings?at=alerts")
    for channel, fields in (
        ("telegram", {"token": "123456:a-token-of-the-studio-s-bot", "chat_id": "-100123"}),
        ("email", {"to": "a@booth.example, b@booth.example", "server": "127.0.0.1:9", "user": "x"}),
    ):
        row = page.locator(f"#alerts-{channel}")
        row.get_by_role("button", name=t("alerts.set_up")).click()
        dialog = page.get_by_role("dialog")
        for name, value in fields.items():
            dialog.locator(f"#alert-{name}").fill(value)
        assert not look_over(admin, axe_source())
        dialog.get_by_role("button", name=t("act.cancel")).click()
        assert house.call("GET", "/api/alerts")["channels"][0]["source"] is None


def test_remedies_are_buttons_and_what_they_mend_goes_away(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    house.execute("DELETE FROM backup_run")
    admin.open("health")
    found = page.locator("#readiness li", has_text=t("remedy.backup_never"))
    found.wait_for()
    # The command is there for those who want it, and folded.
    assert not found.get_by_text("photoboothctl backup").is_visible()
    found.get_by_text(t("readiness.by_command")).click()
    found.get_by_text("photoboothctl backup").wait_for()
    assert page.locator("main > .notice").count() == 1
    found.get_by_role("button").click()
    found.wait_for(state="detached", timeout=90_000)
    # How large it was stands beside the button that makes the next one.
    last = house.call("GET", "/api/backup")["last"]
    assert last["succeeded"], last
    nobody = page.locator("#readiness li", has_text=t("remedy.alerts_nobody"))
    nobody.get_by_role("link").click()
    page.locator("#alerts").wait_for()


def test_a_cleanup_that_did_not_run_is_made_and_alerts_are_told_again(
    admin: Visit, house: House
) -> None:
    page, t = admin.page, admin.t
    house.execute(
        "DELETE FROM cleanup_run",
        "INSERT INTO maintenance_window (starts_at, ends_at, reason, opened_by)"
        " VALUES (now() - interval '1 hour', now() + interval '1 hour', '', 'serg')",
    )
    house.call("PUT", "/api/alerts/webhook", {"url": "http://127.0.0.1:9/hook"})
    try:
        admin.open("health")
        for code in ("cleanup_never", "alerts_quiet"):
            found = page.locator("#readiness li", has=admin.button(f"remedy.{code}"))
            assert not found.locator(".by-command p").is_visible()
            found.get_by_role("button").click()
            found.wait_for(state="detached")
        assert house.call("GET", "/api/cleanup")["last"]["succeeded"]
        page.locator("#deed-cleanup").get_by_role("button", name=t("chore.cleanup.now")).click()
        admin.toast("chore.cleanup.nothing")
    finally:
        house.call("DELETE", "/api/alerts/webhook")


def test_a_trial_photo_is_taken_after_a_question(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    admin.open("health")
    page.locator("#deeds").get_by_role("button", name=t("trial.take")).click()
    dialog = page.get_by_role("dialog")
    before = len(house.call("GET", "/api/jobs", query={"source": "test"})["items"])
    dialog.get_by_role("button", name=t("trial.send")).click()
    wait_for(
        lambda: len(house.call("GET", "/api/jobs", query={"source": "test"})["items"]) > before
    )
    page.locator("#deeds").get_by_role("button", name=t("trial.take")).and_(
        page.locator(":not([aria-busy])")
    ).wait_for()
    assert not look_over(admin, axe_source())


def test_a_file_changed_on_the_server_is_put_in_force_by_a_button(
    admin: Visit, house: House
) -> None:
    page, t = admin.page, admin.t
    process, config = house.daemon.process, house.daemon.config_path
    assert process is not None
    as_it_was = config.read_text("utf-8")
    changed = as_it_was.replace("[backup]", "[backup]\nkeep = 0")
    config.write_text(changed, "utf-8")
    try:
        admin.open("health")
        page.locator("#readiness li", has_text=t("finding.configuration_faulty")).wait_for()
        config.write_text(changed.replace("keep = 0", "keep = 5"), "utf-8")
        admin.button("health.again").click()
        admin.button("remedy.restart_pending").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(t("restart.text")).wait_for()
        assert not look_over(admin, axe_source())
        dialog.get_by_role("button", name=t("restart.now")).click()
        assert process.wait(60) == RESTART_STATUS
        house.daemon.start()
        admin.toast("restart.done")
        admin.button("remedy.restart_pending").wait_for(state="detached")
    finally:
        config.write_text(as_it_was, "utf-8")
        house.daemon.stop()
        house.daemon.start()
        house.daemon.wait_until_ready()
    admin.complaints.clear()  # The browser's own words about a daemon that was away.
