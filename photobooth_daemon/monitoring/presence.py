"""Tells the database that this process runs, and with which version and configuration."""

from __future__ import annotations

import os
import socket
from uuid import uuid4

from photobooth_daemon import __version__
from photobooth_daemon.clock import Clock
from photobooth_daemon.repositories.processes import DaemonProcess, ProcessRepository


class Presence:
    """One process' sign of life; ``photoboothctl check`` looks for it."""

    def __init__(self, repository: ProcessRepository, config_digest: str, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._shown = False
        self._process = DaemonProcess(
            process_id=uuid4(),
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            config_digest=config_digest,
            started_at=clock.utcnow(),
        )

    async def show(self) -> None:
        """Say that the process is alive."""
        await self._repository.seen(self._process, self._clock.utcnow())
        self._shown = True

    async def leave(self) -> None:
        """Say that it ends, if it was said to run."""
        if self._shown:
            await self._repository.gone(self._process.process_id)
