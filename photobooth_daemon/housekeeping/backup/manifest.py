"""What a backup says about itself; a directory without it is not a backup."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from photobooth_daemon.errors import BackupFailed

FORMAT = 2
WITHOUT_LIST = 1
"""What version 0.1.0 wrote at first: only the dump has a digest."""
NAME = "manifest.json"
DUMP = "database.dump"
MEDIA = "media"
KEY = "jwt.key"
AUDIT_KEY = "audit.key"
KEYS = (KEY, AUDIT_KEY)
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
    list_sha256: str | None = None

    def write(self, directory: Path) -> None:
        """Write the manifest, the last file of a backup."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (directory / NAME).write_text(text, "utf-8")


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of a backup; blocks.

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
    if manifest.format not in (FORMAT, WITHOUT_LIST):
        raise BackupFailed(f"The backup was made by version {manifest.program} of the program.")
    return manifest
