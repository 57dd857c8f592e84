"""Files change their places: by a second name first, so that a kill leaves two rather than none."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})
"""What a file system, or the kernel for a stranger's file, says to a second name."""


def names_like(path: Path) -> Iterator[Path]:
    """Yield the path, then ``NAME-2``, ``NAME-3`` and so on."""
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


def files_below(directory: Path) -> list[Path]:
    """Return the regular files of a folder and of those below it."""
    return [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]


def inodes(directory: Path) -> set[int]:
    """Return what tells the files below a folder apart, whatever they are called."""
    return {path.stat().st_ino for path in files_below(directory)}


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
