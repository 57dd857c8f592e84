"""A restart that an administrator asks for: only where it comes back, and no photo is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.daemons import Daemon
from tests.support.office import PASSWORDS, cheap
from tests.support.sample_pictures import jpeg

STATUS = 75
SERG = f"UPDATE admin SET password_hash = '{cheap(PASSWORDS['serg'])}' WHERE username = 'serg'"


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def daemon(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Daemon]:
    running = Daemon(tmp_path, database_url, f"[server]\nprocesses = {request.param}\n")
    running.environment = {"PHOTOBOOTH_RESTART_STATUS": str(STATUS)}
    running.configure(SERG)
    yield running
    running.close()


class Administrator:
    """Who looks at Health in a browser."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._token = ""
        entry = {"username": "serg", "password": PASSWORDS["serg"]}
        self._token = self.call("POST", "/api/login", entry)[1]["token"]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status, and the document if there is one."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._token:
            given["Authorization"] = f"Bearer {self._token}"
        data = None
        if body is not None:
            given["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        status, answer = self._daemon.request(method, path, data, given)
        return status, json.loads(answer) if answer else {}

    def restart(self, **headers: str) -> tuple[int, str | None]:
        """Ask for a restart; the status, and the problem's code."""
        status, answer = self.call("POST", "/api/restart", **headers)
        return status, answer.get("code")

    def found(self) -> Any:
        """What readiness says of the daemon."""
        _, report = self.call("GET", "/api/readiness")
        return next(item for item in report["items"] if item["check"] == "daemon")

    def freeze(self) -> None:
        """Let an event run."""
        now = datetime.now(UTC)
        event = {
            "name": "Wedding",
            "starts_at": rfc3339(now - timedelta(hours=1)),
            "ends_at": rfc3339(now + timedelta(hours=1)),
            "frozen": True,
        }
        assert self.call("POST", "/api/events", event)[0] == 201


def keep_backups(daemon: Daemon, count: int) -> None:
    """Change the start-up file, as its machine's keeper does."""
    text = daemon.config_path.read_text("utf-8").partition("\n[backup]")[0]
    daemon.config_path.write_text(f"{text}\n[backup]\nkeep = {count}\n", "utf-8")


def test_a_changed_file_is_told_of_and_put_in_force(daemon: Daemon) -> None:
    process = daemon.start()
    daemon.wait_until_ready()
    serg = Administrator(daemon)
    assert serg.found()["code"] == "daemon_ok"
    keep_backups(daemon, 0)
    assert (serg.found()["code"], serg.found()["facts"]) == (
        "configuration_faulty",
        {"keys": "backup.keep"},
    )
    assert serg.restart() == (409, "configuration_faulty")
    keep_backups(daemon, 5)
    assert serg.found()["code"] == "restart_pending"
    assert serg.found()["facts"] == {"can_restart": True}
    serg.freeze()
    assert serg.restart() == (423, "event_running")
    with ThreadPoolExecutor() as threads:
        photos = [threads.submit(daemon.send, jpeg()) for _ in range(6)]
        assert serg.restart(X_Override_Freeze="a new disk for backups") == (204, None)
        assert process.wait(80) == STATUS
        daemon.start()
        assert [photo.result()[0] for photo in photos] == [200] * 6
    daemon.wait_until_ready()
    assert serg.found()["code"] == "daemon_ok"
    (entry,) = serg.call("GET", "/api/audit?action=service.restart")[1]["items"]
    assert entry["actor"] == "serg"
    assert not [line for line in daemon.log().splitlines() if '"level": "error"' in line]


def test_what_nobody_starts_again_is_not_ended(daemon: Daemon) -> None:
    daemon.environment = {}
    daemon.start()
    daemon.wait_until_ready()
    serg = Administrator(daemon)
    keep_backups(daemon, 5)
    assert serg.found()["facts"] == {"can_restart": False}
    assert serg.restart() == (409, "restart_not_possible")
    assert daemon.get("/readyz")[0] == 200
