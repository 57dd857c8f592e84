"""``photoboothctl alert``, as people and scripts call it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from photobooth_daemon.cli import main


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what it is posted."""

    seen: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append(json.loads(body))
        self.send_response(500 if self.path == "/broken" else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hook_url() -> Iterator[str]:
    Hook.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(database_url: str, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", "alert", *arguments],
        env={"PHOTOBOOTH_DATABASE__URL": database_url, **environment},
    )


def test_a_test_message_arrives(database_url: str, hook_url: str) -> None:
    result = run(database_url, "test", PHOTOBOOTH_ALERTS__WEBHOOK_URL=hook_url)
    assert (result.exit_code, result.output) == (0, "webhook: sent\n")
    assert Hook.seen[0]["status"] == "test"
    assert "Это проверка" in Hook.seen[0]["text"]


def test_a_test_needs_no_database(hook_url: str) -> None:
    result = run("postgresql://127.0.0.1:9/none", "test", PHOTOBOOTH_ALERTS__WEBHOOK_URL=hook_url)
    assert result.exit_code == 0


def test_a_channel_that_fails_and_no_channel_are_failures(database_url: str, hook_url: str) -> None:
    result = run(database_url, "test", PHOTOBOOTH_ALERTS__WEBHOOK_URL=f"{hook_url}/broken")
    assert (result.exit_code, result.output) == (1, "webhook: not sent: answered 500\n")
    assert run(database_url, "test").exit_code == 1


def test_maintenance_is_opened_listed_and_ended(database_url: str) -> None:
    assert "Nothing is wrong." in run(database_url, "list").output
    assert run(database_url, "maintenance", "--for", "2h", "--reason", "new disk").exit_code == 0
    shown = json.loads(run(database_url, "list", "--json").output)
    assert [w["reason"] for w in shown["maintenance"]] == ["new disk"]
    assert "new disk" in run(database_url, "list").output
    assert "Ended 1" in run(database_url, "maintenance", "--end").output
    assert json.loads(run(database_url, "list", "--json").output)["maintenance"] == []


@pytest.mark.parametrize("arguments", [(), ("--for", "2"), ("--for", "2h", "--end")])
def test_maintenance_wants_to_know_how_long(database_url: str, arguments: tuple[str, ...]) -> None:
    assert run(database_url, "maintenance", *arguments).exit_code == 2
