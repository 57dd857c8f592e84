"""The daemon whose pictures are in a bucket: photos, links, ranges, cleanup, and a store away."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.removals import Removals
from photobooth_daemon.media.both_stores import BothStores
from photobooth_daemon.media.copy import MediaCopy
from photobooth_daemon.media.keys import Shelf, result_key
from tests.support.booth import Answer, Booth
from tests.support.fake_bucket import FakeBucket
from tests.support.fakes import FakeClock, eventually
from tests.support.housekeeping import housekeeping_of, insert_job
from tests.support.object_store import ObjectStore
from tests.support.sample_pictures import jpeg, noise


@pytest.fixture
def booth(
    io_loop: IOLoop,
    database: Database,
    tmp_path: Path,
    clock: FakeClock,
    object_store: ObjectStore,
) -> Iterator[Booth]:
    bucket = io_loop.run_sync(object_store.new_bucket)
    opened: Booth = io_loop.run_sync(lambda: Booth.open(database, tmp_path, clock, bucket=bucket))
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture
def shaken(
    io_loop: IOLoop, database: Database, tmp_path: Path, clock: FakeClock, fake_bucket: FakeBucket
) -> Iterator[Booth]:
    opened: Booth = io_loop.run_sync(
        lambda: Booth.open(database, tmp_path, clock, bucket=fake_bucket.config())
    )
    yield opened
    io_loop.run_sync(opened.close)


async def photographed(booth: Booth) -> tuple[UUID, str]:
    answer = await booth.post(booth.form(jpeg(noise(900, 600))))
    assert answer.status == 200, answer.body
    document = answer.json()
    return UUID(document["job_id"]), str(document["result_url"])


async def test_a_result_is_served_from_the_bucket(booth: Booth) -> None:
    job_id, url = await photographed(booth)
    kept = await booth.app.media_store.read(result_key(job_id, "image/jpeg"))
    whole = await booth.get(url)
    assert (whole.status, whole.body) == (200, kept)
    part = await booth.get(url, Range="bytes=100-299")
    assert (part.status, part.body) == (206, kept[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(kept)}"
    assert (await booth.get(url, Range=f"bytes={len(kept)}-")).status == 416
    same = await booth.get(url, If_None_Match=whole.headers["ETag"])
    assert (same.status, same.body) == (304, b"")
    preview = await booth.get(f"{url}/preview")
    assert (preview.status, preview.headers["Content-Type"]) == (200, "image/jpeg")
    assert not (booth.media_root / "results").exists()


async def test_what_has_expired_goes_from_the_bucket(booth: Booth, clock: FakeClock) -> None:
    store = booth.app.media_store
    job_id, url = await photographed(booth)
    clock.advance(timedelta(hours=73).total_seconds())
    housekeeping = housekeeping_of(booth.database, store, booth.media_root.parent, clock)
    report = await housekeeping.cleanup.run()
    assert (report.counts["results"], report.counts["previews"]) == (1, 1)
    assert [batch async for batch in store.list_shelf(Shelf.RESULTS)] == []
    assert await store.find_result(job_id) is None
    assert (await booth.get(url)).status == 410


async def test_a_job_of_another_host_is_left_to_it(shaken: Booth, clock: FakeClock) -> None:
    """Nobody uses this host's directory: that says nothing of what another host works on."""
    await insert_job(shaken.database, clock.utcnow())
    store = shaken.app.media_store
    recovery = housekeeping_of(shaken.database, store, shaken.media_root.parent, clock).recovery
    clock.advance(60)
    removals = Removals()
    await recovery.run(removals)
    assert removals.counts == {}
    clock.advance(25)
    await recovery.run(removals)
    assert removals.counts == {"jobs_failed": 1}


async def test_a_store_that_is_away_refuses_the_photo_and_says_so(
    shaken: Booth, fake_bucket: FakeBucket, clock: FakeClock
) -> None:
    await photographed(shaken)
    fake_bucket.always = "403 AccessDenied"
    answer = await shaken.post(shaken.form(jpeg(noise(900, 600))))
    assert (answer.status, answer.code) == (503, "storage_unavailable")
    jobs = await shaken.fetch("SELECT failure_code FROM job_history WHERE status = 'failed'")
    assert [job["failure_code"] for job in jobs] == ["storage_unavailable"]
    clock.advance(60)
    health = (await shaken.get("/healthz")).json()
    assert health["checks"]["media"]["status"] == "failing"
    assert "does not allow this key" in health["checks"]["media"]["reason"]
    fake_bucket.always = ""
    await photographed(shaken)


async def test_a_result_that_breaks_off_is_not_taken_for_whole(
    shaken: Booth, fake_bucket: FakeBucket
) -> None:
    _, url = await photographed(shaken)
    fake_bucket.always = "503 SlowDown"
    answer = await shaken.get(url)
    assert (answer.status, answer.code) == (503, "storage_unavailable")
    fake_bucket.always = ""
    assert (await shaken.get(url)).status == 200


async def test_a_picture_is_asked_for_while_its_row_is_read(
    shaken: Booth, fake_bucket: FakeBucket
) -> None:
    _, url = await photographed(shaken)
    whole = (await shaken.get(url)).body
    async with row_withheld(shaken, fake_bucket, url) as look:
        assert not look.done()
    assert (await look).body == whole
    assert len(fake_bucket.requests) == 1


async def test_the_row_decides_although_the_store_has_been_asked(
    shaken: Booth, fake_bucket: FakeBucket, clock: FakeClock
) -> None:
    _, url = await photographed(shaken)
    assert (await shaken.get(url)).status == 200
    fake_bucket.always = "late"
    async with row_withheld(shaken, fake_bucket, url) as look:
        clock.advance(timedelta(hours=73).total_seconds())
    assert (await look).status == 410
    # Nobody waits any more for what the store has not said.
    fake_bucket.goes_on.set()
    await eventually(lambda: fake_bucket.at_work == 0)


@asynccontextmanager
async def row_withheld(
    booth: Booth, fake_bucket: FakeBucket, url: str
) -> AsyncIterator[asyncio.Task[Answer]]:
    """Ask for a picture; give what will be answered, with the store asked and no row to be had."""
    fake_bucket.requests.clear()
    async with booth.database.transaction() as connection:
        await connection.execute("LOCK TABLE job_history")
        look = asyncio.create_task(booth.get(url))
        await eventually(lambda: fake_bucket.requests)
        yield look


async def test_an_installation_moves_while_it_serves(
    database: Database, tmp_path: Path, clock: FakeClock, object_store: ObjectStore
) -> None:
    bucket = await object_store.new_bucket()

    async def opened(**stores: Any) -> Booth:
        # A daemon that ends closes its pool.
        own = await Database.open(database.url, max_size=4)
        return await Booth.open(own, tmp_path, clock, **stores)

    before = await opened()
    urls = [(await photographed(before))[1] for _ in range(3)]
    kept = [(await before.get(url)).body for url in urls]
    await before.close()

    moving = await opened(bucket=bucket, read_also="files")
    both = moving.app.media_store
    assert isinstance(both, BothStores)
    assert [(await moving.get(url)).body for url in urls] == kept
    copied, *taken = await asyncio.gather(
        MediaCopy(both.second, both.first).run(), *(photographed(moving) for _ in range(3))
    )
    assert (copied.copied, copied.failed) == (6, 0)
    urls += [url for _, url in taken]
    kept = [(await moving.get(url)).body for url in urls]
    await moving.close()

    shutil.rmtree(moving.media_root)
    after = await opened(bucket=bucket)
    assert [(await after.get(url)).body for url in urls] == kept
    assert all(kept)
    await after.close()
