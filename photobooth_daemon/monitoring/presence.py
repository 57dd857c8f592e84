"""Tells the database that this process runs, and with which version and configuration."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from photobooth_daemon import __version__
from photobooth_daemon.clock import Clock
from photobooth_daemon.model import Noticed
from photobooth_daemon.repositories.processes import DaemonProcess, ProcessRepository


class Presence:
    """One process' sign of life; ``photoboothctl check`` looks for it."""

    def __init__(
        self,
        repository: ProcessRepository,
        config_digest: str,
        noticed: Callable[[], Noticed],
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._noticed = noticed
        self._clock = clock
        self._shown = False
        self._process = DaemonProcess(
            process_id=uuid4(),
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            config_digest=config_digest,
            started_at=clock.utcnow(),
            noticed=noticed(),
        )

    async def show(self) -> None:
        """Say that the process is alive."""
        process = replace(self._process, noticed=self._noticed())
        await self._repository.seen(process, self._clock.utcnow())
        self._shown = True

    async def leave(self) -> None:
        """Say that it ends, if it was said to run."""
        if self._shown:
            await self._repository.gone(self._process.process_id)
