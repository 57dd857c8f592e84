"""A disk that fills up: refused with 507, nothing half written, everything else goes on."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
from tornado.ioloop import IOLoop

from tests.support import started
from tests.support.aftermath import assert_nothing_left
from tests.support.party import Party, photo
from tests.support.small_disk import SmallDisk, small_disk

MB = 1024 * 1024
FULL = "507 storage_full"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """The media tree has 12 MB of its own."""
    with small_disk(tmp_path / "media", megabytes=12) as opened:
        yield opened


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str, disk: SmallDisk) -> Iterator[Party]:
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, database_url, start=False))
    opened.daemon.place = disk.place
    opened.disk = disk.root
    io_loop.run_sync(lambda: opened.set_settings(min_free_mb=0))
    io_loop.run_sync(opened.start)
    yield opened
    io_loop.run_sync(opened.close)


@pytest.mark.timeout(seconds=120)
async def test_a_disk_that_fills_up_while_uploading(party: Party) -> None:
    # Larger than the disk together, each alone small enough.
    big = photo(3000, 2000, quality=95)
    assert 3 * MB < len(big.data) < 8 * MB
    cameras = [party.camera(number) for number in range(1, 7)]
    shots = await asyncio.gather(*(camera.take(big) for camera in cameras))
    outcomes = {shot.why_original for shot in shots}
    assert FULL in outcomes
    assert outcomes <= {FULL, None}
    await party.nothing_left()
    assert {job["status"] for job in await party.jobs()} <= {"done", "failed"}


@pytest.mark.timeout(seconds=120)
async def test_a_disk_that_is_full_when_the_picture_is_ready(party: Party, disk: SmallDisk) -> None:
    (before,) = await party.shoot()
    assert before.why_original is None
    party.provider.script.then("image", delay_seconds=1)
    sending = party.begin(party.shoot())
    await party.asked(2)
    filler = await asyncio.to_thread(disk.fill)
    (shot,) = await sending
    assert shot.why_original == FULL
    (job,) = await party.jobs("failed")
    assert job["failure_code"] == "storage_full"

    # Full: no photo comes in, and everything else works.
    (refused,) = await party.shoot()
    assert refused.why_original == FULL
    (first,) = await party.jobs("done")
    assert (await party.get(f"/public/results/{first['job_id']}")).code == 200
    assert (await party.get("/readyz")).code == 200
    await party.execute(
        "UPDATE admin SET password_hash = $1 WHERE username = 'serg'",
        bcrypt.hashpw(b"serg's own", bcrypt.gensalt(4)).decode(),
    )
    json_type = {"Content-Type": "application/json"}
    login = json.dumps({"username": "serg", "password": "serg's own"})
    session = await party.get("/api/login", method="POST", body=login, headers=json_type)
    bearer = {"Authorization": f"Bearer {json.loads(session.body)['token']}"}
    reset = await party.get("/api/slots/slot-009?version=1", method="DELETE", headers=bearer)
    assert reset.code == 204
    cleaned = await asyncio.to_thread(clean_up, party)
    assert cleaned.returncode == 0, cleaned.stderr

    filler.unlink()
    (after,) = await party.shoot()
    assert after.why_original is None
    await party.nothing_left()


@pytest.mark.timeout(seconds=60)
async def test_too_little_free_space_is_told_before_the_upload(party: Party) -> None:
    await party.set_settings(min_free_mb=100)
    (shot,) = await party.shoot()
    assert (shot.why_original, shot.asked_to_continue) == (FULL, False)
    await party.set_settings(min_free_mb=1)
    (shot,) = await party.shoot()
    assert shot.why_original is None
    await assert_nothing_left(party.fetch, party.media_root)


def clean_up(party: Party) -> subprocess.CompletedProcess[str]:
    """Run the cleanup command on the daemon's disk."""
    config = ("--config", party.daemon.config_path)
    place = party.daemon.place
    return started.run(started.CONTROL, *config, "cleanup", "--json", place=place)
