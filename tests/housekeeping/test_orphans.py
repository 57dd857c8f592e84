"""Files without rows and rows without files end, once they are old."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.keys import Shelf
from tests.support.cleanup import PICTURE, files_of, removed
from tests.support.fakes import FakeClock
from tests.support.housekeeping import insert_job, insert_media, insert_result, make_old, value


@pytest.mark.parametrize(
    ("path", "is_directory"),
    [
        ("scratch/{id}", False),
        ("scratch/{id}.result", True),
        ("scratch/rubbish", False),
        ("provider/{id}", False),
        ("results/{id}", True),
        ("templates/{id}", True),
        ("results/not-ours", True),
        ("templates/lost.jpg", False),
    ],
)
async def test_orphan_files_go_once_they_are_old(
    cleanup: Cleanup, media_store: FileStore, clock: FakeClock, path: str, is_directory: bool
) -> None:
    orphan = media_store.root / path.format(id=uuid4())
    if is_directory:
        orphan.mkdir()
        (orphan / "result.jpg").write_bytes(b"x" * 100)
    else:
        orphan.write_bytes(b"x" * 100)
    make_old(orphan, clock.utcnow() - timedelta(minutes=1))
    assert removed(await cleanup.run()) == {}
    assert orphan.exists()
    make_old(orphan, clock.utcnow() - timedelta(minutes=11))
    report = await cleanup.run()
    assert sum(report.counts.values()) == 1
    assert report.freed_bytes == 100
    assert not orphan.exists()


async def test_files_with_rows_are_no_orphans(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    done = await insert_result(database, media_store, PICTURE, now, now + timedelta(hours=1))
    pending = await insert_job(database, now)
    await media_store.store_result(pending, PICTURE, b"preview")
    media_id = await insert_media(database, pending, "provider_input", now + timedelta(seconds=40))
    await media_store.store_provider_input(media_id, b"x", "image/jpeg")
    template = uuid4()
    (media_store.root / "templates" / str(template)).mkdir()
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO template_media VALUES ($1, '', 'image/png', 1, 1, 1, '', $2, 'serg')",
            template,
            now,
        )
    for shelf, name in (
        (Shelf.RESULTS, done),
        (Shelf.RESULTS, pending),
        (Shelf.PROVIDER, media_id),
        (Shelf.TEMPLATES, template),
    ):
        make_old(media_store.root / shelf / str(name), now - timedelta(days=1))
    assert removed(await cleanup.run()) == {}
    assert len(files_of(media_store)) == 5


async def test_a_result_of_a_job_that_timed_out_is_an_orphan(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    job_id = await insert_job(database, clock.utcnow() - timedelta(hours=1), "timeout")
    await media_store.store_result(job_id, PICTURE, b"preview")
    make_old(media_store.root / "results" / str(job_id), clock.utcnow() - timedelta(minutes=20))
    assert removed(await cleanup.run()) == {"orphans_results": 1}


async def test_a_result_whose_files_are_lost_ends_its_life(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    lost = await insert_result(database, media_store, PICTURE, now, now + timedelta(hours=9))
    (media_store.root / "results" / str(lost) / "result.jpg").unlink()
    assert removed(await cleanup.run()) == {"lost_files": 1}
    expiry = "SELECT result_expires_at FROM job_history WHERE job_id = $1"
    assert await value(database, expiry, lost) == now
