"""A restore into a bucket that broke off goes on, and does not begin again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media.s3 import S3Store
from tests.support.bucket_house import Bucket, House

EXIT_FAILED = 1


def test_a_restore_that_broke_off_goes_on_where_it_was(
    house: House,
    new_bucket: Callable[[], Bucket],
    empty_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup = house.backup("--media", "copy")
    pictures = [path for path in (backup / "media").rglob("*") if path.is_file()]
    target = new_bucket()
    other = House(empty_database_url, tmp_path / "other", target)
    adopt, stored = S3Store.adopt, []

    async def break_off(self: S3Store, files: Any) -> None:
        if len(stored) >= 4:
            raise StorageUnavailable("The store cannot be reached.")
        stored.extend(files)
        await adopt(self, files)

    with monkeypatch.context() as patch:
        patch.setattr(S3Store, "adopt", break_off)
        failed = other.restore(backup)
    assert failed.exit_code == EXIT_FAILED
    assert "cannot be reached" in failed.output
    there = set(target.contents())
    assert 0 < len(there) < len(pictures)

    async def note(self: S3Store, files: Any) -> None:
        stored.extend(files)
        await adopt(self, files)

    stored.clear()
    monkeypatch.setattr(S3Store, "adopt", note)
    restored = other.restore(backup)
    assert restored.exit_code == 0, restored.output
    assert {str(key) for key in stored} == {
        path.relative_to(backup / "media").as_posix() for path in pictures
    } - there
    assert target.contents() == {
        path.relative_to(backup / "media").as_posix(): path.read_bytes() for path in pictures
    }
