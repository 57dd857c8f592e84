"""What cleans up, on a media tree and a database of the test's own; a machine with a bucket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.build import Housekeeping
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.media.file_store import FileStore
from tests.support.backed_up_machine import Machine
from tests.support.bucket_house import Bucket, House
from tests.support.fakes import FakeClock
from tests.support.housekeeping import housekeeping_of, insert_job, insert_media
from tests.support.object_store import ObjectStore


@pytest.fixture
def media_store(io_loop: IOLoop, media_root: Path) -> Iterator[FileStore]:
    made = FileStore(media_root)
    made.create()
    yield made
    io_loop.run_sync(made.close)


@pytest.fixture
def housekeeping(
    database: Database, media_store: FileStore, clock: FakeClock
) -> Iterator[Housekeeping]:
    built = housekeeping_of(database, media_store, media_store.root.parent, clock)
    built.tree_use.share()
    yield built
    built.tree_use.let_go()


@pytest.fixture
def cleanup(housekeeping: Housekeeping) -> Cleanup:
    return housekeeping.cleanup


@pytest.fixture
def new_bucket(object_store: ObjectStore) -> Callable[[], Bucket]:
    return lambda: Bucket(asyncio.run(object_store.new_bucket()))


@pytest.fixture
def bucket(io_loop: IOLoop, database: Database, new_bucket: Callable[[], Bucket]) -> Bucket:
    """A bucket with three results that have rows, an original and a template."""
    made = new_bucket()

    async def insert() -> list[str]:
        now = datetime.now(UTC)
        ids = []
        for _ in range(3):
            job_id = await insert_job(database, now, "done", expires_at=now + timedelta(days=1))
            for kind in ("result", "preview"):
                await insert_media(database, job_id, kind, now + timedelta(days=1))
            ids.append(str(job_id))
        return ids

    for job_id in io_loop.run_sync(insert):
        made.put(f"results/{job_id}/result.jpg", os.urandom(200_000))
        made.put(f"results/{job_id}/preview.jpg", os.urandom(2_000))
    made.put(f"originals/{uuid4()}/photo.jpg", os.urandom(1_000))
    media_id = uuid4()
    made.put(f"templates/{media_id}/original.png", os.urandom(1_000))
    made.put(f"templates/{media_id}/preview.webp", os.urandom(100))
    return made


@pytest.fixture
def house(bucket: Bucket, database_url: str, tmp_path: Path) -> House:
    return House(database_url, tmp_path / "house", bucket)


@pytest.fixture
def machine(tmp_path: Path, clock: FakeClock) -> Machine:
    directory = tmp_path / "state"
    directory.mkdir()
    return Machine(directory, clock)


@pytest.fixture
def empty_database(io_loop: IOLoop, empty_database_url: str) -> Iterator[Database]:
    opened: Database = io_loop.run_sync(lambda: Database.open(empty_database_url, max_size=4))
    yield opened
    io_loop.run_sync(opened.close)
