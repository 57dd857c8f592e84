"""A backup's seal: shows that its manifest, and so every file of it, is what this program wrote.

The key is not in the backup. Whoever can write to the disk where backups lie can make up
a whole one, digests and all, but no seal that fits it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from photobooth_daemon.administration.key_file import read_key_file
from photobooth_daemon.errors import BackupFailed
from photobooth_daemon.housekeeping.backup.contents import open_regular

NAME = "manifest.seal"
SETTING = "backup.seal_key_file"
KEY_BYTES = 32


class Seal:
    """Seals backups under one key, and knows its own again; every method blocks."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def put(self, backup: Path, manifest: bytes) -> None:
        """Write the seal of a backup with this manifest."""
        (backup / NAME).write_text(self._of(manifest) + "\n", "ascii")

    def fits(self, backup: Path, manifest: bytes) -> bool:
        """Return whether the backup has this manifest's seal, made under this key.

        Raises:
            BackupFailed: the seal is no file of its own.
        """
        try:
            with open_regular(backup / NAME) as file:
                found = file.read(len(self._of(b"")) + 1)
        except FileNotFoundError:
            return False
        return hmac.compare_digest(found.strip(), self._of(manifest).encode("ascii"))

    def check(self, backup: Path, manifest: bytes) -> None:
        """Return where the seal fits.

        Raises:
            BackupFailed: it does not, or there is none; the text says what can be done.
        """
        if self.fits(backup, manifest):
            return
        if not (backup / NAME).exists():
            raise BackupFailed(
                "The backup has no seal: an older version made it, or somebody took the seal away."
                " If nobody else had it in their hands, restore it with --unsealed."
            )
        raise BackupFailed(
            "The backup's seal does not fit this machine's key: another machine made it, or"
            " somebody changed it. With a copy of that machine's backup.key: --seal-key-file FILE."
            " Without looking at the seal, and believing whatever is in it: --unsealed."
        )

    def _of(self, manifest: bytes) -> str:
        text = b"photobooth-daemon backup\n" + manifest
        return hmac.digest(self._key, text, hashlib.sha256).hex()


def load_seal(path: Path) -> Seal:
    """Return the seal of this machine; the first to ask makes its key, mode 0600.

    Raises:
        ConfigError: the key file cannot be read or made, or is too short.
    """
    made = secrets.token_hex(KEY_BYTES).encode("ascii")
    return Seal(read_key_file(path, SETTING, make=made))


def seal_by(path: Path) -> Seal:
    """Return the seal of another machine, whose key lies in a file here.

    Raises:
        ConfigError: the file is not there, cannot be read, or is too short.
    """
    return Seal(read_key_file(path, "--seal-key-file", make=None))
