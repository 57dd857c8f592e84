"""PostgreSQL's data, made once and copied: ``initdb`` and the migrations take seconds each time."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from photobooth_daemon.database.binaries import PostgresBinaries
from photobooth_daemon.database.embedded import EmbeddedPostgres

MEMORY = Path("/dev/shm")
PLENTY_BYTES = 6 << 30


@contextmanager
def open_directory() -> Iterator[Path]:
    """Give a directory that root's PostgreSQL, which runs as another user, can pass through."""
    directory = Path(tempfile.mkdtemp(prefix="photobooth-tests-", dir=_in_memory()))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _in_memory() -> Path | None:
    """Return memory that files can be kept and programs run in, if there is plenty.

    A disk that others are busy with takes seconds for a database's thousand files.
    """
    try:
        memory = os.statvfs(MEMORY)
    except FileNotFoundError:
        return None
    is_plenty = memory.f_bavail * memory.f_frsize >= PLENTY_BYTES
    return MEMORY if is_plenty and not memory.f_flag & os.ST_NOEXEC else None


@contextmanager
def made_cluster(binaries: PostgresBinaries, migrate: Callable[[str], None]) -> Iterator[Path]:
    """Give a cluster whose database ``migrate`` has made, and that no server runs on."""
    with open_directory() as directory:
        yield cluster_in(directory, binaries, migrate)


def cluster_in(directory: Path, binaries: PostgresBinaries, migrate: Callable[[str], None]) -> Path:
    """Return the same below a directory of several processes: the first one makes it."""
    made = directory / "made"
    with (directory / "making").open("ab") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        if not made.exists():
            with EmbeddedPostgres(directory, binaries=binaries, durable=False) as server:
                migrate(server.url)
            made.touch()
    return directory / "data"


def copy_cluster(data: Path, directory: Path) -> None:
    """Put a copy of a cluster where a server that is started in ``directory`` finds it."""
    # A thousand files, each with its owner.
    subprocess.run(["cp", "--archive", data, directory / "data"], check=True)
