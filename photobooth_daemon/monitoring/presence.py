"""Tells the database that this process runs, and with which version and configuration."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from photobooth_daemon import __version__
from photobooth_daemon.clock import Clock
from photobooth_daemon.model import DaemonProcess, Noticed
from photobooth_daemon.model.alerts import Troubles
from photobooth_daemon.repositories.processes import ProcessRepository


class Presence:
    """One process' sign of life; others count it, and ``photoboothctl check`` looks for it."""

    def __init__(
        self,
        repository: ProcessRepository,
        process_id: UUID,
        host: str,
        config_digest: str,
        noticed: Callable[[], Noticed],
        share: Callable[[int, int], None],
        disk: Callable[[], tuple[int | None, float | None]],
        troubles: Callable[[], Troubles],
        clock: Clock,
    ) -> None:
        """``share`` is told which of how many processes this one is, from 0.

        ``disk`` says how many bytes are free, and in how many hours none will be.
        """
        self._repository = repository
        self._noticed = noticed
        self._share = share
        self._disk = disk
        self._troubles = troubles
        self._clock = clock
        self._shown = False
        self._process = DaemonProcess(
            process_id=process_id,
            host=host,
            pid=os.getpid(),
            version=__version__,
            config_digest=config_digest,
            started_at=clock.utcnow(),
            noticed=noticed(),
        )

    async def show(self) -> None:
        """Say that the process is alive, and learn how many others are."""
        if not self._shown:
            await self._forget_killed()
        free_bytes, hours = self._disk()
        process = replace(
            self._process,
            noticed=self._noticed(),
            free_bytes=free_bytes,
            hours_until_full=hours,
            troubles=self._troubles(),
        )
        now = self._clock.utcnow()
        await self._repository.seen(process, now)
        self._shown = True
        self._share(*await self._repository.rank(process.process_id, now))

    async def leave(self) -> None:
        """Say that it ends, if it was said to run."""
        if self._shown:
            await self._repository.gone(self._process.process_id)

    async def _forget_killed(self) -> None:
        """Take back what killed processes of this host have shown: nobody waits for their share."""
        for process_id, pid in (await self._repository.pids_of(self._process.host)).items():
            if pid == self._process.pid or not _runs(pid):
                await self._repository.gone(process_id)


def _runs(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
