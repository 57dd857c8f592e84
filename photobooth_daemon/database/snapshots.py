"""Copies of the database made before its schema changes: the way back from an upgrade."""

from __future__ import annotations

from pathlib import Path

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import audit_owner
from photobooth_daemon.database.tools import find_tool, run_tool

KEPT = 5
DUMP_SECONDS = 240.0


async def take_snapshot(url: str, directory: Path, clock: Clock, *, server_major: int) -> Path:
    """Dump the database into a new file of ``directory`` and return its path.

    The file appears whole or not at all; the oldest beyond five go.

    Raises:
        ToolFailed: ``pg_dump`` is missing, failed, or took too long.
    """
    path = directory / f"before-migration-{clock.utcnow():%Y%m%dT%H%M%SZ}.dump"
    unfinished = path.with_suffix(".unfinished")
    program = find_tool("pg_dump", server_major)
    _make(directory)
    try:
        await run_tool(
            program,
            ["--format=custom", f"--exclude-schema={audit_owner.SCHEMA}", f"--file={unfinished}"],
            url=url,
            longest_seconds=DUMP_SECONDS,
        )
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    _forget_oldest(directory)
    return path


def _make(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def _forget_oldest(directory: Path) -> None:
    for old in sorted(directory.glob("before-migration-*.dump"))[:-KEPT]:
        old.unlink()
