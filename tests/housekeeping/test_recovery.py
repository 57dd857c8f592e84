"""What a killed daemon left open is closed by what is on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.build import Housekeeping
from photobooth_daemon.housekeeping.removals import Removals
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.in_use import TreeUse
from photobooth_daemon.media.keys import preview_key, result_key
from photobooth_daemon.model import JobStatus, PictureBytes
from photobooth_daemon.repositories.jobs import JobRepository
from tests.support.fakes import FakeClock, eventually
from tests.support.housekeeping import housekeeping_of, insert_job, insert_media, make_old, value
from tests.support.sample_pictures import corners, jpeg

PICTURE = PictureBytes(jpeg(corners()), "image/jpeg", 300, 200)


@pytest.fixture
def housekeeping(
    database: Database, media_store: FileStore, clock: FakeClock
) -> Iterator[Housekeeping]:
    built = housekeeping_of(database, media_store, media_store.root.parent, clock)
    yield built
    built.tree_use.let_go()


async def recover(housekeeping: Housekeeping) -> dict[str, int]:
    removals = Removals()
    await housekeeping.recovery.run(removals)
    return dict(removals.counts)


async def test_a_job_with_a_complete_result_is_done(
    housekeeping: Housekeeping, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    job_id = await insert_job(database, clock.utcnow())
    await media_store.store_result(job_id, PICTURE, b"preview")
    clock.advance(47)
    assert await recover(housekeeping) == {}
    clock.advance(2)
    assert await recover(housekeeping) == {"jobs_done": 1}
    job = await JobRepository(database).find(job_id)
    assert job is not None
    assert job.status is JobStatus.DONE
    assert (job.result_content_type, job.result_width, job.result_height) == (
        "image/jpeg",
        300,
        200,
    )
    assert job.result_sha256 == hashlib.sha256(PICTURE.data).hexdigest()
    assert job.result_expires_at == job.deadline_at + timedelta(hours=72)
    objects = "SELECT sum(size_bytes) FROM media_object WHERE job_id = $1 AND cleaned_at IS NULL"
    assert await value(database, objects, job_id) == len(PICTURE.data) + len(b"preview")
    assert await recover(housekeeping) == {}


@pytest.mark.parametrize("left", ["nothing", "no preview", "broken", "no picture"])
async def test_any_other_job_is_interrupted_and_leaves_nothing(
    housekeeping: Housekeeping,
    database: Database,
    media_store: FileStore,
    clock: FakeClock,
    left: str,
) -> None:
    job_id = await insert_job(database, clock.utcnow())
    if left != "nothing":
        await media_store.store_result(job_id, PICTURE, b"preview")
    stored = media_store.path_of(result_key(job_id, "image/jpeg"))
    if left == "no preview":
        media_store.path_of(preview_key(job_id)).unlink()
    elif left == "broken":
        stored.write_bytes(b"\xff\xd8\xff\xe0 rubbish")
    elif left == "no picture":
        stored.unlink()
    media_id = await insert_media(
        database, job_id, "provider_input", clock.utcnow() + timedelta(seconds=48)
    )
    await media_store.store_provider_input(media_id, b"photo", "image/jpeg")
    clock.advance(60)
    assert await recover(housekeeping) == {"jobs_failed": 1}
    job = await JobRepository(database).find(job_id)
    assert job is not None
    assert (job.status, job.failure_code) == (JobStatus.FAILED, "interrupted")
    left_files = [p for p in media_store.root.rglob("*") if p.is_file() and p.name != ".in-use"]
    assert left_files == []
    event = "SELECT data ->> 'failure_code' FROM live_message WHERE kind = 'job'"
    await eventually(lambda: value(database, event))
    assert await value(database, event) == "interrupted"


async def test_a_living_daemon_is_given_time_to_write_its_job_down(
    housekeeping: Housekeeping, database: Database, media_root: Path, clock: FakeClock
) -> None:
    daemon = TreeUse(media_root)
    daemon.share()
    await insert_job(database, clock.utcnow())
    clock.advance(60)
    assert await recover(housekeeping) == {}
    clock.advance(25)
    assert await recover(housekeeping) == {"jobs_failed": 1}
    daemon.let_go()


async def test_jobs_from_before_a_restart_need_no_time(
    housekeeping: Housekeeping, database: Database, clock: FakeClock
) -> None:
    old = await insert_job(database, clock.utcnow())
    clock.advance(5)
    assert await recover(housekeeping) == {}  # alone: the killed one's lock is gone
    housekeeping.tree_use.share()
    clock.advance(1)
    new = await insert_job(database, clock.utcnow())
    clock.advance(49)
    assert await recover(housekeeping) == {"jobs_failed": 1}
    jobs = JobRepository(database)
    assert (await jobs.find(old)).status is JobStatus.FAILED  # type: ignore[union-attr]
    assert (await jobs.find(new)).status is JobStatus.PENDING  # type: ignore[union-attr]


async def test_stale_scratch_goes_at_once_if_nobody_uses_the_tree(
    housekeeping: Housekeeping, media_store: FileStore, clock: FakeClock
) -> None:
    upload = media_store.root / "scratch" / "upload"
    upload.write_bytes(b"x")
    make_old(upload, clock.utcnow())
    daemon = TreeUse(media_store.root)
    daemon.share()
    clock.advance(60)
    assert await recover(housekeeping) == {}
    daemon.let_go()
    assert await recover(housekeeping) == {"scratch": 1}
    assert not upload.exists()


async def test_scratch_from_before_the_last_restart_is_stale(
    housekeeping: Housekeeping, media_store: FileStore, clock: FakeClock
) -> None:
    housekeeping.tree_use.share()
    upload = media_store.root / "scratch" / "upload"
    upload.write_bytes(b"x")
    make_old(upload, clock.utcnow())
    clock.advance(10)
    assert await recover(housekeeping) == {}
    clock.advance(300)
    assert await recover(housekeeping) == {"scratch": 1}


async def test_a_clock_that_is_set_back_makes_nothing_in_flight_stale(
    housekeeping: Housekeeping, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    assert await recover(housekeeping) == {}
    housekeeping.tree_use.share()
    clock.jump(-3600)
    upload = media_store.root / "scratch" / "upload"
    upload.write_bytes(b"x")
    make_old(upload, clock.utcnow())
    await insert_job(database, clock.utcnow())
    clock.advance(50)
    assert await recover(housekeeping) == {}
    assert upload.exists()
    clock.advance(300)
    assert await recover(housekeeping) == {"scratch": 1, "jobs_failed": 1}
