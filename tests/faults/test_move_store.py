"""An installation moves from files to a bucket and back, while cameras go on sending."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.config.media import S3Config
from photobooth_daemon.media.keys import Shelf
from photobooth_daemon.media.s3_client import S3Client
from photobooth_daemon.rehearsal.camera import Shot
from tests.support import started
from tests.support.fakes import eventually
from tests.support.object_store import ObjectStore
from tests.support.party import BETWEEN_PHOTOS_SECONDS, KEY, Party, photo

WINDOW_SECONDS = 60
CAMERAS = 2


@dataclass
class Moving:
    """A daemon on files, the bucket that it may move to, and cameras that do not wait for it."""

    party: Party
    bucket: S3Config
    shots: list[Shot] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def configure(self, store: str, read_also: str | None = None) -> None:
        """Write the configuration with which the daemon is to start next."""
        also = f'read_also = "{read_also}"\n' if read_also else ""
        gemini = f'[providers.gemini]\nbase_url = "{self.party.provider.url}"\napi_key = "{KEY}"\n'
        secret = self.party.directory / "s3-secret"
        secret.write_text(self.bucket.secret_key)
        bucket = (
            f'[media.s3]\nendpoint = "{self.bucket.endpoint}"\nbucket = "{self.bucket.bucket}"\n'
            f'prefix = "{self.bucket.prefix}"\naccess_key = "{self.bucket.access_key}"\n'
            f'secret_key_file = "{secret}"\n'
        )
        toml = f'{gemini}[media]\nstore = "{store}"\n{also}{bucket}'
        self.party.daemon.write_config(self.party.database_url, toml)

    async def restart(self) -> None:
        """Restart the daemon as systemd does: photos that come meanwhile wait in the socket."""
        assert await asyncio.to_thread(self.party.daemon.stop) == 0
        await self.party.start()

    async def copy(self, to: str) -> dict[str, Any]:
        """Run ``photoboothctl media copy`` and return what it did."""
        command = ("--config", self.party.daemon.config_path, "media", "copy")
        ran = await asyncio.to_thread(started.run, started.CONTROL, *command, "--to", to, "--json")
        assert ran.returncode == 0, ran.stderr
        report: dict[str, Any] = json.loads(ran.stdout)
        return report

    async def keep_shooting(self, number: int) -> None:
        camera = self.party.camera(number)
        while not self.over.is_set():
            self.shots.append(await camera.take(photo(300, 200)))
            await asyncio.sleep(BETWEEN_PHOTOS_SECONDS)

    async def more(self, count: int = 4) -> None:
        """Wait until so many more photos have been answered."""
        wanted = len(self.shots) + count
        await eventually(lambda: len(self.shots) >= wanted, seconds=120)

    async def assert_every_link_works(self) -> None:
        """Ask for each result, of before the move and of since."""
        jobs = await self.party.jobs("done")
        for job in jobs:
            answer = await self.party.get(f"/public/results/{job['job_id']}")
            assert answer.code == 200, job["job_id"]
            assert hashlib.sha256(answer.body).hexdigest() == job["result_sha256"]
            preview = await self.party.get(f"/public/results/{job['job_id']}/preview")
            assert preview.code == 200, job["job_id"]

    async def objects(self) -> int:
        """Return how many results and previews the bucket has."""
        client = S3Client(self.bucket)
        try:
            pages = client.pages(f"{self.bucket.prefix}{Shelf.RESULTS}/")
            return sum([len(page) async for page in pages])
        finally:
            await client.close()


@pytest.fixture
def moving(
    io_loop: IOLoop, tmp_path: Path, database_url: str, object_store: ObjectStore
) -> Iterator[Moving]:
    async def make() -> Moving:
        party = await Party.open(tmp_path, database_url, start=False)
        return Moving(party, await object_store.new_bucket())

    made = io_loop.run_sync(make)
    yield made
    io_loop.run_sync(made.party.close)


@pytest.mark.timeout(seconds=600)
async def test_no_photo_fails_on_the_way_to_a_bucket_and_back(moving: Moving) -> None:
    party = moving.party
    await party.set_settings(sync_response_seconds=WINDOW_SECONDS)
    moving.configure("files")
    await party.start()
    for number in range(1, CAMERAS + 1):
        party.begin(moving.keep_shooting(number))
    await moving.more()

    moving.configure("s3", read_also="files")
    await moving.restart()
    await moving.more()
    there = await moving.copy("s3")
    assert there["copied"] >= 4
    assert there["failed"] == 0
    again = await moving.copy("s3")
    assert (again["copied"], again["failed"]) == (0, 0)
    moving.configure("s3")
    await moving.restart()
    # The files have had their time.
    shutil.rmtree(party.media_root / Shelf.RESULTS)
    await moving.assert_every_link_works()
    await moving.more()

    moving.configure("files", read_also="s3")
    await moving.restart()
    await moving.more()
    back = await moving.copy("files")
    assert back["copied"] > there["copied"]
    assert back["failed"] == 0
    moving.configure("files")
    await moving.restart()
    await moving.more()
    moving.over.set()
    await asyncio.gather(*party.background)

    assert {shot.why_original for shot in moving.shots} == {None}
    jobs = await party.jobs("done")
    assert len(jobs) == len(moving.shots) == len(party.orders())
    assert await moving.objects() == back["copied"] + back["there_already"]
    await moving.assert_every_link_works()
    (party.media_root / "cache").rmdir()
    await party.nothing_left()
