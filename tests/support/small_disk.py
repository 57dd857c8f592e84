"""A directory that is a small disk of its own, to those who run inside it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.places import Place

BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True)
class SmallDisk:
    """``inside`` runs a command that sees the disk, as a process in ``place`` does; ``path`` is
    where others find it."""

    inside: list[str]
    place: Place
    root: Path
    path: Path

    def fill(self) -> Path:
        """Fill the disk to its last byte; removing the file that is returned frees it."""
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(BLOCK_BYTES))
            except OSError:
                return filler


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk on a directory, in a namespace of its own that ends with the context."""
    directory.mkdir()
    as_root = os.geteuid() == 0
    unshare = ["unshare", "--mount"] if as_root else ["unshare", "--user", "-r", "--mount"]
    options = f"size={megabytes}m,mode=750"
    script = 'mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && exec sleep 3600'
    holder = subprocess.Popen(
        [*unshare, "sh", "-c", script, "sh", options, directory], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    try:
        if holder.stdout.readline() != b"mounted\n":
            pytest.skip("no tmpfs can be mounted here")
        spaces = ["--mount"] if as_root else ["--user", "--preserve-credentials", "--mount"]
        inside = ["nsenter", *spaces, f"--target={holder.pid}"]
        kinds = ("mnt",) if as_root else ("user", "mnt")
        place = Place(namespaces=tuple(f"/proc/{holder.pid}/ns/{kind}" for kind in kinds))
        root = Path(f"/proc/{holder.pid}/root")
        yield SmallDisk(inside, place, root, root / directory.relative_to("/"))
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
