"""Two hosts, one upgraded before the other: yesterday's package and today's serve side by side."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.migrations import list_migrations
from photobooth_daemon.rehearsal.camera import Camera, Shot
from photobooth_daemon.rehearsal.camera_form import Booth
from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.party import BETWEEN_PHOTOS_SECONDS, KEY, PASSWORD, SLOT, Party, photo
from tests.support.yesterday import unpack_yesterday

WINDOW_SECONDS = 60
KEYS = ("jwt.key", "audit.key", "secrets.key")
APPLIED = "SELECT max(number) AS number FROM schema_migration"


@dataclass
class Studio:
    """Hosts ``a`` and ``b`` with one database and one media tree, and cameras that go on."""

    party: Party
    b: Daemon
    yesterday: dict[str, str]
    shots: dict[str, list[Shot]] = field(default_factory=lambda: {"a": [], "b": []})
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def a(self) -> Daemon:
        return self.party.daemon

    def cameras(self, host: str, daemon: Daemon, *numbers: int) -> None:
        """Let cameras send to a host until it is over."""

        async def keep_shooting(number: int) -> None:
            url = f"http://127.0.0.1:{daemon.port}/api/ingest/{SLOT}?response=image"
            camera = Camera(url, PASSWORD, booth=Booth(number))
            while not self.over.is_set():
                self.shots[host].append(await camera.take(photo(300, 200)))
                await asyncio.sleep(BETWEEN_PHOTOS_SECONDS)

        for number in numbers:
            self.party.begin(keep_shooting(number))

    async def more(self, host: str, count: int = 3) -> None:
        """Wait until a host has answered so many more photos."""
        wanted = len(self.shots[host]) + count
        await eventually(lambda: len(self.shots[host]) >= wanted, seconds=120)

    async def stop_cameras(self) -> None:
        self.over.set()
        await asyncio.gather(*self.party.background)


@pytest.fixture
def studio(io_loop: IOLoop, tmp_path: Path, empty_database_url: str) -> Iterator[Studio]:
    """Both hosts' daemons, not started, on a schema of yesterday."""
    yesterday = unpack_yesterday(tmp_path / "yesterday")
    migrate(empty_database_url, yesterday)

    async def make() -> Studio:
        server = '[server]\nhost_name = "a"\n'
        party = await Party.open(tmp_path, empty_database_url, toml=server, start=False)
        directory = tmp_path / "b"
        directory.mkdir()
        toml = f'[providers.gemini]\nbase_url = "{party.provider.url}"\napi_key = "{KEY}"\n'
        toml += '[server]\nhost_name = "b"\n'
        b = Daemon(directory, empty_database_url, toml, media_root=party.daemon.media_root)
        for daemon in (party.daemon, b):
            daemon.imports_itself = True  # what tests have imported already is today's
        return Studio(party, b, yesterday)

    made = io_loop.run_sync(make)
    yield made
    made.b.close()
    io_loop.run_sync(made.party.close)


def migrate(url: str, environment: dict[str, str] | None = None) -> None:
    """Run ``photoboothctl migrate`` of today's package, or of the one in an environment."""
    setting = {**(environment or {}), "PHOTOBOOTH_DATABASE__URL": url}
    command = ("-m", "photobooth_daemon.cli", "--config", "/dev/null", "migrate")
    ran = subprocess.run(
        [sys.executable, *command], env=setting, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


async def applied(studio: Studio) -> int:
    (row,) = await studio.party.fetch(APPLIED)
    return int(row["number"])


async def assert_every_link_works(studio: Studio) -> None:
    jobs = await studio.party.jobs()
    assert {job["status"] for job in jobs} == {"done"}
    for job in jobs:
        for daemon in (studio.a, studio.b):
            status, body = await asyncio.to_thread(daemon.get, f"/public/results/{job['job_id']}")
            assert status == 200
            assert hashlib.sha256(body).hexdigest() == job["result_sha256"]


@pytest.mark.timeout(seconds=500)
async def test_one_host_after_the_other(studio: Studio) -> None:
    party, a, b = studio.party, studio.a, studio.b
    newest = max(migration.number for migration in list_migrations())
    assert await applied(studio) < newest
    await party.set_settings(sync_response_seconds=WINDOW_SECONDS)
    a.start(studio.yesterday)
    await party.ready()
    for name in KEYS:
        if (party.directory / name).exists():
            shutil.copy(party.directory / name, b.config_path.parent / name)
    b.start(studio.yesterday)
    await asyncio.to_thread(b.wait_until_ready)
    studio.cameras("a", a, 1, 2)
    studio.cameras("b", b, 3)
    await studio.more("a")
    await studio.more("b", 1)

    # The first host is upgraded: the schema changes under the other one's photos.
    assert await asyncio.to_thread(b.stop) == 0
    await asyncio.to_thread(migrate, party.database_url)
    assert await applied(studio) == newest
    b.start()
    await asyncio.to_thread(b.wait_until_ready)
    await studio.more("a")
    await studio.more("b")
    await studio.stop_cameras()

    shots = [*studio.shots["a"], *studio.shots["b"]]
    assert {shot.why_original for shot in shots} == {None}
    assert len(await party.jobs("done")) == len(shots) == len(party.orders())
    await assert_every_link_works(studio)
    for daemon in (a, b):
        lines = [json.loads(line) for line in daemon.log().splitlines() if line[:1] == "{"]
        assert lines
        assert [line for line in lines if line["level"] == "error"] == []

    # Yesterday's package does not start on today's schema, and says why.
    assert await asyncio.to_thread(a.stop) == 0
    process = a.start(studio.yesterday)
    assert await asyncio.to_thread(process.wait, 120) != 0
    assert "was migrated by a newer photobooth-daemon" in a.log()
    a.start()
    await party.ready()
    last = await party.camera(9).take(photo(300, 200))
    assert last.why_original is None
    await assert_every_link_works(studio)
