"""The daemon as a process of its own, on a port that the test holds as systemd would."""

from __future__ import annotations

import asyncio
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

import asyncpg
import bcrypt

from tests.support import started
from tests.support.fakes import rest_after_look
from tests.support.places import Place

START_SECONDS = 60
PASSWORD = "correct horse"


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Return the condition's first true value, which comes in time or fails the test."""
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if value := condition():
            return value
        assert time.monotonic() < end, f"it has not happened within {seconds} s"
        time.sleep(max(0.02, rest_after_look(time.monotonic() - began)))


class Daemon:
    """A configuration, a port that outlives the process, and the process in between."""

    def __init__(
        self,
        directory: Path,
        database_url: str,
        toml: str = "",
        *,
        shared: Path | None = None,
        media_root: Path | None = None,
    ) -> None:
        """``shared`` has the media and the keys of several daemons, else ``directory`` has them."""
        self._state_dir = shared or directory
        self._held = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._held.getsockname()[1]
        self.log_path = directory / "daemon.log"
        self.media_root = media_root or self._state_dir / "media"
        self.config_path = directory / "photobooth.toml"
        self._database_url = database_url
        self.write_config(database_url, toml)
        self.process: subprocess.Popen[bytes] | started.Started | None = None
        self.place: Place | None = None
        self.inside: list[str] = []
        """A command that runs the daemon's: under another limit, say."""
        self.module = started.DAEMON
        self.environment: Mapping[str, str] = {}
        self.constants: Mapping[str, float] = {}
        """Times that it takes less of than in the field: ``started.start`` says how."""
        self.imports_itself = False
        """Whether it starts as it does in the field: slower, and the only proof that it does."""

    def write_config(self, database_url: str, toml: str = "") -> None:
        sections = {
            "server": f'jwt_key_file = "{self._state_dir}/jwt.key"',
            "database": f'url = "{database_url}"',
            "media": f'root = "{self.media_root}"',
        }
        for name, line in sections.items():
            header = f"[{name}]\n"
            if header not in toml:
                toml += f"\n{header}"
            toml = toml.replace(header, f"{header}{line}\n")
        self.config_path.write_text(toml, "utf-8")

    def start(
        self, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes] | started.Started:
        """Start a process on the port and return it; an earlier one may still be draining."""
        port = self._held.fileno()
        options = ["--config", str(self.config_path), "--listen-fd", str(port)]
        environment = {**os.environ, **self.environment, **(environment or {})}
        with self.log_path.open("ab") as log:
            if self.inside or self.imports_itself:
                self.process = subprocess.Popen(
                    [*self.inside, sys.executable, "-m", self.module, *options],
                    pass_fds=[port],
                    stdout=log,
                    stderr=log,
                    env=environment,
                )
            else:
                files = {1: log.fileno(), 2: log.fileno(), port: port}
                self.process = started.start(
                    self.module,
                    *options,
                    files=files,
                    environment=environment,
                    place=self.place,
                    constants=self.constants,
                )
        return self.process

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until photos are taken; a process that has ended instead fails the test at once."""

        def is_ready() -> bool:
            assert self.process is not None
            status = self.process.poll()
            assert status is None, f"the daemon ended with {status}: {self.log_path}"
            try:
                # One that starts slowly leaves what is asked in the socket's queue.
                return self.request("GET", "/readyz", patience_seconds=10)[0] == 200
            except OSError:
                return False

        until(is_ready, seconds)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        return self.request("GET", path, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        patience_seconds: float = 120,
    ) -> tuple[int, bytes]:
        """Make one request on a connection of its own; the socket's queue waits for a daemon."""
        request = Request(
            f"http://127.0.0.1:{port or self.port}{path}", body, dict(headers or {}), method=method
        )
        try:
            with urlopen(request, timeout=patience_seconds) as response:
                return response.status, response.read()
        except HTTPError as refusal:
            return refusal.code, refusal.read()

    def configure(self, *statements: str) -> None:
        """Set the ingest password, put the first slot on a local look, then run the statements."""
        self.set_password(PASSWORD)
        local_look = (
            "UPDATE slot SET enabled = true, provider = 'local', operation = 'look'"
            " WHERE slot_id = 'slot-001'"
        )
        self._execute(local_look, *statements)

    def set_password(self, password: str) -> None:
        """Make this the password of every camera."""
        stored = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
        self._execute(f"UPDATE setting SET ingest_password_hash = '{stored}'")

    def _execute(self, *statements: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self._database_url)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())

    def send(
        self,
        photo: bytes,
        *,
        password: str = PASSWORD,
        query: str = "",
        port: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send a photo as a camera station does; ``port`` is a proxy's."""
        boundary = "------------090306000104030805010400"
        body = b"".join(
            [
                f'--{boundary}\r\nContent-Disposition: form-data; name="password"\r\n\r\n'.encode(),
                password.encode(),
                f"\r\n--{boundary}\r\nContent-Disposition: form-data;"
                ' name="fileToUpload"; filename="IMG_0042.JPG"\r\n'
                "Content-Type: image/jpeg\r\n\r\n".encode(),
                photo,
                f"\r\n--{boundary}--\r\n".encode(),
            ]
        )
        content_type = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        path = f"/api/ingest/slot-001{query}"
        return self.request("POST", path, body, {**content_type, **(headers or {})}, port=port)

    def stop(self, seconds: float = 80) -> int:
        """Ask the process to stop and return its status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def let_go_of_port(self) -> None:
        """Leave the port to the process alone, as where no systemd holds it: it ends with it."""
        self._held.close()

    def take_port_again(self) -> None:
        """Hold the port for the next process, as systemd does after a boot."""
        self._held = socket.create_server(("127.0.0.1", self.port), backlog=256)

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
