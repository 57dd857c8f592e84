"""A slot's folders: what lies in each of them says how far a photo has come.

    in/       photos that wait, complete or still being written
    out/      pictures, under their photos' names
    done/     photos whose picture is in out/
    failed/   photos that got none, each with the reason in a text beside it
    .ftp/     uploads by FTP on their way into in/
    .ready/   pictures that have come back, each below its photo's key
    .copy/    pictures that a second folder is still to get

Nothing else remembers anything, so a process that is killed at any point goes on
from what lies there. A picture is laid into ``.ready/`` under its photo's key, the
photo leaves ``in/``, the picture goes to ``out/``: after the first step the photo is
never sent again, and the picture appears once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from photobooth_daemon.intake.moves import (
    entries_below,
    files_below,
    fitting,
    inodes,
    link_away,
    link_beside,
    move_aside,
    names_like,
    sync_directory,
)
from photobooth_daemon.intake.photo_files import is_whole, key_of, sha256_of

log = logging.getLogger(__name__)

IGNORED_SUFFIXES = frozenset({".tmp", ".part", ".partial", ".crdownload", ".filepart", ".xmp"})
IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini"})
SHELVES = ("in", "out", "done", "failed", ".ftp", ".ready", ".copy")
UNFINISHED = ".unfinished-"
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".webp"})
FOLDER_SECONDS = 24 * 3600.0
"""A camera that has been quiet for hours is still in the folder that it made."""
SENT_ANEW_SECONDS = 120.0
"""A lost connection is noticed, and the photo sent again, within this; later it is meant."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A photo that lies in ``in/``; ``name`` is its path below, subfolders included."""

    name: str
    path: Path
    arrived_ns: int
    size_bytes: int
    modified_ns: int

    @property
    def order(self) -> tuple[int, str]:
        """What photos are taken up by: when they came, then their names."""
        return (self.arrived_ns, self.name)

    def same_as(self, other: Waiting) -> bool:
        """Return whether nobody has written to it since ``other`` was seen."""
        return (self.size_bytes, self.modified_ns) == (other.size_bytes, other.modified_ns)


class SlotFolders:
    """One slot's folders below the intake's folder."""

    def __init__(self, root: Path, slot_id: str) -> None:
        self.slot_id = slot_id
        self.path = root / slot_id
        self.incoming = self.path / "in"
        self.results = self.path / "out"
        self.done = self.path / "done"
        self.failed = self.path / "failed"
        self.ftp = self.path / ".ftp"
        self.ready = self.path / ".ready"
        self.to_copy = self.path / ".copy"
        self._left_out: set[Path] = set()

    def create(self) -> None:
        """Make what is missing; the group may read and write, for a share's sake."""
        for shelf in SHELVES:
            (self.path / shelf).mkdir(mode=0o770, parents=True, exist_ok=True)

    def are_writable(self) -> bool:
        """Return whether photos can be moved through all of them."""
        return all(os.access(self.path / shelf, os.W_OK | os.X_OK) for shelf in SHELVES)

    def waiting(self) -> list[Waiting]:
        """Return what lies in ``in/``, in order of arrival; links are not looked at.

        Raises:
            OSError: the folder is not there, or cannot be looked into.
        """
        found = []
        for name, facts in entries_below(
            self.incoming, enters=lambda name: not is_hidden(name), left_out=self._leave_out
        ):
            last = name.rpartition("/")[2]
            if stat.S_ISREG(facts.st_mode) and not is_hidden(last) and not is_ignored(last):
                path = self.incoming / name
                found.append(
                    Waiting(name, path, facts.st_ctime_ns, facts.st_size, facts.st_mtime_ns)
                )
        return sorted(found, key=lambda one: one.order)

    def _leave_out(self, folder: Path, error: OSError) -> None:
        if folder not in self._left_out:
            self._left_out.add(folder)
            log.warning(
                "a folder is left out: %s",
                error.strerror or error,
                extra={"slot_id": self.slot_id, "folder": str(folder)},
            )

    def receive(self, upload: Path, name: str) -> Path | None:
        """Move a finished upload into ``in/`` under a name that nothing there has.

        A camera that did not hear that a photo has arrived sends it anew: that one is dropped,
        and None returned.

        Raises:
            OSError: it cannot be moved; it lies where it was.
        """
        if self._has_just_come(upload, name):
            upload.unlink()
            return None
        return move_aside(upload, self.incoming / name)

    def _has_just_come(self, upload: Path, name: str) -> bool:
        size_bytes, since = upload.stat().st_size, time.time() - SENT_ANEW_SECONDS
        # In the order in which a photo passes through them: it is not missed on its way.
        for shelf in (self.incoming, self.done, self.failed):
            for path in names_like(shelf / name):
                try:
                    facts = path.stat()
                except FileNotFoundError:
                    break
                if facts.st_size != size_bytes or facts.st_ctime < since:
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if sha256_of(path) == sha256_of(upload):
                        return True
        return False

    def keep_result(self, key: str, name: str, suffix: str, picture: bytes) -> None:
        """Lay a picture into ``.ready/``, synced, by one rename.

        Raises:
            OSError: there is no room for it.
        """
        unfinished = self.ready / f"{UNFINISHED}{key}"
        shutil.rmtree(unfinished, ignore_errors=True)
        path = fitting(unfinished / name).with_suffix(suffix)
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            file.write(picture)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(path.parent)
        unfinished.rename(self.ready / key)
        sync_directory(self.ready)

    def has_result(self, key: str) -> bool:
        """Return whether the picture of a photo has come back already."""
        return (self.ready / key).is_dir()

    def finish(self, photo: Path, name: str, key: str, *, keep: bool, copy: bool) -> Path:
        """Let the photo go to ``done/``, or for good, and its picture to ``out/``; return where."""
        if keep:
            move_aside(photo, self.done / name)
        else:
            photo.unlink()
        return self.publish(key, copy=copy)

    def publish(self, key: str, *, copy: bool) -> Path:
        """Let the picture of a photo appear in ``out/``, whole, under its photo's name."""
        shelf = self.ready / key
        picture = files_below(shelf)[0]
        name = picture.relative_to(shelf)
        if copy and picture.stat().st_ino not in inodes(self.to_copy):
            link_beside(picture, self.to_copy / name)
        published = move_aside(picture, self.results / name)
        shutil.rmtree(shelf)
        return published

    def refuse(self, photo: Path, name: str, reason: str) -> Path:
        """Put a photo into ``failed/`` with the reason beside it, the text first.

        A text without its photo is one that was taken out of ``failed/`` to be tried again, or
        what a killed process left: it is written over.

        Raises:
            OSError: there is no room for the text, or the photo cannot be moved.
        """
        target = self.failed / name
        target.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
        candidate = next(path for path in names_like(target) if not path.exists())
        text = candidate.with_name(f"{candidate.name}.txt")
        try:
            text.write_text(reason, "utf-8")
            link_away(photo, candidate)
        except OSError:
            text.unlink(missing_ok=True)
            raise
        return candidate

    def recover(self, *, copy: bool) -> None:
        """End what a killed process had begun; only while no other process works here."""
        for shelf, homes in (
            (self.ftp, (self.incoming,)),
            (self.incoming, (self.done, self.failed)),
            (self.ready, (self.results,)),
        ):
            arrived = set().union(*(inodes(home) for home in homes))
            for path in files_below(shelf):
                if path.stat().st_ino in arrived:
                    path.unlink()
        back = set()
        for shelf in list(self.ready.iterdir()):
            if shelf.name.startswith(UNFINISHED) or not files_below(shelf):
                shutil.rmtree(shelf)
            else:
                back.add(shelf.name)
        if back:
            # Only now: thousands of photos may wait that would all have to be read.
            back -= {key_of(self.slot_id, one.name, sha256_of(one.path)) for one in self.waiting()}
        for key in back:
            self.publish(key, copy=copy)

    def prune_done(self, keep_seconds: float) -> int:
        """Delete photos that have been done for longer, and empty folders; return how many."""
        since = time.time() - keep_seconds
        return _prune(self.done, older_than=since, folders_older_than=since)

    def take_uploads(self, *, quiet_seconds: float) -> list[Path]:
        """Let pictures of ``.ftp/`` into ``in/``: whole ones, and what nobody went on with.

        Only while no camera sends, or of files that nobody has written to for so long.
        """
        quiet_since = time.time() - quiet_seconds
        uploads = [
            path for path in files_below(self.ftp) if path.suffix.lower() in PICTURE_SUFFIXES
        ]
        return [
            photo
            for path in uploads
            if path.stat().st_mtime <= quiet_since and (quiet_seconds or is_whole(path))
            if (photo := self.receive(path, path.name)) is not None
        ]

    def prune_uploads(self, keep_seconds: float) -> int:
        """Delete uploads that never became pictures, and folders that cameras left for a day."""
        now = time.time()
        return _prune(
            self.ftp, older_than=now - keep_seconds, folders_older_than=now - FOLDER_SECONDS
        )


def is_ignored(name: str) -> bool:
    """Return whether a file never becomes a photo: half a copy, or a note beside one."""
    return Path(name).suffix.lower() in IGNORED_SUFFIXES or name.lower() in IGNORED_NAMES


def is_hidden(name: str) -> bool:
    """Return whether a program does not mean a file or a folder to be seen."""
    return name.startswith((".", "~"))


def _prune(directory: Path, *, older_than: float, folders_older_than: float) -> int:
    removed = 0
    for name, facts in sorted(entries_below(directory), key=lambda found: -found[0].count("/")):
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(facts.st_mode):
                if facts.st_ctime <= folders_older_than:
                    (directory / name).rmdir()
            elif facts.st_ctime <= older_than:
                (directory / name).unlink()
                removed += 1
    return removed
