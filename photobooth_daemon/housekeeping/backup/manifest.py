"""What a backup says about itself; a directory without it is not a backup."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from photobooth_daemon.errors import BackupFailed

FORMAT = 3
WITHOUT_SEAL = 2
"""What version 0.1.0 wrote for a while: digests of all files but the configuration's."""
WITHOUT_LIST = 1
"""What it wrote at first: only the dump has a digest."""
NAME = "manifest.json"
DUMP = "database.dump"
MEDIA = "media"
KEY = "jwt.key"
AUDIT_KEY = "audit.key"
KEYS = (KEY, AUDIT_KEY)
CONFIG = "photobooth.toml"
SHELVES = ("results", "originals", "templates")
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
    bucket: str | None = None
    """Where pictures have stayed that are not in the backup."""

    def write(self, directory: Path) -> bytes:
        """Write the manifest, and return what was written."""
        text = (json.dumps(asdict(self), indent=2) + "\n").encode()
        (directory / NAME).write_bytes(text)
        return text


def parse_manifest(text: bytes) -> Manifest:
    """Return what a manifest says.

    Raises:
        BackupFailed: it is none, or another version's.
    """
    try:
        manifest = Manifest(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise BackupFailed(f"The backup's {NAME} cannot be read.") from error
    if manifest.format not in (FORMAT, WITHOUT_SEAL, WITHOUT_LIST):
        raise BackupFailed(f"The backup was made by version {manifest.program} of the program.")
    return manifest
