"""Copies the media tree; what the last backup has already is linked, not copied.

A result and a template never change once they are there, and their names are
random ids: a file of the same name and size is the same file.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Copied:
    """What a copy has brought together."""

    files: int = 0
    size_bytes: int = 0
    linked_files: int = 0

    def __add__(self, other: Copied) -> Copied:
        return Copied(
            self.files + other.files,
            self.size_bytes + other.size_bytes,
            self.linked_files + other.linked_files,
        )


def copy_shelf(source: Path, target: Path, earlier: Path | None) -> Copied:
    """Copy every directory of a shelf; one that vanishes meanwhile is left out. Blocks."""
    copied = Copied()
    if not source.is_dir():
        return copied
    for name in sorted(os.listdir(source)):
        before = None if earlier is None else earlier / name
        try:
            _copy_directory(source / name, target / name, before, copied)
        except FileNotFoundError:
            shutil.rmtree(target / name, ignore_errors=True)
    return copied


def _copy_directory(source: Path, target: Path, before: Path | None, copied: Copied) -> None:
    files = sorted(os.listdir(source))
    target.mkdir(mode=0o750)
    for name in files:
        size = (source / name).stat().st_size
        linked = before is not None and link_same(before / name, target / name, size)
        if not linked:
            shutil.copy2(source / name, target / name)
    copied.files += len(files)
    for name in files:
        status = (target / name).stat()
        copied.size_bytes += status.st_size
        copied.linked_files += status.st_nlink > 1


def link_same(before: Path, target: Path, size: int) -> bool:
    """Link the earlier copy if it is the same; file systems without links are copied to. Blocks."""
    try:
        if before.stat().st_size != size:
            return False
        os.link(before, target)
    except OSError:
        return False
    return True
