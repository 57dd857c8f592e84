"""Files on disk: streamed, stored whole or not at all, listed, removed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.errors import StorageFull
from photobooth_daemon.media import files as media_files
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.files import remove_directory
from photobooth_daemon.media.keys import (
    Shelf,
    preview_key,
    provider_key,
    result_key,
    template_key,
    template_preview_key,
)
from photobooth_daemon.media.listing import BATCH_SIZE
from photobooth_daemon.media.scratch_file import BLOCK_BYTES
from photobooth_daemon.model import PictureBytes

PICTURE = PictureBytes(b"picture" * 1000, "image/jpeg", 30, 20)


@pytest.fixture
def store(io_loop: IOLoop, tmp_path: Path) -> Iterator[FileStore]:
    made = FileStore(tmp_path / "media")
    made.create()
    yield made
    io_loop.run_sync(made.close)


def files_of(store: FileStore) -> set[str]:
    return {str(p.relative_to(store.root)) for p in store.root.rglob("*") if p.is_file()}


def entries_of(store: FileStore) -> set[str]:
    return {str(p.relative_to(store.root)) for p in store.root.rglob("*")} - set(Shelf)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


class TestScratch:
    @pytest.mark.parametrize("size", [1, 1000, BLOCK_BYTES, 3 * BLOCK_BYTES + 17])
    async def test_what_was_written_is_there_with_its_digest(self, store, size):
        data = os.urandom(size)
        scratch = store.open_scratch(uuid4())
        for start in range(0, size, 65_536):
            await scratch.write(data[start : start + 65_536])
        written = await scratch.close()
        assert written.path.read_bytes() == data
        assert written.size_bytes == size
        assert written.sha256 == hashlib.sha256(data).hexdigest()
        assert mode_of(written.path) == 0o640
        await scratch.discard()
        assert entries_of(store) == set()

    async def test_a_small_photo_takes_one_hop(self, store, monkeypatch):
        hops = []
        threads = store._threads
        begin = threads.begin
        monkeypatch.setattr(threads, "begin", lambda w, *a: hops.append(w) or begin(w, *a))
        scratch = store.open_scratch(uuid4())
        await scratch.write(bytes(50_000))
        await scratch.close()
        assert len(hops) == 1

    async def test_discard_at_any_moment_leaves_nothing(self, store):
        never = store.open_scratch(uuid4())
        await never.discard()
        halfway = store.open_scratch(uuid4())
        await halfway.write(bytes(BLOCK_BYTES))
        await halfway.write(b"more")
        await halfway.discard()
        await halfway.discard()
        assert entries_of(store) == set()

    async def test_discard_wins_over_a_write_that_was_cancelled(self, store):
        for _ in range(20):
            scratch = store.open_scratch(uuid4())
            writing = asyncio.ensure_future(scratch.write(bytes(2 * BLOCK_BYTES)))
            await asyncio.sleep(0)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await scratch.discard()
        await store.close()
        assert entries_of(store) == set()

    async def test_a_full_disk_has_its_name(self, full_disk):
        store = FileStore(full_disk)
        store.create()
        scratch = store.open_scratch(uuid4())
        with pytest.raises(StorageFull):
            await scratch.write(bytes(2 << 20))
        await scratch.discard()
        assert entries_of(store) == set()
        big = PictureBytes(bytes(2 << 20), "image/jpeg", 30, 20)
        with pytest.raises(StorageFull):
            await store.store_result(uuid4(), big, b"preview")
        with pytest.raises(StorageFull):
            await store.store_provider_input(uuid4(), bytes(2 << 20), "image/jpeg")
        assert entries_of(store) == set()
        assert store.free_bytes() > 500_000
        job_id = uuid4()
        await store.store_result(job_id, PICTURE, b"preview")
        assert await store.remove_result(job_id) > 0
        await store.close()


class TestResults:
    async def test_a_result_appears_whole_and_goes_whole(self, store):
        job_id = uuid4()
        assert await store.find_result(job_id) is None
        await store.store_result(job_id, PICTURE, b"preview")
        key = result_key(job_id, "image/jpeg")
        assert await store.find_result(job_id) == key
        path = store.path_of(key)
        assert path.read_bytes() == PICTURE.data
        assert store.path_of(preview_key(job_id)).read_bytes() == b"preview"
        assert files_of(store) == {f"results/{job_id}/result.jpg", f"results/{job_id}/preview.jpg"}
        assert await store.remove_result(job_id) == len(PICTURE.data) + 7
        assert await store.remove_result(job_id) == 0
        assert entries_of(store) == set()

    @pytest.mark.parametrize(("kind", "name"), [("png", "png"), ("webp", "webp"), ("jpeg", "jpg")])
    async def test_the_extension_says_what_it_is(self, store, kind, name):
        job_id = uuid4()
        await store.store_result(job_id, PictureBytes(b"x", f"image/{kind}", 1, 1), b"p")
        found = await store.find_result(job_id)
        assert found is not None
        assert found.file == f"result.{name}"

    async def test_modes_do_not_depend_on_the_umask(self, store):
        job_id = uuid4()
        before = os.umask(0o077)
        try:
            await store.store_result(job_id, PICTURE, b"preview")
            await store.store_provider_input(job_id, b"photo", "image/jpeg")
        finally:
            os.umask(before)
        assert mode_of(store.path_of(result_key(job_id, "image/jpeg"))) == 0o640
        assert mode_of(store.path_of(result_key(job_id, "image/jpeg")).parent) == 0o750
        assert mode_of(store.path_of(provider_key(job_id))) == 0o640
        assert {mode_of(store.root / shelf) for shelf in Shelf} == {0o750}

    async def test_a_result_is_never_stored_twice(self, store):
        job_id = uuid4()
        await store.store_result(job_id, PICTURE, b"preview")
        with pytest.raises(FileExistsError):
            await store.store_result(job_id, PictureBytes(b"x", "image/png", 1, 1), b"p")
        assert await store.find_result(job_id) == result_key(job_id, "image/jpeg")
        assert len(files_of(store)) == 2

    async def test_removing_waits_for_a_storing_that_nobody_waits_for(self, store, monkeypatch):
        synced = []
        real = os.fsync
        monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(fd), real(fd)))
        job_id = uuid4()
        storing = asyncio.ensure_future(store.store_result(job_id, PICTURE, b"preview"))
        await asyncio.sleep(0)
        storing.cancel()
        await asyncio.gather(storing, return_exceptions=True)
        await store.remove_result(job_id)
        assert len(synced) >= 4, "both files, their directory and its parent"
        assert entries_of(store) == set()


class TestTemplates:
    async def test_the_upload_is_moved_in(self, store):
        media_id = uuid4()
        scratch = store.open_scratch(uuid4())
        await scratch.write(b"frame")
        written = await scratch.close()
        await store.store_template(media_id, written.path, "image/png", b"preview")
        assert files_of(store) == {
            f"templates/{media_id}/original.png",
            f"templates/{media_id}/preview.webp",
        }
        assert store.path_of(template_key(media_id, "image/png")).read_bytes() == b"frame"
        assert store.path_of(template_preview_key(media_id)).read_bytes() == b"preview"
        await scratch.discard()
        assert await store.remove_template(media_id) == 12
        assert entries_of(store) == set()


class TestProviderInputs:
    async def test_stored_and_removed(self, store):
        media_id = uuid4()
        await store.store_provider_input(media_id, b"photo", "image/jpeg")
        assert store.path_of(provider_key(media_id)).read_bytes() == b"photo"
        assert await store.remove_provider_input(media_id) == 5
        assert await store.remove_provider_input(media_id) == 0
        assert entries_of(store) == set()


class TestListing:
    async def listed(self, store, shelf):
        return [thing async for batch in store.list_shelf(shelf) for thing in batch]

    async def test_every_shelf_in_batches(self, store):
        ids = {uuid4() for _ in range(BATCH_SIZE + 3)}
        for media_id in ids:
            store.path_of(provider_key(media_id)).write_bytes(b"12345")
        batches = [batch async for batch in store.list_shelf(Shelf.PROVIDER)]
        assert [len(batch) for batch in batches] == [BATCH_SIZE, 3]
        assert {thing.id for batch in batches for thing in batch} == ids
        assert {thing.size_bytes for batch in batches for thing in batch} == {5}

    async def test_a_result_counts_with_all_its_files(self, store):
        job_id = uuid4()
        await store.store_result(job_id, PICTURE, b"preview")
        (thing,) = await self.listed(store, Shelf.RESULTS)
        assert (thing.id, thing.size_bytes) == (job_id, len(PICTURE.data) + 7)
        assert thing.modified_at.tzinfo is not None
        assert await store.remove_thing(thing) == thing.size_bytes
        assert await store.remove_thing(thing) == 0
        assert await self.listed(store, Shelf.RESULTS) == []

    async def test_what_a_kill_leaves_behind_is_found_on_the_scratch_shelf(self, store):
        job_id = uuid4()
        staging = store.root / "scratch" / f"{job_id}.result"
        staging.mkdir()
        (staging / "result.jpg").write_bytes(b"half")
        (thing,) = await self.listed(store, Shelf.SCRATCH)
        assert (thing.id, thing.size_bytes) == (job_id, 4)
        assert await store.remove_thing(thing) == 4
        assert entries_of(store) == set()

    @pytest.mark.parametrize(
        "name", ["lost+found", "README", str(UUID(int=7)).upper() + "A", "7" * 32]
    )
    async def test_strange_names_have_no_id(self, store, name):
        (store.root / "results" / name).mkdir()
        (thing,) = await self.listed(store, Shelf.RESULTS)
        assert (thing.id, thing.name) == (None, name)

    async def test_a_link_is_removed_and_not_followed(self, store, tmp_path):
        precious = tmp_path / "precious"
        precious.mkdir()
        (precious / "file").write_bytes(b"keep me")
        (store.root / "scratch" / str(uuid4())).symlink_to(precious)
        (thing,) = await self.listed(store, Shelf.SCRATCH)
        await store.remove_thing(thing)
        assert entries_of(store) == set()
        assert (precious / "file").exists()


def test_a_directory_is_young_while_it_is_deleted(tmp_path, monkeypatch):
    target, aside = tmp_path / "result", tmp_path / "aside"
    target.mkdir()
    (target / "result.jpg").write_bytes(b"12345")
    os.utime(target, (0, 0))
    delete = shutil.rmtree
    ages = []

    def delete_after_a_sweep(path):
        ages.append(time.time() - path.stat().st_mtime)
        delete(path)
        raise FileNotFoundError(path)

    monkeypatch.setattr(shutil, "rmtree", delete_after_a_sweep)
    assert remove_directory(target, aside) == 5
    assert ages[0] < 60
    assert not aside.exists()


def test_a_directory_that_fails_halfway_is_not_published(tmp_path, monkeypatch):
    def broken(path: Path, data: bytes, *, durable: bool) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(media_files, "write_file", broken)
    with pytest.raises(OSError, match="Input/output"):
        media_files.publish_directory(tmp_path / "s", tmp_path / "t", {"a": b"1"})
    assert list(tmp_path.iterdir()) == []


async def test_the_tree_is_made_twice_without_harm(tmp_path):
    store = FileStore(tmp_path / "deep" / "media")
    store.create()
    (store.root / "results" / "x").mkdir()
    store.create()
    assert (store.root / "results" / "x").is_dir()
    assert store.free_bytes() <= shutil.disk_usage(tmp_path).free + (64 << 20)
    await store.close()
