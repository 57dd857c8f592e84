"""The intake's own disk is full: photos wait with their places, and nothing is left twice."""

from __future__ import annotations

import ftplib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemons import until
from tests.support.fake_ingest import FakeIngest, picture_of, problem
from tests.support.intake_process import PASSWORD, SLOT, IntakeProcess
from tests.support.sample_pictures import corners, jpeg
from tests.support.small_disk import SmallDisk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "intake", megabytes=8) as opened:
        yield opened


@pytest.fixture
def intake(tmp_path: Path, ingest: FakeIngest, disk: SmallDisk) -> Iterator[IntakeProcess]:
    opened = IntakeProcess(tmp_path, ingest.url, min_free_mb="0")
    opened.place, opened.disk = disk.place, disk.root
    opened.start()
    yield opened
    opened.stop()


def photo(number: int) -> bytes:
    return jpeg(corners(60 + number, 40))


def send_by_ftp(intake: IntakeProcess, name: str, data: bytes) -> None:
    with ftplib.FTP(timeout=20) as camera:
        camera.connect("127.0.0.1", intake.ftp_port)
        camera.login(SLOT, PASSWORD)
        camera.storbinary(f"STOR {name}", io.BytesIO(data))


def what_holds_it_up(intake: IntakeProcess) -> str:
    status = intake.status()
    assert status is not None
    return str(status["slots"][0]["holds_up"])


def test_a_picture_that_there_is_no_room_for_comes_when_there_is(
    intake: IntakeProcess, ingest: FakeIngest, disk: SmallDisk
) -> None:
    names = [f"IMG_{number}.jpg" for number in range(4)]
    ingest.may_answer.clear()
    for number, name in enumerate(names):
        (intake.shelf("in") / name).write_bytes(photo(number))
    until(lambda: ingest.posted)
    filler = disk.fill()
    ingest.may_answer.set()
    until(lambda: "No space left" in what_holds_it_up(intake))
    assert intake.files("out") == []
    assert intake.files("in") == names
    filler.unlink()
    until(lambda: intake.files("out") == names, seconds=40)
    assert intake.files("done") == names
    assert intake.files(".ready") == intake.files("in") == []
    # Asked again for the same answer, never for a second picture.
    assert len({posted.key for posted in ingest.posted}) == len(names)


def test_a_reason_that_there_is_no_room_for_is_written_once(
    intake: IntakeProcess, ingest: FakeIngest, disk: SmallDisk
) -> None:
    ingest.always = lambda _: problem(422, "invalid_image")
    ingest.may_answer.clear()
    (intake.shelf("in") / "IMG.jpg").write_bytes(photo(1))
    until(lambda: ingest.posted)
    filler = disk.fill()
    ingest.may_answer.set()
    until(lambda: len(ingest.posted) >= 3)
    assert intake.files("failed") == []
    filler.unlink()
    until(lambda: len(intake.files("failed")) == 2, seconds=40)
    assert intake.files("failed") == ["IMG.jpg", "IMG.jpg.txt"]
    assert "invalid_image" in (intake.shelf("failed") / "IMG.jpg.txt").read_text("utf-8")


def test_a_camera_hears_that_its_photo_has_not_arrived(
    intake: IntakeProcess, ingest: FakeIngest, disk: SmallDisk
) -> None:
    data = photo(2) + bytes(256 * 1024) + b"\xff\xd9"
    filler = disk.fill()
    with pytest.raises(ftplib.error_temp, match="452 The disk is full"):
        send_by_ftp(intake, "IMG.JPG", data)
    assert intake.files(".ftp") == []
    assert intake.files("in") == []
    filler.unlink()
    ingest.always = picture_of
    send_by_ftp(intake, "IMG.JPG", data)
    until(lambda: intake.files("out") == ["IMG.jpg"])
    assert intake.files("done") == ["IMG.JPG"]
    assert len(ingest.posted) == 1
