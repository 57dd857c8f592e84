"""Two hosts, one upgraded before the other: yesterday's package and today's serve side by side.

Then both go back, by the snapshot that the upgrade has made.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.database.migrations import list_migrations
from photobooth_daemon.database.tools import find_tool, run_tool
from photobooth_daemon.rehearsal.camera import Camera, Shot
from photobooth_daemon.rehearsal.camera_form import Booth
from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.hosts import control, shoot_at
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
    postgres: EmbeddedPostgres
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

    async def put_back(self, snapshot: Path) -> None:
        """Have the database as it was in a snapshot, as docs/ops.md says."""
        url = self.party.database_url
        name = urlsplit(url).path.removeprefix("/")
        await asyncio.to_thread(self.postgres.execute, f"DROP DATABASE {name}")
        await asyncio.to_thread(
            self.postgres.execute, f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"
        )
        (server,) = await self.party.fetch("SHOW server_version_num")
        program = find_tool("pg_restore", int(server[0]) // 10_000)
        options = ["--no-owner", "--exit-on-error", str(snapshot)]
        await run_tool(program, options, url=url, longest_seconds=60)

    async def stop_cameras(self) -> None:
        self.over.set()
        await asyncio.gather(*self.party.background)


@pytest.fixture
def studio(
    io_loop: IOLoop, tmp_path: Path, empty_database_url: str, postgres: EmbeddedPostgres
) -> Iterator[Studio]:
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
        return Studio(party, b, yesterday, postgres)

    made = io_loop.run_sync(make)
    yield made
    made.b.close()
    io_loop.run_sync(made.party.close)


def migrate(url: str, yesterday: dict[str, str]) -> None:
    """Run ``photoboothctl migrate`` of yesterday's package."""
    control_of(yesterday | {"PHOTOBOOTH_DATABASE__URL": url}, Path("/dev/null"), "migrate")


def control_of(environment: dict[str, str], config: Path, *arguments: str) -> None:
    """Run ``photoboothctl`` of the package that an environment has."""
    command = ("-m", "photobooth_daemon.cli", "--config", str(config), *arguments)
    ran = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


async def applied(studio: Studio) -> int:
    (row,) = await studio.party.fetch(APPLIED)
    return int(row["number"])


async def assert_every_link_works(studio: Studio) -> None:
    jobs = await studio.party.jobs()
    assert {job["status"] for job in jobs} == {"done"}
    await assert_links_work(studio, jobs)


async def assert_links_work(studio: Studio, jobs: list[Any]) -> None:
    for job in jobs:
        for daemon in (studio.a, studio.b):
            status, body = await asyncio.to_thread(daemon.get, f"/public/results/{job['job_id']}")
            assert status == 200
            assert hashlib.sha256(body).hexdigest() == job["result_sha256"]


@pytest.mark.minutes
@pytest.mark.timeout(seconds=500)
async def test_one_host_after_the_other_and_both_back(studio: Studio) -> None:
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

    # The first host is upgraded as its package does it: the schema changes under both ones' photos.
    before = await applied(studio)
    await asyncio.to_thread(control, b, "setup-database", "--snapshot")
    assert await applied(studio) == newest
    assert await asyncio.to_thread(b.stop) == 0
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
    await both_go_back(studio, before)


async def both_go_back(studio: Studio, schema: int) -> None:
    """Do what docs/ops.md says; what was there before the upgrade is there, and photos go on."""
    a, b = studio.a, studio.b
    lost = (await studio.party.jobs())[-1]
    for daemon in (a, b):
        # Both have noted an end of the audit log that is going to be lost.
        await asyncio.to_thread(
            control, daemon, "slot", "set", SLOT, f"params.prompt=by {daemon.port}"
        )
        assert await asyncio.to_thread(daemon.stop) == 0
    (snapshot,) = (studio.b.config_path.parent / "snapshots").glob("*.dump")
    await studio.put_back(snapshot)
    assert await applied(studio) == schema
    for daemon in (studio.a, studio.b):
        (daemon.config_path.parent / "audit.head").unlink()
        daemon.start(studio.yesterday)
    for daemon in (studio.a, studio.b):
        await asyncio.to_thread(daemon.wait_until_ready)
        assert (await shoot_at(daemon, 1)).why_original is None
    jobs = await studio.party.jobs("done")
    assert lost["job_id"] not in {job["job_id"] for job in jobs}
    assert len(jobs) > 2
    # One that was in work as the snapshot was made has no picture.
    await assert_links_work(studio, jobs)

    # The lost photo's link is gone at once, and its picture with the next cleanup.
    status, _ = await asyncio.to_thread(studio.b.get, f"/public/results/{lost['job_id']}")
    assert status == 404
    picture = studio.a.media_root / "results" / str(lost["job_id"])
    os.utime(picture, (0, 0))
    for daemon, command in ((a, "cleanup"), (a, "audit verify"), (b, "audit verify")):
        words = command.split()
        await asyncio.to_thread(control_of, studio.yesterday, daemon.config_path, *words)
    assert not picture.exists()
