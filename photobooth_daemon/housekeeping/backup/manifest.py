"""What a backup says about itself; a directory without it is not a backup."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from photobooth_daemon.errors import BackupFailed

FORMAT = 1
NAME = "manifest.json"
DUMP = "database.dump"
MEDIA = "media"
KEY = "jwt.key"
CONFIG = "photobooth.toml"
SHELVES = ("results", "templates")
"""What is worth keeping of the media tree; the rest is in flight."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A complete backup."""

    format: int
    program: str
    created_at: str
    migrations: list[int]
    server_major: int
    dump_sha256: str
    dump_bytes: int
    media_files: int
    media_bytes: int
    linked_files: int

    def write(self, directory: Path) -> None:
        """Write the manifest, the last file of a backup."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (directory / NAME).write_text(text, "utf-8")


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of a backup, the dump compared with it; blocks.

    Raises:
        BackupFailed: this is no backup, or a damaged one.
    """
    try:
        values = json.loads((directory / NAME).read_text("utf-8"))
        manifest = Manifest(**values)
    except FileNotFoundError as error:
        raise BackupFailed(f"{directory} is not a complete backup.") from error
    except (ValueError, TypeError) as error:
        raise BackupFailed(f"{directory / NAME} cannot be read.") from error
    if manifest.format != FORMAT:
        raise BackupFailed(f"The backup was made by version {manifest.program} of the program.")
    if digest_of(directory / DUMP) != manifest.dump_sha256:
        raise BackupFailed(f"{directory / DUMP} is damaged.")
    return manifest


def digest_of(path: Path) -> str:
    """Return a file's SHA-256; blocks.

    Raises:
        BackupFailed: there is no such file.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise BackupFailed(f"{path} is missing.") from error
