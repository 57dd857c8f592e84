"""Copies of the database made before its schema changes: the way back from an upgrade."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import SnapshotFailed
from photobooth_daemon.postgres_tools import without_password

KEPT = 5
DUMP_SECONDS = 240.0


def take_snapshot(url: str, directory: Path, clock: Clock) -> Path:
    """Dump the database into a new file of ``directory`` and return its path.

    The file appears whole or not at all; the oldest beyond five go.

    Raises:
        SnapshotFailed: ``pg_dump`` is missing, failed, or took too long.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise SnapshotFailed("pg_dump is missing (apt install postgresql-client).")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"before-migration-{clock.utcnow():%Y%m%dT%H%M%SZ}.dump"
    unfinished = path.with_suffix(".unfinished")
    address, password = without_password(url)
    try:
        subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [program, "--format=custom", f"--file={unfinished}", f"--dbname={address}"],
            env={**os.environ, **({"PGPASSWORD": password} if password else {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DUMP_SECONDS,
            check=True,
        )
        unfinished.rename(path)
    except subprocess.TimeoutExpired as error:
        raise SnapshotFailed(f"pg_dump took longer than {DUMP_SECONDS:.0f} s.") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise SnapshotFailed(f"pg_dump failed: {lines[0][:300]}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    for old in sorted(directory.glob("before-migration-*.dump"))[:-KEPT]:
        old.unlink()
    return path
