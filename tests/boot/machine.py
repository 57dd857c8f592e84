"""What the checks do to the machine they run on: commands, photos, and waiting with a bound."""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

HOST, PORT = "127.0.0.1", 8080
SERVICE = "photobooth-daemon.service"
STATE_DIR = Path("/var/lib/photobooth-daemon")


def run(*command: str | Path, stdin: str = "", ok: bool = True, seconds: float = 600) -> str:
    """Run a command and return all it printed; a status other than 0 fails, unless ``ok=False``."""
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
            # As sudo sets them.
            "HOME": "/root",
            "USER": "root",
            "LOGNAME": "root",
        },
    )
    assert not ok or done.returncode == 0, f"{command} gave {done.returncode}:\n{done.stdout}"
    return done.stdout


def sql(statement: str) -> str:
    """Run one statement as PostgreSQL's superuser and return its bare answer."""
    quiet = ("psql", "--quiet", "--no-align", "--tuples-only", "--no-psqlrc")
    return run(
        "runuser", "-u", "postgres", "--", *quiet, "-d", "photobooth", "-c", statement
    ).strip()


def unit(name: str = SERVICE, property_name: str = "ActiveState") -> str:
    """Return a property of a unit."""
    return run("systemctl", "show", "--value", f"--property={property_name}", name).strip()


def until(what: str, condition: Callable[[], Any], seconds: float = 180) -> Any:
    """Return the condition's first true value; what has not happened in time fails by name."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = 70,
) -> Answer:
    """Make one request on a connection of its own, as a camera does."""
    connection = http.client.HTTPConnection(HOST, PORT, timeout=seconds)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def log_in(password: str) -> dict[str, str]:
    """Return the header of a new session of serg's."""
    body = json.dumps({"username": "serg", "password": password}).encode()
    answer = ask("POST", "/api/login", body, {"Content-Type": "application/json"})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def is_ready() -> bool:
    return ask("GET", "/readyz", seconds=5).status == 200


def photo(edge: int = 1800, kind: str = "JPEG") -> bytes:
    """Return a picture with something in it."""
    file = io.BytesIO()
    picture = Image.effect_noise((edge, edge * 2 // 3), 60).convert("RGB")
    picture.save(file, kind, quality=85)
    return file.getvalue()


def send(password: str, picture: bytes, *, query: str = "") -> Answer:
    """Send a photo to the first slot as a camera station does."""
    boundary = "xXphotoboothXx"
    body = b"".join(
        [
            f'--{boundary}\r\nContent-Disposition: form-data; name="password"\r\n\r\n'.encode(),
            password.encode(),
            f"\r\n--{boundary}\r\nContent-Disposition: form-data;"
            ' name="fileToUpload"; filename="IMG_0001.JPG"\r\n'
            "Content-Type: image/jpeg\r\n\r\n".encode(),
            picture,
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )
    kind = f"multipart/form-data; boundary={boundary}"
    return ask("POST", f"/api/ingest/slot-001{query}", body, {"Content-Type": kind})


@dataclass
class Cameras:
    """Cameras that send one photo after the other while the block runs, and keep count."""

    password: str
    picture: bytes
    number: int = 4
    answers: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0

    def __enter__(self) -> Cameras:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(self.number)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self.answers.append(send(self.password, self.picture).status)
            except (OSError, http.client.HTTPException) as error:
                self.faults.append(f"{type(error).__name__}: {error}")
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - started)

    def wait_for_more(self, photos: int = 4) -> None:
        """Wait until so many more photos have been answered."""
        goal = len(self.answers) + photos
        until("cameras are answered", lambda: len(self.answers) >= goal or self.faults, 120)

    def expect_all_served(self) -> None:
        assert not self.faults, self.faults[:3]
        assert set(self.answers) == {200}, sorted(set(self.answers))
