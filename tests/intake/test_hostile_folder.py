"""What may lie in a watched folder besides photos, and what may be wrong with it."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.intake.moves import DEEPEST_FOLDER
from tests.intake.test_folder import photo, put
from tests.support.daemons import until
from tests.support.fake_ingest import FakeIngest, picture_of, problem
from tests.support.intake_process import SLOT, IntakeProcess
from tests.support.places import AS_ANYBODY
from tests.support.small_disk import small_disk


@contextmanager
def running(tmp_path: Path, ingest: FakeIngest, **keys: str) -> Iterator[IntakeProcess]:
    """The intake as the account of a service, which may not read everything."""
    opened = IntakeProcess(tmp_path, ingest.url, **keys)
    opened.place = AS_ANYBODY
    opened.start()
    try:
        yield opened
    finally:
        assert opened.stop() == 0


@pytest.mark.parametrize("watch", ["inotify", "poll"])
def test_what_somebody_keeps_to_himself_holds_nobody_up(
    tmp_path: Path, ingest: FakeIngest, watch: str
) -> None:
    with running(tmp_path, ingest, watch=f'"{watch}"', at_once_per_slot="1") as intake:
        closed = intake.shelf("in") / "closed"
        closed.mkdir()
        put(intake, "closed/IMG_1.jpg", photo(1))
        closed.chmod(0)
        private = intake.directory / "private.jpg"
        private.write_bytes(photo(2))
        private.chmod(0)
        private.rename(intake.shelf("in") / "IMG_2.jpg")
        until(lambda: "a photo is passed by" in intake.log())
        put(intake, "IMG_3.jpg", photo(3))
        until(lambda: intake.files("out") == ["IMG_3.jpg"])
        assert "a folder is left out" in intake.log()
        closed.chmod(0o700)
        (intake.shelf("in") / "IMG_2.jpg").chmod(0o600)
        # Its change of mode looks like a writer, whose end is waited for.
        until(lambda: len(intake.files("out")) == 3, seconds=80)
    assert len(ingest.posted) == 3


def test_a_photo_that_cannot_be_moved_is_passed_by(tmp_path: Path, ingest: FakeIngest) -> None:
    with running(tmp_path, ingest, at_once_per_slot="1") as intake:
        fixed = intake.shelf("in") / "fixed"
        fixed.mkdir()
        put(intake, "fixed/IMG_1.jpg", photo(1))
        fixed.chmod(0o500)
        until(lambda: ingest.posted)
        put(intake, "IMG_2.jpg", photo(2))
        until(lambda: intake.files("out") == ["IMG_2.jpg"])
        fixed.chmod(0o700)
        until(lambda: intake.files("out") == ["IMG_2.jpg", "fixed/IMG_1.jpg"], seconds=40)
        # Its picture had come: nobody was asked for a second one.
        assert len({posted.key for posted in ingest.posted}) == len(ingest.posted) == 2


def fill_with_what_is_no_photo(folder: Path, outside: Path) -> None:
    outside.write_bytes(photo(7))
    os.mkfifo(folder / "pipe.jpg")
    os.mknod(folder / "socket.jpg", stat.S_IFSOCK | 0o600)
    if os.geteuid() == 0:
        os.mknod(folder / "zero.jpg", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    (folder / "link.jpg").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.jpg").symlink_to(folder / "nothing")
    below = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(1500):
            os.mkdir("d", dir_fd=below)
            deeper = os.open("d", os.O_RDONLY, dir_fd=below)
            os.close(below)
            below = deeper
    finally:
        os.close(below)


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Path]:
    """A slot's folder full of what is no photo; it is taken away by what copes with its depth."""
    folder = tmp_path / "intake" / SLOT / "in"
    folder.mkdir(parents=True)
    try:
        fill_with_what_is_no_photo(folder, tmp_path / "outside.jpg")
        yield folder
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_pipes_devices_links_and_folders_without_end(
    tmp_path: Path, ingest: FakeIngest, crowded: Path
) -> None:
    intake = IntakeProcess(tmp_path, ingest.url)
    # The second time everything that lies there already is gone through.
    for name in ("IMG_1.jpg", "IMG_2.jpg"):
        intake.start()
        try:
            put(intake, name, photo(int(name[4])))
            until(lambda name=name: (intake.shelf("out") / name).exists())
        finally:
            assert intake.stop() == 0
    assert "below one another" in intake.log()
    assert len(ingest.posted) == 2
    assert (crowded / "pipe.jpg").exists()
    assert (tmp_path / "outside.jpg").read_bytes() == photo(7)


def test_folders_are_looked_into_down_to_a_depth(intake: IntakeProcess) -> None:
    levels = [f"{number}" for number in range(DEEPEST_FOLDER + 1)]
    deepest, deeper = "/".join(levels[:-1]), "/".join(levels)
    put(intake, f"{deeper}/IMG_2.jpg", photo(2))
    put(intake, f"{deepest}/IMG_1.jpg", photo(1))
    until(lambda: intake.files("out") == [f"{deepest}/IMG_1.jpg"])
    assert intake.files("in") == [f"{deeper}/IMG_2.jpg"]


def test_the_longest_names_there_are(tmp_path: Path, ingest: FakeIngest) -> None:
    share = tmp_path / "share"
    share.mkdir()
    names = [
        "x" * 251 + ".jpg",
        "я" * 125 + ".JPEG",
        "without-a-suffix-" + "y" * 238,
        "z." + "suffix" * 42,
    ]
    ingest.always = lambda posted: (
        problem(422, "invalid_image") if b"RAW" in posted.form else picture_of(posted)
    )
    with running(tmp_path, ingest, copy_to=f'"{share}"', at_once_per_slot="1") as intake:
        for number, name in enumerate(names):
            put(intake, name, photo(number))
        put(intake, "r" * 251 + ".CR3", b"RAW")
        put(intake, "n" * 251 + ".txt", b"notes")
        until(lambda: len(intake.files("out")) == len(names))
        until(lambda: len(intake.files("failed")) == 4)
        until(lambda: len(list(share.rglob("*.jpg"))) == len(names))
        assert len(intake.files("done")) == len(names)
        assert intake.files("in") == intake.files(".ready") == []
        for name in intake.files("out") + intake.files("failed"):
            assert len(os.fsencode(name)) <= 255
        put(intake, names[0], photo(9))
        until(lambda: len(intake.files("out")) == len(names) + 1)


def test_a_file_that_grows_for_ever_holds_nobody_up(tmp_path: Path, ingest: FakeIngest) -> None:
    with running(tmp_path, ingest, at_once_per_slot="1", watch='"poll"') as intake:
        growing = (intake.shelf("in") / "GROWING.jpg").open("wb", buffering=0)
        done = threading.Event()

        def grow() -> None:
            growing.write(photo(1))
            while not done.wait(0.05):
                growing.write(b"more")

        writer = threading.Thread(target=grow)
        writer.start()
        try:
            for number in range(3):
                put(intake, f"IMG_{number}.jpg", photo(number))
                until(lambda number=number: f"IMG_{number}.jpg" in intake.files("out"))
            assert "GROWING.jpg" in intake.files("in")
            assert len(ingest.posted) == 3
        finally:
            done.set()
            writer.join()
            growing.close()
        until(lambda: "GROWING.jpg" in intake.files("done"))


def test_a_photo_that_turns_into_a_pipe_while_it_waits(tmp_path: Path, ingest: FakeIngest) -> None:
    ingest.always = lambda _: problem(503, "database_unavailable")
    with running(tmp_path, ingest) as intake:
        names = [f"IMG_{number}.jpg" for number in range(4)]
        for number, name in enumerate(names):
            put(intake, name, photo(number))
        until(lambda: len({posted.key for posted in ingest.posted}) == 4)
        for name in names:
            pipe = intake.directory / f"pipe-{name}"
            os.mkfifo(pipe)
            pipe.rename(intake.shelf("in") / name)
        ingest.always = picture_of
        put(intake, "AFTER.jpg", photo(9))
        until(lambda: intake.files("out") == ["AFTER.jpg"], seconds=40)


def test_it_starts_on_a_disk_that_has_no_room_and_waits_for_some(
    tmp_path: Path, ingest: FakeIngest
) -> None:
    with small_disk(tmp_path / "intake", megabytes=8) as disk:

        def may_have(inodes: int) -> Any:
            options = f"remount,nr_inodes={inodes}"
            mounted = str(tmp_path / "intake")
            return subprocess.run([*disk.inside, "mount", "-o", options, mounted], check=True)

        may_have(4)
        intake = IntakeProcess(tmp_path, ingest.url)
        intake.place, intake.disk = disk.place, disk.root
        with ThreadPoolExecutor(1) as threads:
            started = threads.submit(intake.start)
            until(lambda: "cannot be made ready yet" in intake.log(), seconds=40)
            assert intake.process is not None
            assert intake.process.poll() is None
            may_have(1000)
            started.result(40)
        try:
            (intake.shelf("in") / "IMG_1.jpg").write_bytes(photo(1))
            until(lambda: intake.files("out") == ["IMG_1.jpg"])
        finally:
            assert intake.stop() == 0
