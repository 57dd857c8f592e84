"""Everything a measurement needs, as real processes: PostgreSQL, provider, daemon, floor."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.load import BOUNDARY, form
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.model import Settings

PASSWORD = "a password for measuring"
SLOT = "slot-001"
BOOTHS = tuple(f"slot-{number:03d}" for number in range(1, 16))
DEFAULT_LIMITS = tuple(
    f"{name}={getattr(Settings(), name)}"
    for name in ("slot_concurrency", "slot_queue", "provider_concurrency")
)
"""The rig's database is one for all daemons, so what another has set is set back."""
NO_LIMITS = ("slot_concurrency=30", "slot_queue=200", "provider_concurrency=100")
START_SECONDS = 60.0
DAEMON = "photobooth_daemon.process.main"


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon, set up to take photos."""

    pid: int
    port: int
    postgres_pid: int
    stalls: Path
    provider_url: str

    def longest_stall_ms(self) -> float:
        """Return how long the loop stood still at most since this was last asked."""
        self.stalls.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        until = time.monotonic() + START_SECONDS
        while not self.stalls.exists():
            if time.monotonic() > until:
                raise TimeoutError("the daemon does not answer a signal")
            time.sleep(0.02)
        return float(self.stalls.read_text())


class Rig:
    """Starts and stops what is measured, in a directory of its own."""

    def __init__(self, folder: Path, postgres: Mapping[str, str] | None = None) -> None:
        """``postgres`` are settings of the server that the others have not."""
        self.folder = folder
        self.daemons_database_url: str | None = None
        """Where daemons find the database, if something stands between."""
        self.bucket: S3Config | None = None
        """Where daemons keep pictures, if not in files."""
        self._stack = ExitStack()
        self._postgres = EmbeddedPostgres(folder / "state" / "postgres", settings=postgres)
        self._runs = 0

    @property
    def database_url(self) -> str:
        """Return where the PostgreSQL of all measurements is."""
        return self._postgres.url

    def __enter__(self) -> Rig:
        # A database of another version of the program would be refused.
        for name in ("state", "media"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "state").mkdir(parents=True)
        self._stack.enter_context(self._postgres)
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    @contextmanager
    def floor(self) -> Iterator[tuple[int, int, Path]]:
        """Run the bare handler; give its pid, its port and its directory."""
        folder = self.folder / "floor"
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "bench.floor", str(folder)]
        with running(command, self.folder / "floor.log") as process:
            assert process.stdout is not None
            yield process.pid, int(process.stdout.readline()), folder

    @contextmanager
    def daemon(
        self,
        *,
        delay_seconds: float = 0.0,
        uplink_mbit: float | None = None,
        window_seconds: int = 48,
        slot: dict[str, Any] | None = None,
        slots: Sequence[str] = (SLOT,),
        limits: Sequence[str] = NO_LIMITS,
        probed: bool = True,
    ) -> Iterator[Daemon]:
        """Run a daemon whose slots ask a provider that answers with 1 MB, always.

        Without ``limits`` it runs on the settings of a new installation. One that is not ``probed``
        tells nothing of stalls, and does without the watch that wakes up 200 times a second.
        """
        self._runs += 1
        provider = [_ctl(), "fake-provider", "--answer", "prepared", "--delay", str(delay_seconds)]
        if uplink_mbit is not None:
            provider += ["--uplink-mbit", str(uplink_mbit)]
        with running(provider, self.folder / f"provider-{self._runs}.log") as fake:
            assert fake.stdout is not None
            provider_url = fake.stdout.readline().strip()
            config = self._config(provider_url)
            self._set_up(config, window_seconds, slot, slots, limits)
            stalls = self.folder / "stalls"
            program = ["bench.probed_daemon", str(stalls)] if probed else [DAEMON]
            command = [sys.executable, "-m", *program]
            log = self.folder / f"daemon-{self._runs}.log"
            with running([*command, "--config", str(config)], log) as process:
                port = _port_in(log, process)
                pid = self._postgres.pid
                assert pid is not None
                yield Daemon(process.pid, port, pid, stalls, provider_url)

    def _config(self, provider_url: str) -> Path:
        path = self.folder / "photobooth.toml"
        path.write_text(
            f'[server]\nlisten = "127.0.0.1:0"\njwt_key_file = "{self.folder}/state/jwt.key"\n'
            f'[database]\nurl = "{self.daemons_database_url or self._postgres.url}"\n'
            f'[media]\nroot = "{self.folder}/media"\n{self._bucket()}'
            f'[providers.gemini]\nbase_url = "{provider_url}"\napi_key = "none"\nlocal = true\n'
        )
        return path

    def _bucket(self) -> str:
        if self.bucket is None:
            return ""
        secret = self.folder / "s3-secret"
        secret.write_text(self.bucket.secret_key)
        names = ("endpoint", "bucket", "prefix", "access_key")
        lines = [f'{name} = "{getattr(self.bucket, name)}"\n' for name in names]
        lines.append(f'secret_key_file = "{secret}"\n')
        return "".join(['store = "s3"\n[media.s3]\n', *lines])

    def _set_up(
        self,
        config: Path,
        window_seconds: int,
        slot: dict[str, Any] | None,
        slots: Sequence[str],
        limits: Sequence[str],
    ) -> None:
        def ctl(*arguments: str, text: str | None = None) -> None:
            command = [_ctl(), "--config", str(config), *arguments]
            done = subprocess.run(command, input=text, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")

        ctl("migrate")
        ctl("settings", "rotate-ingest-password", "--stdin", text=PASSWORD + "\n")
        ctl(
            "settings",
            "set",
            *(limits or DEFAULT_LIMITS),
            "min_free_mb=0",
            f"sync_response_seconds={window_seconds}",
        )
        recipe = {
            "enabled": True,
            "provider": "gemini",
            "operation": "edit",
            "params": {"prompt": "Nothing at all."},
            "response_mode": "image",
            **(slot or {}),
        }
        for slot_id in slots:
            ctl("slot", "set", slot_id, "--file", "-", text=json.dumps(recipe))


def shoot(
    port: int,
    photo: Path | None,
    *,
    photos: int,
    at_once: int,
    paths: Sequence[str],
    method: str = "POST",
) -> dict[str, Any]:
    """Send photos from a process of their own, to each path in turn, and return what became."""
    order = {
        "port": port,
        "photo": str(photo) if photo else None,
        "photos": photos,
        "at_once": at_once,
        "method": method,
        "paths": list(paths),
        "fields": {"time": "1767859200", "user_id": "Booth", "password": PASSWORD},
    }
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=json.dumps(order), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError("the cameras failed")
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def result_of(port: int, photo: Path) -> str:
    """Send one photo and return the path of its stored result."""
    body = form(photo.read_bytes(), {"password": PASSWORD})
    request = Request(
        f"http://127.0.0.1:{port}/api/ingest/{SLOT}?response=json",
        data=body,
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    with urlopen(request) as answer:
        return str(json.load(answer)["result_url"])


def _ctl() -> str:
    return str(Path(sys.executable).with_name("photoboothctl"))


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a program as long as the block does; its errors go to ``log``."""
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port_in(log: Path, process: subprocess.Popen[str]) -> int:
    """Return the port that the daemon says it listens on, once it answers there."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                port = int(json.loads(line)["port"])
                with urlopen(f"http://127.0.0.1:{port}/livez"):
                    return port
        time.sleep(0.05)
    raise RuntimeError(f"the daemon did not start: {log.read_text()[-2000:]}")
