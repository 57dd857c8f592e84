"""The scratch directory of this host: photos on their way in, whatever keeps the pictures."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from photobooth_daemon.media.files import create_directory, remove_path
from photobooth_daemon.media.in_use import TreeUse
from photobooth_daemon.media.keys import Shelf
from photobooth_daemon.media.listing import BATCH_SIZE, StoredThing, look_at
from photobooth_daemon.media.scratch_file import ScratchFile
from photobooth_daemon.media.threads import StoreThreads


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """What a file system has, and what it still takes."""

    size_bytes: int
    free_bytes: int


class Scratch:
    """``scratch/`` below a root that all processes of the daemon on this host share."""

    def __init__(self, root: Path, threads: StoreThreads) -> None:
        self._root = root
        self._directory = root / Shelf.SCRATCH
        self._threads = threads

    def create(self) -> None:
        """Make sure that root and directory exist, for us and our group alone; blocks.

        A root that is there already keeps the mode that its owner gave it.
        """
        if not self._root.exists():
            create_directory(self._root)
        create_directory(self._directory)

    def space(self) -> DiskSpace:
        """Return how full the file system is; one cheap system call.

        Raises:
            OSError: it cannot be looked at.
        """
        figures = os.statvfs(self._root)
        return DiskSpace(
            size_bytes=figures.f_blocks * figures.f_frsize,
            free_bytes=figures.f_bavail * figures.f_frsize,
        )

    def tree_use(self) -> TreeUse:
        """Return a lock that tells others on this host whether the tree is used."""
        return TreeUse(self._root)

    def open(self, upload_id: UUID) -> ScratchFile:
        """Return a file to stream an upload into; it is created with its first block."""
        return ScratchFile(self.path(str(upload_id)), self._threads.run)

    def path(self, name: str) -> Path:
        """Return where an entry of this name is, or would be."""
        return self._directory / name

    def aside(self) -> Path:
        """Return where something may be moved to be deleted: a kill leaves it to be swept."""
        return self._directory / f"{uuid4()}.removed"

    async def entries(self) -> AsyncIterator[list[StoredThing]]:
        """Yield what lies there, a batch at a time, in no order."""
        names = await self._threads.run(os.listdir, self._directory)
        for start in range(0, len(names), BATCH_SIZE):
            batch = names[start : start + BATCH_SIZE]
            yield await self._threads.run(look_at, self._directory, Shelf.SCRATCH, batch)

    async def remove(self, thing: StoredThing) -> int:
        """Remove what the listing found; return the bytes freed, 0 if it has gone meanwhile."""
        return await self._threads.run(remove_path, self._directory / thing.name)

    async def prove_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            OSError: the disk refuses it.
        """
        await self._threads.run(_write_and_remove, self.path(f"{uuid4()}.probe"))


def _write_and_remove(path: Path) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
    try:
        os.write(descriptor, b"probe")
    finally:
        os.close(descriptor)
        path.unlink()
