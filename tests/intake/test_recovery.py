"""What a start makes of the folders that an earlier process has left."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from photobooth_daemon.intake import folders
from photobooth_daemon.intake.folders import SlotFolders
from photobooth_daemon.intake.photo_files import key_of


@pytest.fixture
def slot(tmp_path: Path) -> SlotFolders:
    slot = SlotFolders(tmp_path, "slot-001")
    slot.create()
    return slot


def test_waiting_photos_are_not_read_where_no_picture_has_come_back(
    slot: SlotFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwanted(path: Path) -> str:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(folders, "sha256_of", unwanted)
    (slot.incoming / "a.jpg").write_bytes(b"a photo")
    (slot.ready / f"{folders.UNFINISHED}key").mkdir()
    slot.recover(copy=False)
    assert not any(slot.ready.iterdir())


def test_a_picture_appears_whose_photo_has_left_and_waits_for_one_that_has_not(
    slot: SlotFolders,
) -> None:
    (slot.incoming / "waits.jpg").write_bytes(b"a photo")
    waits = key_of(slot.slot_id, "waits.jpg", hashlib.sha256(b"a photo").hexdigest())
    slot.keep_result(waits, "waits.jpg", ".jpg", b"one picture")
    slot.keep_result("gone", "gone.jpg", ".jpg", b"another picture")
    slot.recover(copy=False)
    assert [path.name for path in slot.ready.iterdir()] == [waits]
    assert [path.name for path in slot.results.iterdir()] == ["gone.jpg"]
