"""What a PostgreSQL data directory tells about itself, and about the server that claims it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path


def major_of(data_dir: Path) -> int | None:
    """Return the major version that made the data, None where there is none."""
    try:
        return int((data_dir / "PG_VERSION").read_text("ascii"))
    except FileNotFoundError:
        return None


def socket_dir_of(data_dir: Path) -> Path | None:
    """Return where the running server listens, None where it does not yet."""
    lines = _pid_file(data_dir)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def end_orphan(data_dir: Path) -> None:
    """See off a server whose parent was killed, and the file in which it claims the data.

    Only called by the holder of the lock: a server that still runs here is
    ending already. PostgreSQL itself would take any process that has got the
    same id since for the old server, and refuse to start.
    """
    pid = int("".join(_pid_file(data_dir)[:1]).strip() or 0)
    patience = time.monotonic() + 10.0
    asked = False
    while pid and _serves(pid, data_dir):
        with suppress(ProcessLookupError):
            if time.monotonic() > patience:
                os.kill(pid, signal.SIGKILL)
            elif not asked and time.monotonic() > patience - 9.0:
                asked = True
                os.kill(pid, signal.SIGQUIT)
        time.sleep(0.02)
    (data_dir / "postmaster.pid").unlink(missing_ok=True)


def _pid_file(data_dir: Path) -> list[str]:
    try:
        return (data_dir / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _serves(pid: int, data_dir: Path) -> bool:
    """Return whether the process works in that data directory: the server's own always does."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", data_dir)
    except OSError:
        return False
