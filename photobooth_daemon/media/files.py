"""Files that are there whole or not at all: written, synced, renamed, removed.

Everything here blocks. Modes are set in so many words, whatever the umask: a web
server in the daemon's group may read, nobody else.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from photobooth_daemon.errors import StorageFull

DIRECTORY_MODE = 0o750
FILE_MODE = 0o640
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def create_directory(path: Path) -> None:
    """Make sure that the directory exists and has its mode; its parents keep theirs."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(DIRECTORY_MODE)


def create_file(path: Path) -> int:
    """Return a descriptor of a new, empty file.

    Raises:
        FileExistsError: there is one of this name.
        StorageFull: the disk is full.
    """
    with full_disk_named():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        os.fchmod(descriptor, FILE_MODE)
    return descriptor


def write_all(descriptor: int, *pieces: bytes | memoryview) -> None:
    """Write every byte of all pieces, of which there are few: as far as possible in one call.

    Raises:
        StorageFull: the disk is full.
    """
    views = deque(memoryview(piece) for piece in pieces)
    with full_disk_named():
        while views:
            written = os.writev(descriptor, views)
            while views and written >= len(views[0]):
                written -= len(views.popleft())
            if written:
                views[0] = views[0][written:]


def write_file(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a new file; with ``durable`` its bytes survive a power cut.

    Raises:
        StorageFull: the disk is full; what was written is removed.
    """
    descriptor = create_file(path)
    try:
        write_all(descriptor, data)
        if durable:
            with full_disk_named():
                os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def publish_directory(staging: Path, target: Path, files: Mapping[str, bytes | Path]) -> None:
    """Make ``target`` appear by one rename with all these files, each synced before.

    A path among the files is moved in.

    Raises:
        FileExistsError: ``target`` is there already.
        StorageFull: the disk is full; nothing is left behind.
    """
    try:
        with full_disk_named():
            staging.mkdir()
            staging.chmod(DIRECTORY_MODE)
            for name, content in files.items():
                if isinstance(content, Path):
                    _sync(content)
                    content.rename(staging / name)
                else:
                    write_file(staging / name, content, durable=True)
            _sync(staging)
            if target.exists():
                raise FileExistsError(errno.EEXIST, "already stored", target.name)
            staging.rename(target)
            _sync(target.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def publish_link(staging: Path, target: Path, name: str, file: Path) -> None:
    """Make ``target`` appear by one rename with a file in it that keeps its other name, too.

    Raises:
        FileExistsError: ``target`` is there already.
        StorageFull: the disk is full; nothing is left behind.
    """
    with full_disk_named():
        copy = file.with_name(f"{file.name}.link")
        os.link(file, copy)
    try:
        publish_directory(staging, target, {name: copy})
    finally:
        copy.unlink(missing_ok=True)


def remove_directory(target: Path, aside: Path) -> int:
    """Make a directory disappear at once, then delete it; return the bytes freed.

    A kill in between leaves it at ``aside``, where stale files are swept away.
    """
    try:
        # Young again: whoever sweeps aside must not take it for stale while it is deleted here.
        os.utime(target)
        target.rename(aside)
    except FileNotFoundError:
        return 0
    freed = size_of(aside)
    with suppress(FileNotFoundError):
        shutil.rmtree(aside)
    return freed


def remove_path(path: Path) -> int:
    """Delete a file or a directory; return the bytes freed, 0 if there was none."""
    freed = size_of(path)
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return 0
    return freed


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a directory; what cannot be read counts 0."""
    try:
        if path.is_dir() and not path.is_symlink():
            with os.scandir(path) as entries:
                return sum(size_of(Path(entry.path)) for entry in entries)
        return path.lstat().st_size
    except OSError:
        return 0


@contextmanager
def full_disk_named() -> Iterator[None]:
    """Raise ``StorageFull`` where the system says that nothing more fits."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
