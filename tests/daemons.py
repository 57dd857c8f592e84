"""The daemon as a process of its own, on a port that the test holds as systemd would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

START_SECONDS = 60


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Return the condition's first true value, which comes in time or fails the test."""
    end = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < end, f"it has not happened within {seconds} s"
        time.sleep(0.02)


class Daemon:
    """A configuration, a port that outlives the process, and the process in between."""

    def __init__(self, directory: Path, database_url: str, toml: str = "") -> None:
        self._held = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._held.getsockname()[1]
        self.log_path = directory / "daemon.log"
        self.media_root = directory / "media"
        self.config_path = directory / "photobooth.toml"
        self.write_config(database_url, toml)
        self.process: subprocess.Popen[bytes] | None = None
        self.inside: list[str] = []
        """A command that runs the daemon's: in another mount namespace, say."""

    def write_config(self, database_url: str, toml: str = "") -> None:
        state_dir = self.config_path.parent
        sections = {
            "server": f'jwt_key_file = "{state_dir}/jwt.key"',
            "database": f'url = "{database_url}"',
            "media": f'root = "{self.media_root}"',
        }
        for name, line in sections.items():
            header = f"[{name}]\n"
            if header not in toml:
                toml += f"\n{header}"
            toml = toml.replace(header, f"{header}{line}\n")
        self.config_path.write_text(toml, "utf-8")

    def start(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a process on the port and return it; an earlier one may still be draining."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.inside,
                    sys.executable,
                    *("-m", "photobooth_daemon.daemon"),
                    *("--config", str(self.config_path)),
                    *("--listen-fd", str(self._held.fileno())),
                ],
                pass_fds=[self._held.fileno()],
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )
        return self.process

    def wait_until_ready(self) -> None:
        until(lambda: self.get("/readyz")[0] == 200, START_SECONDS)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        return self.request("GET", path, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Make one request on a connection of its own; the socket's queue waits for a daemon."""
        request = Request(
            f"http://127.0.0.1:{self.port}{path}", body, dict(headers or {}), method=method
        )
        try:
            with urlopen(request, timeout=70) as response:
                return response.status, response.read()
        except HTTPError as refusal:
            return refusal.code, refusal.read()

    def stop(self, seconds: float = 80) -> int:
        """Ask the process to stop and return its status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def log(self) -> str:
        return self.log_path.read_text("utf-8")

    def events(self, message: str) -> list[dict[str, Any]]:
        """Return the log lines with this message."""
        lines = (json.loads(line) for line in self.log().splitlines() if line.startswith("{"))
        return [line for line in lines if line["message"] == message]

    def close(self) -> None:
        """Leave no process and no port behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._held.close()
