"""Where the audit log ended when this machine last looked, out of reach of a hand on the database.

The chain shows what was altered inside the log; only somebody who remembers its
end sees that the whole log was emptied, or put back to an earlier state with
an end that once was true.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from photobooth_daemon.errors import ConfigError, Fault

NAME = "audit.head"
_TEXT = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class NotedHead:
    """The file ``audit.head`` beside the signing key; every method blocks."""

    def __init__(self, key_file: Path) -> None:
        self._path = key_file.with_name(NAME)

    def read(self) -> tuple[int, str] | None:
        """Return the number and the digest, in hex, of the entry that was the last one.

        Raises:
            ConfigError: the file cannot be read or is not what was written.
        """
        try:
            text = self._path.read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self._fault(f"cannot be read: {type(error).__name__}") from error
        found = _TEXT.fullmatch(text)
        if found is None:
            raise self._fault("is not NUMBER:DIGEST")
        return int(found[1]), found[2]

    def write(self, audit_id: int, digest: str) -> None:
        """Put a later end in place, whole or not at all, mode 0600.

        Raises:
            OSError: the directory cannot be written to.
        """
        draft = self._path.with_name(f".{NAME}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{audit_id}:{digest}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def forget(self) -> None:
        """Remove it: the log is another one from here on."""
        self._path.unlink(missing_ok=True)

    def _fault(self, words: str) -> ConfigError:
        return ConfigError([Fault("server.jwt_key_file", f"{self._path} {words}")])
