"""The stores that keep the same promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.media.store import MediaStore
from tests.support.fake_bucket import FakeBucket
from tests.support.object_store import ObjectStore


@pytest.fixture(params=["files", "s3"])
def any_store(
    request: pytest.FixtureRequest, io_loop: IOLoop, tmp_path: Path
) -> Iterator[MediaStore]:
    """Each kind of store, empty."""
    root = tmp_path / "media"
    store: MediaStore
    if request.param == "files":
        store = FileStore(root)
    else:
        there: ObjectStore = request.getfixturevalue("object_store")
        store = S3Store(root, io_loop.run_sync(there.new_bucket))
    store.create()
    yield store
    io_loop.run_sync(store.close)


@pytest.fixture
def bucket(io_loop: IOLoop) -> Iterator[FakeBucket]:
    """A bucket that misbehaves."""
    pytest.importorskip("botocore")
    opened = FakeBucket()
    io_loop.run_sync(opened.open)
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture
def faulty(io_loop: IOLoop, bucket: FakeBucket, tmp_path: Path) -> Iterator[S3Store]:
    """A store on it."""
    store = S3Store(tmp_path / "media", bucket.config())
    store.create()
    yield store
    io_loop.run_sync(store.close)
