"""Lays every picture into a second folder as well: a share that the print station reads."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from photobooth_daemon.intake.folders import SlotFolders
from photobooth_daemon.intake.moves import files_below, names_like

AGAIN_SECONDS = 10.0

log = logging.getLogger(__name__)


class Copies:
    """Empties the slots' ``.copy/`` into ``target``/slot; what cannot be laid there waits."""

    def __init__(self, target: Path, slots: Iterable[SlotFolders]) -> None:
        self._target = target
        self._slots = tuple(slots)
        self._more = asyncio.Event()
        self.holds_up: str | None = None

    def notice(self) -> None:
        """Look soon: there is something."""
        self._more.set()

    async def run(self) -> None:
        """Copy what comes, until cancelled."""
        while True:
            self._more.clear()
            try:
                await asyncio.to_thread(self._copy_all)
                self.holds_up = None
            except OSError as error:
                why = f"{self._target} cannot be written: {error.strerror or error}"
                if self.holds_up != why:
                    log.warning("%s; pictures wait for it", why)
                self.holds_up = why
            try:
                async with asyncio.timeout(AGAIN_SECONDS):
                    await self._more.wait()
            except TimeoutError:
                continue

    def _copy_all(self) -> None:
        for folders in self._slots:
            for path in files_below(folders.to_copy):
                name = path.relative_to(folders.to_copy)
                self._copy(path, self._target / folders.slot_id / name)

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = next(path for path in names_like(target) if not path.exists())
        unfinished = free.with_name(f".{free.name}.part")
        shutil.copyfile(source, unfinished)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.rename(free)
        source.unlink()
