"""A disk that refuses or is not there costs nothing else, and is on record."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import CleanupFailed
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.media import file_store as media_store_module
from photobooth_daemon.media.file_store import FileStore
from tests.support.cleanup import PICTURE, files_of, removed
from tests.support.fakes import FakeClock
from tests.support.housekeeping import insert_job, insert_media, insert_result, make_old, value


async def test_what_the_disk_does_not_let_go_keeps_nothing_else(
    cleanup: Cleanup,
    database: Database,
    media_store: FileStore,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = clock.utcnow()
    past = now - timedelta(hours=1)
    bad, good = [
        await insert_result(database, media_store, PICTURE, past - timedelta(hours=72), past)
        for _ in range(2)
    ]
    for job_id in (bad, good):
        upload = media_store.root / "scratch" / str(job_id)
        upload.write_bytes(b"x")
        make_old(upload, past)

    def refusing(remove: Callable[..., int]) -> Callable[..., int]:
        def removed_or_refused(path: Path, *aside: Path) -> int:
            if path.name == str(bad):
                raise OSError(errno.EIO, "Input/output error", str(path))
            return remove(path, *aside)

        return removed_or_refused

    with monkeypatch.context() as broken:
        for name in ("remove_path", "remove_directory"):
            broken.setattr(media_store_module, name, refusing(getattr(media_store_module, name)))
        with pytest.raises(CleanupFailed, match="3 objects could not be removed"):
            await cleanup.run()
    assert {path.split("/")[1] for path in files_of(media_store)} == {str(bad)}
    living = "SELECT DISTINCT job_id FROM media_object WHERE cleaned_at IS NULL"
    assert await value(database, living) == bad
    assert removed(await cleanup.run()) == {"previews": 1, "results": 1, "scratch": 1}
    assert files_of(media_store) == set()


async def test_a_media_directory_that_is_not_mounted_costs_nothing(
    cleanup: Cleanup, database: Database, media_store: FileStore, clock: FakeClock
) -> None:
    now = clock.utcnow()
    for _ in range(15):
        job_id = await insert_job(database, now, "done", expires_at=now + timedelta(hours=9))
        for kind in ("result", "preview"):
            await insert_media(database, job_id, kind, now + timedelta(hours=9))
    with pytest.raises(CleanupFailed, match="30 of 30 files are missing"):
        await cleanup.run()
    living = "SELECT count(*) FROM media_object WHERE cleaned_at IS NULL"
    assert await value(database, living) == 30
    run = "SELECT error FROM cleanup_run WHERE NOT succeeded"
    assert "files are missing" in await value(database, run)


async def test_a_media_directory_that_cannot_be_used_is_on_record(
    cleanup: Cleanup, database: Database, media_store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    with monkeypatch.context() as broken:
        broken.setattr(media_store_module, "create_directory", refuse)
        with pytest.raises(CleanupFailed, match="Operation not permitted"):
            await cleanup.run()
    run = "SELECT error FROM cleanup_run WHERE NOT succeeded"
    assert "Operation not permitted" in await value(database, run)
    assert (await cleanup.run()).outcome == "done"
