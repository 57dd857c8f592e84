"""What the folders remember of earlier photos, for a process that has just started."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from pathlib import Path

from photobooth_daemon.intake.folders import SlotFolders
from photobooth_daemon.intake.moves import files_below
from photobooth_daemon.intake.reasons import code_and_job
from photobooth_daemon.intake.status import Fate

TEXT_MAX_BYTES = 4096


def list_fates(folders: SlotFolders, count: int) -> list[Fate]:
    """Return the last ``count`` photos that lie in ``done/`` and ``failed/``, the newest first.

    A second photo of a name is remembered under the name that it has there.

    Raises:
        OSError: the folders cannot be read.
    """
    done = [(path.lstat().st_ctime, path, None) for path in files_below(folders.done)]
    failed = [
        (path.lstat().st_ctime, path, text)
        for path in files_below(folders.failed)
        if (text := path.with_name(f"{path.name}.txt")).is_file()
    ]
    newest = heapq.nlargest(count, [*done, *failed], key=lambda found: found[0])
    return [_fate(folders, at, path, text) for at, path, text in newest]


def _fate(folders: SlotFolders, at: float, path: Path, text: Path | None) -> Fate:
    outcome, job_id = ("done", None) if text is None else _reason(text)
    shelf = folders.done if text is None else folders.failed
    name = path.relative_to(shelf).as_posix()
    return Fate(name, outcome, datetime.fromtimestamp(at, UTC), None, None, job_id)


def _reason(text: Path) -> tuple[str, str | None]:
    with text.open("rb") as file:
        return code_and_job(file.read(TEXT_MAX_BYTES).decode("utf-8", "replace"))
