"""PostgreSQL's data, made once and copied: ``initdb`` and the migrations take seconds each time."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from photobooth_daemon.database.binaries import PostgresBinaries
from photobooth_daemon.database.embedded import EmbeddedPostgres


@contextmanager
def open_directory() -> Iterator[Path]:
    """Give a directory that root's PostgreSQL, which runs as another user, can pass through."""
    directory = Path(tempfile.mkdtemp(prefix="photobooth-tests-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def made_cluster(binaries: PostgresBinaries, migrate: Callable[[str], None]) -> Iterator[Path]:
    """Give a cluster whose database ``migrate`` has made, and that no server runs on."""
    with open_directory() as directory:
        with EmbeddedPostgres(directory, binaries=binaries, durable=False) as server:
            migrate(server.url)
        yield directory / "data"


def copy_cluster(data: Path, directory: Path) -> None:
    """Put a copy of a cluster where a server that is started in ``directory`` finds it."""
    # A thousand files, each with its owner.
    subprocess.run(["cp", "--archive", data, directory / "data"], check=True)
