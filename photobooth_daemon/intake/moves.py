"""Files change their places: by a second name first, so that a kill leaves two rather than none."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})
"""What a file system, or the kernel for a stranger's file, says to a second name."""


NAME_BYTES = 255 - 16
"""The longest name that leaves room for a number, and for what stands beside it (``.txt``)."""
DEEPEST_FOLDER = 32
"""Deeper ones are not looked at: a path has an end, and so has patience."""


def fitting(path: Path) -> Path:
    """Return the path with a name that is short enough; its beginning and its suffix stay."""
    stem, suffix = path.stem, path.suffix
    if len(os.fsencode(path.name)) <= NAME_BYTES:
        return path
    if len(os.fsencode(suffix)) > NAME_BYTES // 2:
        stem, suffix = path.name, ""
    while len(os.fsencode(stem + suffix)) > NAME_BYTES:
        stem = stem[:-1]
    return path.with_name(stem + suffix)


def names_like(path: Path) -> Iterator[Path]:
    """Yield the path, then ``NAME-2``, ``NAME-3`` and so on; a name that is too long is cut."""
    path = fitting(path)
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1


def move_aside(source: Path, target: Path) -> Path:
    """Move a file to a name that is free, never over another; return where it lies.

    Raises:
        OSError: it cannot be moved.
    """
    target.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
    for candidate in names_like(target):
        try:
            link_away(source, candidate)
        except FileExistsError:
            continue
        sync_directory(target.parent)
        return candidate
    raise AssertionError("names never end")


def link_away(source: Path, target: Path) -> None:
    """Give a file another name and take the old one away; a killed move leaves both names.

    ``SlotFolders.recover`` ends such a move. Where a file cannot have two names (a share,
    somebody else's file) it is renamed, over nothing but what appeared in the same instant.

    Raises:
        FileExistsError: the name is taken.
        OSError: it cannot be moved.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from error
        source.rename(target)
        return
    source.unlink()


def link_beside(source: Path, target: Path) -> None:
    """Give a file a second name that is free, or a copy where names cannot be shared."""
    target.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
    for candidate in names_like(target):
        try:
            os.link(source, candidate, follow_symlinks=False)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            shutil.copyfile(source, candidate)
        return


def entries_below(
    directory: Path,
    *,
    enters: Callable[[str], bool] = lambda name: True,
    left_out: Callable[[Path, OSError], None] = lambda path, error: None,
) -> Iterator[tuple[str, os.stat_result]]:
    """Yield each name below a folder, subfolders included, and its facts; links are not followed.

    ``enters`` says by its name whether to look into a subfolder. One that cannot be looked into
    is ``left_out``: what somebody keeps to himself does not hold up the rest.

    Raises:
        OSError: the folder itself cannot be looked into.
    """
    folders = [("", 0)]
    while folders:
        below, depth = folders.pop()
        try:
            with os.scandir(directory / below) as found:
                entries = list(found)
        except FileNotFoundError:
            if not below:
                raise
            continue
        except OSError as error:
            if not below:
                raise
            left_out(directory / below, error)
            continue
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                yield f"{below}{entry.name}", facts
                if not stat.S_ISDIR(facts.st_mode) or not enters(entry.name):
                    continue
                if depth < DEEPEST_FOLDER:
                    folders.append((f"{below}{entry.name}/", depth + 1))


def files_below(directory: Path) -> list[Path]:
    """Return the regular files of a folder and of those below it; none where there is none."""
    return [directory / name for name, _ in _files(directory)]


def inodes(directory: Path) -> set[int]:
    """Return what tells the files below a folder apart, whatever they are called."""
    return {facts.st_ino for _, facts in _files(directory)}


def _files(directory: Path) -> Iterator[tuple[str, os.stat_result]]:
    with contextlib.suppress(FileNotFoundError):
        for name, facts in entries_below(directory):
            if stat.S_ISREG(facts.st_mode):
                yield name, facts


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
