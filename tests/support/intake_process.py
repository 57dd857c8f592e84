"""The intake as a process of its own, and the folders of one of its slots."""

from __future__ import annotations

import json
import random
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tests.support import started
from tests.support.daemons import until
from tests.support.places import Place

PASSWORD = "the booth's own secret 7"
SLOT = "slot-001"
PASSWORD_KEY = "password_file"
SWIFT = {
    "photobooth_daemon.app.intake.LOOK_SECONDS": 1.0,
    "photobooth_daemon.intake.service.AGAIN_SECONDS": 0.5,
    "photobooth_daemon.intake.line.FIRST_PAUSE_SECONDS": 0.2,
    "photobooth_daemon.intake.line.LONGEST_PAUSE_SECONDS": 2.0,
    "photobooth_daemon.intake.line.WRITING_SECONDS": 5.0,
    "photobooth_daemon.intake.copies.AGAIN_SECONDS": 1.0,
    "photobooth_daemon.intake.password.AGAIN_SECONDS": 0.5,
    "photobooth_daemon.intake.watch.CHECK_SECONDS": 0.5,
}
"""How long it waits for what may pass: a tenth of what it does in the field."""


def free_port() -> int:
    """Return a port that nobody listens on, and that no client is given while a process restarts.

    Those above are handed out to whoever connects (``ip_local_port_range``).
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as candidate, suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port


class IntakeProcess:
    """``photobooth-intake`` on a folder of the test's, sending to ``server``."""

    def __init__(self, directory: Path, server: str, **keys: str) -> None:
        self.directory = directory
        self.folder = directory / "intake"
        self.ftp_port = free_port()
        self.status_port = free_port()
        self.log_path = directory / "intake.log"
        self.password_path = directory / "ingest-password"
        self.password_path.write_text(PASSWORD)
        self.config_path = directory / "intake.toml"
        self._keys = {
            "folder": f'"{self.folder}"',
            "server": f'"{server}"',
            "slots": f'["{SLOT}", "slot-002"]',
            PASSWORD_KEY: f'"{self.password_path}"',
            "ftp_listen": f'"127.0.0.1:{self.ftp_port}"',
            "status_listen": f'"127.0.0.1:{self.status_port}"',
            "settle_seconds": "0.2",
            **keys,
        }
        self.config_path.write_text(self.section())
        self.process: started.Started | None = None
        self.place: Place | None = None
        self.disk = Path("/")
        """The root that it has in its place."""

    def section(self, *, password: bool = True) -> str:
        """Return the start-up file's section, for a daemon's too."""
        keys = {key: value for key, value in self._keys.items() if password or key != PASSWORD_KEY}
        lines = [f"{key} = {value}" for key, value in keys.items()]
        return "\n".join(["[intake]", *lines, ""])

    def start(self) -> None:
        """Start it and wait until it takes photos up."""
        with self.log_path.open("ab") as log:
            begins = log.tell()
            options = ["--config", str(self.config_path)]
            files = {1: log.fileno(), 2: log.fileno()}
            self.process = started.start(
                started.INTAKE, *options, files=files, place=self.place, constants=SWIFT
            )
        until(lambda: self.status() is not None)
        until(lambda: self._takes_up(begins))

    def _takes_up(self, begins: int) -> bool:
        """Return whether it has said so since; one that has ended never will."""
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        return b"taking photos up" in self.log_path.read_bytes()[begins:]

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Stop it and return its exit status; one that has ended already is only reaped."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signum)
        return self.process.wait(20)

    def log(self) -> str:
        """Return what it has logged, which is nothing before it was ever started."""
        return self.log_path.read_text("utf-8") if self.log_path.exists() else ""

    def status(self) -> dict[str, Any] | None:
        """Return what its page says; None while there is none."""
        try:
            with urlopen(f"http://127.0.0.1:{self.status_port}/status", timeout=5) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (HTTPError, URLError, ConnectionError):
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            return None

    def shelf(self, name: str, slot: str = SLOT) -> Path:
        """Return one of a slot's folders."""
        return self.disk / self.folder.relative_to("/") / slot / name

    def files(self, shelf: str, slot: str = SLOT) -> list[str]:
        """Return what lies in one of a slot's folders and below, sorted."""
        directory = self.shelf(shelf, slot)
        return sorted(
            path.relative_to(directory).as_posix()
            for path in directory.rglob("*")
            if path.is_file()
        )
