"""Where the audit log ended when this machine wrote to it, out of reach of the database.

The chain shows what was altered inside the log; only somebody who remembers its
end sees that the newest entries are gone, or that the whole log was put back to an
earlier state with an end that once was true.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from photobooth_daemon.errors import ConfigError, Fault

NAME = "audit.head"
LOCK_SECONDS = 5.0
LOCK_PAUSE_SECONDS = 0.01
_TEXT = re.compile(r"(\d{1,18}):([0-9a-f]{64})(?: ([0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry that was the last one: its number, and its digest in hex."""

    audit_id: int
    digest: str


class NotedHead:
    """The file ``audit.head`` beside the keys, sealed by the audit key; every method blocks."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    def read(self) -> Noted | None:
        """Return the entry that was the last one.

        Raises:
            ConfigError: the file cannot be read, or is not what was written there.
        """
        found = self._parse()
        if found is None:
            return None
        noted, seal = found
        if seal is None or not hmac.compare_digest(seal, self._seal(noted)):
            raise self._fault("is not sealed by the audit log's key")
        return noted

    def replace(self, expected: Noted | None, noted: Noted) -> bool:
        """Put a later end in place, whole or not at all; False where ``expected`` is not there.

        Raises:
            ConfigError: what is there is not what was written there.
            OSError: the directory cannot be written to.
        """
        with self._locked():
            if self.read() != expected:
                return False
            self._write(noted)
        return True

    def seal_older(self) -> None:
        """Seal what a version wrote that knew no seal.

        Raises:
            ConfigError: it cannot be read, or is not what was written there.
            OSError: the directory cannot be written to.
        """
        with self._locked():
            found = self._parse()
            if found is not None and found[1] is None:
                self._write(found[0])

    def _parse(self) -> tuple[Noted, str | None] | None:
        try:
            text = self._path.read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self._fault(f"cannot be read: {type(error).__name__}") from error
        found = _TEXT.fullmatch(text)
        if found is None:
            raise self._fault("is not NUMBER:DIGEST SEAL")
        return Noted(int(found[1]), found[2]), found[3]

    def _write(self, noted: Noted) -> None:
        draft = self._path.with_name(f".{NAME}.{os.getpid()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{noted.audit_id}:{noted.digest} {self._seal(noted)}\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep the other processes away, but wait for none that has been stopped in between."""
        gives_up_at = time.monotonic() + LOCK_SECONDS
        descriptor = os.open(
            self._path.with_name(f".{NAME}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "rb") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > gives_up_at:
                        raise
                    time.sleep(LOCK_PAUSE_SECONDS)
            yield

    def _seal(self, noted: Noted) -> str:
        text = f"noted head {noted.audit_id}:{noted.digest}".encode("ascii")
        return hmac.digest(self._key, text, hashlib.sha256).hex()

    def _fault(self, words: str) -> ConfigError:
        return ConfigError([Fault(str(self._path), words)])
