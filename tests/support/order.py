"""In which order the files of tests are handed out to those who work through them."""

from __future__ import annotations

from collections.abc import Sequence

SHORT_FILES_BETWEEN = 4
# These start daemons, kill them and wait; the longest first.
WAITING = (
    "tests/intake/test_kills",
    "tests/faults/test_reruns",
    "tests/rehearsal/test_quickstart",
    "tests/faults/",
    "tests/intake/",
    "tests/process/",
    "tests/database/test_failover",
    "tests/ingest/test_story",
    "tests/web/test_ingest_guessing",
)


def mixed(files: Sequence[str]) -> list[str]:
    """Return the files with one that waits before every few that compute.

    All of the waiting ones at once would leave the cores idle, and at the end the workers.
    """
    waiting = sorted(filter(_waits, files), key=_rank)
    computing = [file for file in files if not _waits(file)]
    order: list[str] = []
    for start in range(0, len(computing), SHORT_FILES_BETWEEN):
        if waiting:
            order.append(waiting.pop(0))
        order += computing[start : start + SHORT_FILES_BETWEEN]
    return order + waiting


def _waits(file: str) -> bool:
    return file.startswith(WAITING)


def _rank(file: str) -> int:
    return next(rank for rank, begin in enumerate(WAITING) if file.startswith(begin))
