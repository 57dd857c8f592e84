"""From files to a bucket and back: nothing lost, nothing believed, nothing brought back to life."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.media.both_stores import BothStores
from photobooth_daemon.media.copy import MediaCopy
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.keys import (
    Shelf,
    original_key,
    preview_key,
    result_key,
    template_key,
    template_preview_key,
)
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import PictureBytes
from tests.support.fake_bucket import FakeBucket
from tests.support.object_store import ObjectStore

PICTURE = PictureBytes(os.urandom(300_000), "image/png", 30, 20)


@pytest.fixture
def files(io_loop: IOLoop, tmp_path: Path) -> Iterator[FileStore]:
    store = FileStore(tmp_path / "media")
    store.create()
    yield store
    io_loop.run_sync(store.close)


@pytest.fixture
def bucketed(io_loop: IOLoop, tmp_path: Path, object_store: ObjectStore) -> Iterator[S3Store]:
    """A store in a bucket, on the same directory."""
    store = S3Store(tmp_path / "media", io_loop.run_sync(object_store.new_bucket))
    store.create()
    yield store
    io_loop.run_sync(store.close)


async def upload(store: MediaStore, data: bytes) -> Path:
    scratch = store.open_scratch(uuid4())
    await scratch.write(data)
    return (await scratch.close()).path


async def fill(store: MediaStore) -> UUID:
    """Store one of each kind under one id."""
    id_ = uuid4()
    await store.store_result(id_, PICTURE, b"preview")
    await store.keep_original(id_, await upload(store, b"original"), "image/jpeg")
    await store.store_template(id_, await upload(store, b"frame"), "image/png", b"small")
    return id_


async def assert_whole(store: MediaStore, id_: UUID) -> None:
    assert await store.read(result_key(id_, "image/png")) == PICTURE.data
    assert await store.read(preview_key(id_)) == b"preview"
    assert await store.read(original_key(id_, "image/jpeg")) == b"original"
    assert await store.read(template_key(id_, "image/png")) == b"frame"
    assert await store.read(template_preview_key(id_)) == b"small"


async def test_there_and_back(files: FileStore, bucketed: S3Store, tmp_path: Path) -> None:
    ids = [await fill(files) for _ in range(3)]
    await files.retire_template(ids[0])
    report = await MediaCopy(files, bucketed).run()
    assert (report.copied, report.there_already, report.gone, report.failed) == (15, 0, 0, 0)
    for id_ in ids:
        await assert_whole(bucketed, id_)
        await assert_whole(files, id_)
    again = await MediaCopy(files, bucketed).run()
    assert (again.copied, again.there_already) == (0, 15)
    await bucketed.retire_template(ids[0])
    elsewhere = FileStore(tmp_path / "elsewhere")
    elsewhere.create()
    assert (await MediaCopy(bucketed, elsewhere).run()).copied == 15
    for id_ in ids:
        await assert_whole(elsewhere, id_)
    assert not list((tmp_path / "elsewhere" / "scratch").iterdir())
    await elsewhere.close()


async def test_a_copy_that_was_broken_off_goes_on(files: FileStore, bucketed: S3Store) -> None:
    ids = [await fill(files) for _ in range(2)]
    await bucketed.adopt(
        {result_key(ids[0], "image/png"): files.path_of(result_key(ids[0], "image/png"))}
    )
    report = await MediaCopy(files, bucketed).run()
    assert (report.copied, report.there_already, report.failed) == (10, 0, 0)
    await assert_whole(bucketed, ids[0])


async def test_both_serve_while_it_lasts(files: FileStore, bucketed: S3Store) -> None:
    old = await fill(files)
    both = BothStores(bucketed, files)
    new = await fill(both)
    for id_ in (old, new):
        await assert_whole(both, id_)
        assert await both.find_result(id_) == result_key(id_, "image/png")
        assert (await both.template_file(id_, "image/png")).read_bytes() == b"frame"
        async with both.local_copy(original_key(id_, "image/jpeg")) as path:
            assert path.read_bytes() == b"original"
    keys = [result_key(id_, "image/png") for id_ in (old, new)]
    missing = result_key(uuid4(), "image/png")
    assert await both.list_missing([*keys, missing]) == {missing}
    assert (await both.list_present([old, new]))[Shelf.RESULTS] == {old, new}
    await MediaCopy(files, bucketed).run()
    for id_ in (old, new):
        assert await both.remove_result(id_) > 0
        await both.remove_original(id_)
        await both.remove_template(id_)
    for store in (files, bucketed):
        for shelf in (Shelf.RESULTS, Shelf.ORIGINALS, Shelf.TEMPLATES):
            assert [things async for things in store.list_shelf(shelf) if things] == []


async def test_what_is_removed_while_it_is_copied_stays_removed(
    files: FileStore, bucketed: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = uuid4()
    await files.store_result(id_, PICTURE, b"preview")
    adopt = bucketed.adopt

    async def adopt_late(given):
        await adopt(given)
        await files.remove_result(id_)

    monkeypatch.setattr(bucketed, "adopt", adopt_late)
    report = await MediaCopy(files, bucketed).run()
    assert (report.copied, report.gone) == (0, 2)
    assert await bucketed.find_result(id_) is None


async def test_a_source_that_goes_away_takes_no_copy_along(
    files: FileStore, bucketed: S3Store
) -> None:
    id_ = await fill(files)
    await MediaCopy(files, bucketed).run()
    files.path_of(result_key(id_, "image/png")).unlink()
    await MediaCopy(files, bucketed).run()
    await assert_whole(bucketed, id_)


async def test_what_arrives_damaged_is_not_left(
    files: FileStore, fake_bucket: FakeBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = uuid4()
    await files.store_result(id_, PICTURE, b"preview")
    store = S3Store(tmp_path / "media", fake_bucket.config())
    adopt = store.adopt

    async def adopt_damaged(given):
        await adopt(given)
        key = str(result_key(id_, "image/png"))
        fake_bucket.objects[key] = bytes(len(PICTURE.data))

    monkeypatch.setattr(store, "adopt", adopt_damaged)
    report = await MediaCopy(files, store).run()
    assert (report.copied, report.failed) == (0, 2)
    assert fake_bucket.objects == {}
    await store.close()
