"""Photos that a program puts into a folder: taken up whole, in order, once."""

from __future__ import annotations

import os
import shutil
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.daemons import until
from tests.support.fake_ingest import PICTURE, FakeIngest, picture_of, problem
from tests.support.intake_process import PASSWORD, SLOT, IntakeProcess
from tests.support.sample_pictures import corners, jpeg, png


def put(intake: IntakeProcess, name: str, data: bytes, slot: str = SLOT) -> None:
    """Let a file appear whole, as a program does that renames it into place."""
    unfinished = intake.directory / "being-written"
    unfinished.write_bytes(data)
    target = intake.shelf("in", slot) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished.rename(target)


def photo(number: int = 0) -> bytes:
    """Return a photo unlike those of other numbers."""
    return jpeg(corners(40 + number, 30))


def test_a_photo_comes_back_under_its_name(intake: IntakeProcess, ingest: FakeIngest) -> None:
    put(intake, "IMG_0001.JPG", photo())
    until(lambda: intake.files("out"))
    digest = sha256(photo()).hexdigest()
    assert intake.files("out") == ["IMG_0001.jpg"]
    assert intake.shelf("out").joinpath("IMG_0001.jpg").read_bytes() == PICTURE + digest.encode()
    until(lambda: intake.files("done") == ["IMG_0001.JPG"])
    assert intake.files("in") == intake.files("failed") == []
    (posted,) = ingest.posted
    assert (posted.slot, posted.password, posted.sha256) == (SLOT, PASSWORD, digest)
    until(lambda: not any(intake.shelf(".ready").iterdir()))
    status = intake.status()
    assert status is not None
    (fate,) = status["slots"][0]["last"]
    assert (fate["name"], fate["outcome"], fate["source"]) == ("IMG_0001.JPG", "done", "folder")


def test_subfolders_are_kept(intake: IntakeProcess) -> None:
    put(intake, "evening/second/IMG_2.png", png(corners(30, 20)))
    until(lambda: intake.files("out"))
    assert intake.files("out") == ["evening/second/IMG_2.jpg"]
    assert intake.files("done") == ["evening/second/IMG_2.png"]


def test_names_in_any_encoding(intake: IntakeProcess) -> None:
    names = ["Свадьба 1.jpg", os.fsdecode("Фото".encode("cp1251")) + ".jpg", "a'b\"c;d\n.jpg"]
    for number, name in enumerate(names):
        put(intake, name, photo(number))
    until(lambda: len(intake.files("out")) == 3)
    assert sorted(intake.files("out")) == sorted(names)


def test_a_file_is_taken_when_it_is_closed(tmp_path: Path, ingest: FakeIngest) -> None:
    intake = IntakeProcess(tmp_path, ingest.url, settle_seconds="0.5")
    intake.start()
    data = photo()
    try:
        with (intake.shelf("in") / "slow.jpg").open("wb", buffering=0) as file:
            file.write(data[:300])
            # Longer than a file has to stand still where nothing tells that it is closed.
            signal.sigtimedwait([], 1.5)
            assert ingest.posted == []
            file.write(data[300:])
        until(lambda: intake.files("out"))
    finally:
        intake.stop()
    assert [posted.sha256 for posted in ingest.posted] == [sha256(data).hexdigest()]


def test_the_order_is_that_of_arrival(tmp_path: Path, ingest: FakeIngest) -> None:
    intake = IntakeProcess(tmp_path, ingest.url, at_once_per_slot="1")
    names = [f"{number:02d}.jpg" for number in (7, 3, 9, 1, 5)]
    for number, name in enumerate(names):
        put(intake, name, photo(number))
        signal.sigtimedwait([], 0.02)
    intake.start()
    try:
        until(lambda: len(intake.files("out")) == 5)
    finally:
        intake.stop()
    wanted = [sha256(photo(number)).hexdigest() for number in range(5)]
    assert [posted.sha256 for posted in ingest.posted] == wanted


def test_several_slots_at_once(intake: IntakeProcess, ingest: FakeIngest) -> None:
    ingest.may_answer.clear()
    put(intake, "a.jpg", photo(1))
    put(intake, "a.jpg", photo(2), "slot-002")
    until(lambda: len(ingest.posted) == 2)
    ingest.may_answer.set()
    until(lambda: intake.files("out") and intake.files("out", "slot-002"))
    assert {posted.slot for posted in ingest.posted} == {"slot-001", "slot-002"}


def test_a_second_photo_of_the_same_name_is_another(intake: IntakeProcess) -> None:
    put(intake, "IMG.jpg", photo(1))
    until(lambda: intake.files("done") == ["IMG.jpg"])
    put(intake, "IMG.jpg", photo(2))
    until(lambda: len(intake.files("out")) == 2)
    assert intake.files("out") == ["IMG-2.jpg", "IMG.jpg"]
    assert intake.files("done") == ["IMG-2.jpg", "IMG.jpg"]


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("IMG_1.CR3", photo(), "code: raw"),
        ("notes.txt", b"hello", "code: not_a_picture"),
        ("film.jpg", b"\0\0\0\x18ftypmp42" + bytes(100), "code: not_a_picture"),
    ],
    ids=["raw", "text", "film"],
)
def test_what_is_no_photo_is_put_aside_with_a_reason(
    intake: IntakeProcess, ingest: FakeIngest, name: str, data: bytes, word: str
) -> None:
    put(intake, name, data)
    put(intake, "after.jpg", photo())
    until(lambda: intake.files("out") == ["after.jpg"])
    until(lambda: intake.files("failed"))
    assert intake.files("failed") == [name, f"{name}.txt"]
    text = (intake.shelf("failed") / f"{name}.txt").read_text("utf-8")
    assert word in text
    assert "Чтобы попробовать ещё раз" in text
    assert "To try again" in text
    assert len(ingest.posted) == 1


def test_notes_and_halves_of_other_programs_stay(intake: IntakeProcess) -> None:
    for name in (".hidden.jpg", "~IMG.jpg", "IMG.jpg.part", "IMG.xmp", "Thumbs.db"):
        put(intake, name, photo())
    put(intake, "real.jpg", photo())
    until(lambda: intake.files("done") == ["real.jpg"])
    assert len(intake.files("in")) == 5


def test_what_the_daemon_refuses_ends_with_its_word(
    intake: IntakeProcess, ingest: FakeIngest
) -> None:
    ingest.answers = [problem(422, "invalid_image"), problem(504, "provider_timeout")]
    put(intake, "one.jpg", photo(1))
    until(lambda: intake.files("failed"))
    put(intake, "two.jpg", photo(2))
    until(lambda: len(intake.files("failed")) == 4)
    assert intake.files("out") == []
    text = (intake.shelf("failed") / "one.jpg.txt").read_text("utf-8")
    assert "code: invalid_image" in text
    assert "so says invalid_image" in text
    shutil.move(intake.shelf("failed") / "two.jpg", intake.shelf("in") / "two.jpg")
    until(lambda: intake.files("out") == ["two.jpg"])


@pytest.mark.parametrize(
    "answers",
    [
        [problem(503, "database_unavailable", **{"Retry-After": "1"})],
        [problem(429, "rate_limited"), problem(429, "rate_limited")],
        [problem(507, "storage_full")],
        [problem(504, "provider_timeout", {"still_running": True})],
        [(200, {"Content-Type": "text/html"}, b"<p>a captive portal</p>")],
    ],
)
def test_a_photo_waits_for_a_daemon_that_cannot_now(
    intake: IntakeProcess, ingest: FakeIngest, answers: list[tuple[int, dict[str, str], bytes]]
) -> None:
    ingest.answers = list(answers)
    put(intake, "IMG.jpg", photo())
    until(lambda: intake.files("out") == ["IMG.jpg"])
    assert len({posted.key for posted in ingest.posted}) == 1
    assert len(ingest.posted) == len(answers) + 1
    assert intake.files("failed") == []


def test_a_new_password_is_read_when_the_old_one_is_refused(
    intake: IntakeProcess, ingest: FakeIngest
) -> None:
    ingest.always = lambda posted: (
        picture_of(posted) if posted.password == "rotated" else problem(401, "invalid_password")
    )
    put(intake, "IMG.jpg", photo())
    until(lambda: ingest.posted)
    assert intake.files("failed") == []
    until(lambda: intake.status()["slots"][0]["holds_up"])  # type: ignore[index]
    intake.password_path.write_text("rotated\n")
    until(lambda: intake.files("out") == ["IMG.jpg"])


def test_thousands_that_lie_there_already(tmp_path: Path, ingest: FakeIngest) -> None:
    intake = IntakeProcess(tmp_path, ingest.url, at_once_per_slot="8")
    folder = intake.shelf("in")
    folder.mkdir(parents=True)
    data = photo()
    for number in range(600):
        (folder / f"{number:05d}.jpg").write_bytes(data + number.to_bytes(4, "big"))
    intake.start()
    try:
        until(lambda: len(os.listdir(intake.shelf("out"))) == 600, seconds=120)
        assert len(ingest.posted) == len({posted.key for posted in ingest.posted}) == 600
        assert intake.files("in") == []
    finally:
        intake.stop()


@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_a_folder_that_vanishes_and_comes_back(
    tmp_path: Path, ingest: FakeIngest, watch: str
) -> None:
    intake = IntakeProcess(tmp_path, ingest.url, watch=f'"{watch}"', poll_seconds="0.2")
    intake.start()
    try:
        shutil.rmtree(intake.shelf("in"))
        until(lambda: not intake.status()["slots"][0]["reachable"])  # type: ignore[index]
        intake.shelf("in").mkdir()
        put(intake, "IMG.jpg", photo())
        until(lambda: intake.files("out") == ["IMG.jpg"])
    finally:
        assert intake.stop() == 0


def test_done_photos_are_deleted_at_once_where_that_is_wanted(
    tmp_path: Path, ingest: FakeIngest
) -> None:
    intake = IntakeProcess(tmp_path, ingest.url, keep_done_hours="0")
    intake.start()
    try:
        put(intake, "IMG.jpg", photo())
        until(lambda: intake.files("out") == ["IMG.jpg"])
        until(lambda: intake.files("done") == [], seconds=5)
        assert intake.files("in") == []
    finally:
        intake.stop()


def test_a_second_folder_gets_every_picture(tmp_path: Path, ingest: FakeIngest) -> None:
    share = tmp_path / "share"
    share.write_text("a share that is not mounted yet")
    intake = IntakeProcess(tmp_path, ingest.url, copy_to=f'"{share}"')
    intake.start()
    try:
        put(intake, "IMG.jpg", photo())
        until(lambda: intake.files("out") == ["IMG.jpg"])
        share.unlink()
        until(lambda: (share / SLOT / "IMG.jpg").is_file())
        until(lambda: intake.files(".copy") == [])
        out = intake.shelf("out") / "IMG.jpg"
        assert (share / SLOT / "IMG.jpg").read_bytes() == out.read_bytes()
    finally:
        intake.stop()


def test_killed_at_any_moment_it_loses_and_repeats_nothing(
    tmp_path: Path, ingest: FakeIngest
) -> None:
    intake = IntakeProcess(tmp_path, ingest.url)
    intake.start()
    for number in range(60):
        put(intake, f"{number:03d}.jpg", photo(number))
    for kill in range(5):
        until(lambda kill=kill: len(intake.files("out")) >= 8 * (kill + 1))
        intake.stop(signal.SIGKILL)
        intake.start()
    try:
        until(lambda: len(intake.files("out")) == 60)
        names = [f"{number:03d}.jpg" for number in range(60)]
        assert intake.files("out") == names
        assert intake.files("done") == names
        for number, name in enumerate(names):
            expected = PICTURE + sha256(photo(number)).hexdigest().encode()
            assert (intake.shelf("out") / name).read_bytes() == expected
        # What was posted twice, for its answer was lost, came under its first key.
        assert len({posted.key for posted in ingest.posted}) == 60
    finally:
        intake.stop()


def test_two_intakes_do_not_work_in_one_folder(
    intake: IntakeProcess, tmp_path: Path, ingest: FakeIngest
) -> None:
    (tmp_path / "second").mkdir()
    second = IntakeProcess(tmp_path / "second", ingest.url)
    text = second.config_path.read_text().replace(str(second.folder), str(intake.folder))
    second.config_path.write_text(text)
    with pytest.raises(AssertionError, match="another intake works in"):
        second.start()
    assert second.stop() == 78
