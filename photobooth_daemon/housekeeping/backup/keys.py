"""The keys of a backup: what signs the tokens, and what chains the audit log that is in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from photobooth_daemon.errors import BackupFailed
from photobooth_daemon.housekeeping.backup.contents import copy_checked, digest_of
from photobooth_daemon.housekeeping.backup.manifest import AUDIT_KEY, KEY


class RestoredKeys:
    """Where the keys of a backup go to; every method blocks."""

    def __init__(self, key_file: Path, audit_key_file: Path) -> None:
        self._targets = {KEY: key_file, AUDIT_KEY: audit_key_file}

    def refuse_fixed(self, backup: Path, names: Mapping[str, str | None]) -> None:
        """Make sure that each key that differs from the one in place can be put there.

        Raises:
            BackupFailed: one is kept where it cannot be written, as a credential is.
        """
        for name in self._changing(backup, names):
            target = self._targets[name]
            if target.parent.is_dir() and not os.access(target.parent, os.W_OK):
                raise BackupFailed(
                    f"{target} is another key than the backup's {name}, and cannot be written"
                    f" from here: put {backup / name} there yourself, then restore again."
                )

    def restore(self, backup: Path, names: Mapping[str, str | None]) -> None:
        """Put the backup's keys in place; one without an audit key leaves none.

        An older version's log was chained under a key that follows from the signing key:
        where there is no file, it is made of that again.
        """
        for name in self._changing(backup, names):
            target = self._targets[name]
            if name not in names:
                target.unlink()
                continue
            draft = target.with_name(f".{target.name}.restored")
            draft.unlink(missing_ok=True)
            copy_checked(backup / name, draft, names[name])
            draft.chmod(0o600)
            draft.rename(target)

    def _changing(self, backup: Path, names: Mapping[str, str | None]) -> list[str]:
        found = [
            name
            for name in self._targets
            if name in names
            and not (
                self._targets[name].is_file()
                and digest_of(backup / name) == digest_of(self._targets[name].resolve())
            )
        ]
        without = KEY in names and AUDIT_KEY not in names
        return [*found, AUDIT_KEY] if without and self._targets[AUDIT_KEY].exists() else found
