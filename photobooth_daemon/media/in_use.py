"""Whether anybody else uses the media tree: only then may something in flight belong to it.

Each daemon holds a shared lock on the tree for as long as it lives; the kernel
lets go of it even after ``kill -9``. Whoever gets the lock alone knows that all
work begun before that moment is abandoned, and notes the moment for those who
come later.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

NAME = ".in-use"


@dataclass(frozen=True, slots=True)
class Solitude:
    """Whether nobody uses the tree now, and the last moment known at which nobody did."""

    now: bool
    last_at: datetime | None


class TreeUse:
    """The lock of one process on one tree."""

    def __init__(self, root: Path) -> None:
        self._path = root / NAME
        self._file: IO[bytes] | None = None

    def share(self) -> None:
        """Tell others that this process uses the tree, until it ends or lets go."""
        if self._file is None:
            self._file = self._opened()
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def let_go(self) -> None:
        """Tell others that this process uses the tree no more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def alone(self, now: datetime) -> Iterator[Solitude]:
        """Yield whether nobody else uses the tree, and when nobody last did.

        While the block runs alone, a daemon that starts waits with its share.
        """
        with self._opened() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield Solitude(False, self._noted(now))
                return
            file.truncate(0)
            file.write(now.isoformat().encode())
            file.flush()
            yield Solitude(True, now)

    def _opened(self) -> IO[bytes]:
        return os.fdopen(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o640), "ab")

    def _noted(self, now: datetime) -> datetime | None:
        try:
            noted = datetime.fromisoformat(self._path.read_text("ascii")).astimezone(UTC)
        except ValueError:
            return None
        # The clock was set back since: what is in flight would seem older than that moment.
        return noted if noted <= now else None
