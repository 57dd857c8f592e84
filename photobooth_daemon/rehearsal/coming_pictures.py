"""Pictures that an intake lays into a folder, waited for by the names of their photos."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path, PurePath

LOOK_SECONDS = 0.1


class ComingPictures:
    """Knows what lay in ``folder`` before; each new picture is given to one photo only.

    Where the intake's ``failed/`` stands beside it, a photo that got none is told at once.
    """

    def __init__(self, folder: Path, timeout_seconds: float) -> None:
        self._folder = folder
        self._failed = folder.parent / "failed"
        self._timeout_seconds = timeout_seconds
        self._known = {*_names(folder), *_names(self._failed)}

    async def wait_for(self, name: str) -> str | None:
        """Return None when the picture of a photo is there, else why there is none."""
        until = time.monotonic() + self._timeout_seconds
        while time.monotonic() < until:
            if await asyncio.to_thread(self._take, self._folder, PurePath(name).stem, r"\.\w+"):
                return None
            text = await asyncio.to_thread(self._take, self._failed, name, r"\.txt")
            if text is not None:
                return _code(text)
            await asyncio.sleep(LOOK_SECONDS)
        return "client timeout"

    def _take(self, folder: Path, stem: str, suffix: str) -> Path | None:
        if suffix == r"\.txt":
            path = PurePath(stem)
            stem, suffix = path.stem, f"{re.escape(path.suffix)}{suffix}"
        wanted = re.compile(rf"{re.escape(stem)}(-\d+)?{suffix}")
        for name in _names(folder) - self._known:
            if wanted.fullmatch(name):
                self._known.add(name)
                return folder / name
        return None


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _code(text: Path) -> str:
    found = re.search(r"^code: (\w+)", text.read_text("utf-8", "replace"), re.MULTILINE)
    return found[1] if found else "failed"
