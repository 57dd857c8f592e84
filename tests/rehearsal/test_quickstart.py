"""The quick start, as a stranger runs it: a process, a directory, a link."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from tornado.httpclient import AsyncHTTPClient

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.config import start_up
from photobooth_daemon.monitoring.own_addresses import list_own_addresses
from photobooth_daemon.rehearsal.camera import Camera
from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support import started
from tests.support.clusters import copy_cluster, open_directory
from tests.support.fakes import eventually

START_SECONDS = 90


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """A directory that root's PostgreSQL can live in."""
    with open_directory() as directory:
        yield directory / "state"
        for pid in processes_of(directory):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def migrated_state_dir(state_dir: Path, cluster: Path) -> Path:
    """The same with a database in it that only has to be prepared for a booth."""
    (state_dir / "postgres").mkdir(parents=True)
    for directory in (state_dir, state_dir / "postgres"):
        directory.chmod(0o711)
    copy_cluster(cluster, state_dir / "postgres")
    return state_dir


class Process:
    """A quick start: what ``subprocess.Popen`` is, whether or not it imports the program itself."""

    def __init__(
        self, state_dir: Path, *options: str, imports_itself: bool = False, **environment: str
    ) -> None:
        arguments = ["quickstart", "--state-dir", str(state_dir), "--port", "0", *options]
        environment = {**os.environ, **environment}
        self._texts = [state_dir.with_name(f"{uuid4()}.{name}") for name in ("out", "err")]
        self._process: subprocess.Popen[bytes] | started.Started
        with self._texts[0].open("wb") as said, self._texts[1].open("wb") as complained:
            if imports_itself:
                command = [sys.executable, "-m", started.CONTROL, *arguments]
                self._process = subprocess.Popen(
                    command, stdout=said, stderr=complained, env=environment
                )
            else:
                files = {1: said.fileno(), 2: complained.fileno()}
                self._process = started.start(
                    started.CONTROL, *arguments, files=files, environment=environment
                )
        self.poll = self._process.poll
        self.send_signal = self._process.send_signal

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def communicate(self) -> tuple[str, str]:
        """Wait for its end, and return what it has said and what it has complained of."""
        self._process.wait()
        said, complained = (path.read_text("utf-8") for path in self._texts)
        return said, complained


@pytest.fixture
def start(state_dir: Path) -> Iterator[Callable[..., Process]]:
    """Starts quick starts in the state directory; none of them outlives the test."""
    made = []

    def begin(*options: str, **more: Any) -> Process:
        made.append(Process(state_dir, *options, **more))
        return made[-1]

    yield begin
    for process in made:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def processes_of(directory: Path) -> list[int]:
    """Return the processes that have the directory on their command line, or a file in it open."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                open_files = [os.readlink(file) for file in (entry / "fd").iterdir()]
                named = os.fsencode(directory) in (entry / "cmdline").read_bytes()
                if named or any(path.startswith(f"{directory}/") for path in open_files):
                    found.append(int(entry.name))
    return found


async def wait_for_credentials(process: Process, state_dir: Path) -> Any:
    """Wait for the file that says that everything runs, and return what is in it."""
    path = state_dir / "credentials.json"

    def there() -> bool:
        assert process.poll() is None, process.communicate()[1]
        return path.exists()

    await eventually(there, seconds=START_SECONDS)
    return json.loads(path.read_text())


async def fetch_json(url: str, **options: Any) -> Any:
    return json.loads((await AsyncHTTPClient().fetch(url, **options)).body)


@pytest.mark.timeout(seconds=300)
async def test_it_ends_with_a_processed_photo_and_starts_again(
    state_dir: Path, start: Callable[..., Process]
) -> None:
    process = start(imports_itself=True)
    credentials = await wait_for_credentials(process, state_dir)
    assert (state_dir / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert set(credentials) == {"base_url", "ingest_password", "admins"}
    assert set(credentials["admins"]) == {"serg", "igor"}
    base_url = credentials["base_url"]
    for username, password in credentials["admins"].items():
        login = json.dumps({"username": username, "password": password})
        session = await fetch_json(
            f"{base_url}/api/login",
            method="POST",
            body=login,
            headers={"Content-Type": "application/json"},
        )
        assert session["username"] == username

    # Nothing was frozen yet, so that nothing was changed in spite of it.
    entries = await fetch_json(
        f"{base_url}/api/audit?limit=200", headers={"Authorization": f"Bearer {session['token']}"}
    )
    assert not [e for e in entries["items"] if "override_reason" in (e["after"] or {})]

    # An evening that runs keeps nothing from starting again.
    now = datetime.now(UTC)
    await fetch_json(
        f"{base_url}/api/events",
        method="POST",
        body=json.dumps(
            {
                "name": "Tonight",
                "starts_at": rfc3339(now - timedelta(minutes=1)),
                "ends_at": rfc3339(now + timedelta(hours=6)),
            }
        ),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {session['token']}",
        },
    )

    metrics = (await AsyncHTTPClient().fetch(f"{base_url}/metrics")).body
    assert b"\nphotobooth_cleanup_last_success_timestamp_seconds " in metrics
    photo = Photo("IMG_0002.JPG", (state_dir / "sample-result.jpg").read_bytes())
    for slot in ("slot-001", "slot-002"):
        url = f"{base_url}/api/ingest/{slot}?response=image"
        shot = await Camera(url, credentials["ingest_password"]).take(photo)
        assert shot.why_original is None, shot.why_original

    # Another one in the same directory is told so, and disturbs nothing.
    second = start("--once")
    told, complaint = await asyncio.to_thread(second.communicate)
    assert second.returncode == 1
    assert "Another quick start is running" in complaint
    assert "Another quick start is running" in json.loads(told)["error"]

    # A kill -9 leaves nothing running ...
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.communicate)
    await eventually(lambda: not processes_of(state_dir))

    # ... and the next start finds everything again; the old credentials are gone till then.
    again = start()
    await eventually(lambda: not (state_dir / "credentials.json").exists(), seconds=START_SECONDS)
    renewed = await wait_for_credentials(again, state_dir)
    assert renewed["ingest_password"] == credentials["ingest_password"]
    assert renewed["admins"] == credentials["admins"]
    job_id = shot.as_json()["job_id"]
    kept = await AsyncHTTPClient().fetch(f"{renewed['base_url']}/public/results/{job_id}")
    assert kept.body == shot.picture

    again.send_signal(signal.SIGINT)
    shown, complaint = await asyncio.to_thread(again.communicate)
    assert again.returncode == 0, complaint
    assert f"{renewed['base_url']}/public/results/" in shown
    assert f"{renewed['base_url']}/ " in shown
    assert not processes_of(state_dir)


@pytest.mark.timeout(seconds=200)
@pytest.mark.parametrize("more", [(), ("--lan",)], ids=["here", "lan"])
async def test_its_intake_takes_photos_by_ftp_and_from_folders(
    migrated_state_dir: Path, start: Callable[..., Process], more: tuple[str, ...]
) -> None:
    state_dir = migrated_state_dir
    process = start("--intake", "--ftp-port", "0", *more)
    credentials = await wait_for_credentials(process, state_dir)
    intake = credentials["intake"]
    # What a camera can be given, where there is a network.
    found = await list_own_addresses(intake["ftp_port"])
    own = [one.host for one in found if one.is_open and not one.is_name]
    assert intake["ftp_host"] == (own[0] if own else "127.0.0.1")
    assert bool(own) <= bool(more)
    assert set(intake) == {"ftp_host", "ftp_port", "folder"}
    sample = (state_dir / "sample-result.jpg").read_bytes()

    def send_by_ftp() -> None:
        with ftplib.FTP(timeout=20) as camera:
            camera.connect(intake["ftp_host"], intake["ftp_port"])
            camera.login("slot-001", credentials["ingest_password"])
            camera.storbinary("STOR IMG_1.JPG", io.BytesIO(sample))

    await asyncio.to_thread(send_by_ftp)
    folder = Path(intake["folder"])
    (folder / "slot-002/in/IMG_2.jpg").write_bytes(sample)
    await eventually((folder / "slot-001/out/IMG_1.jpg").is_file)
    await eventually((folder / "slot-002/out/IMG_2.jpg").is_file)
    process.send_signal(signal.SIGINT)
    shown, _ = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    assert f"ftp://{intake['ftp_host']}:{intake['ftp_port']}" in shown
    assert not processes_of(state_dir)


@pytest.mark.timeout(seconds=200)
async def test_once_stops_by_itself_and_the_environments_provider_wins(
    migrated_state_dir: Path, start: Callable[..., Process]
) -> None:
    state_dir = migrated_state_dir
    provider = FakeProvider()
    url = provider.start()
    try:
        process = start(PHOTOBOOTH_PROVIDERS__GEMINI__BASE_URL=f"{url}/v1beta")
        credentials = await wait_for_credentials(process, state_dir)
        camera = Camera(
            f"{credentials['base_url']}/api/ingest/slot-002?response=image",
            credentials["ingest_password"],
        )
        picture = Image.new("RGB", (300, 200), "green")
        encoded = io.BytesIO()
        picture.save(encoded, "JPEG")
        shot = await camera.take(Photo("a.jpg", encoded.getvalue()))
        assert shot.why_original is None, shot.why_original
        posted = [seen for seen in provider.log.requests if seen.method == "POST"]
        assert [seen.behaviour for seen in posted] == ["image"]
        process.send_signal(signal.SIGTERM)
        shown, _ = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0
        assert f"asks {url}/v1beta" in shown
    finally:
        await provider.stop()

    once = start("--once")
    told, progress = await asyncio.to_thread(once.communicate)
    assert once.returncode == 0, progress
    summary = json.loads(told)
    assert summary["result_link"].startswith(summary["admin_url"])
    assert (summary["width"], summary["height"]) == (1800, 1200)
    assert summary["asks"] == "asks the rehearsal provider on this machine"
    assert not processes_of(state_dir)


def test_with_a_key_it_asks_the_real_provider_and_says_so(
    migrated_state_dir: Path, start: Callable[..., Process]
) -> None:
    state_dir = migrated_state_dir
    real = {"PHOTOBOOTH_PROVIDERS__GEMINI__API_KEY": "AIza-a-key-of-a-real-account"}
    once = start("--once", **real)
    told, progress = once.communicate()
    assert once.returncode == 0, progress
    assert json.loads(told)["asks"] == "asks Google Gemini itself: photos cost money"
    # slot-001 works on this machine: nothing has been asked of anybody, and nothing stands in.
    config = start_up.load(state_dir / "photobooth.toml", real)
    assert config.providers["gemini"].base_url is None
    assert config.providers["gemini"].api_key == real["PHOTOBOOTH_PROVIDERS__GEMINI__API_KEY"]


def test_a_taken_port_is_named(start: Callable[..., Process]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        began = time.monotonic()
        process = start("--port", str(port))
        _, complaint = process.communicate()
    assert process.returncode == 1
    assert f"Port {port}" in complaint
    assert time.monotonic() - began < START_SECONDS
