"""A backup when somebody asks for one: begun at once, told of when it is done."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.config.start_up import BackupConfig
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.housekeeping.backup.backup import Backup
from photobooth_daemon.model import Actor
from photobooth_daemon.repositories.backups import BackupRepository, BackupRun
from photobooth_daemon.tasks import end_tasks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackupState:
    """Whether one is being made on any host, and what came of the last one."""

    at_work: bool
    last: BackupRun | None


class BackupOnDemand:
    """Makes backups where the start-up file says, one at a time."""

    def __init__(
        self,
        database: Database,
        repository: BackupRepository,
        backup: Backup,
        audit: Audit,
        config: BackupConfig,
    ) -> None:
        self._database = database
        self._repository = repository
        self._backup = backup
        self._audit = audit
        self._config = config
        self._task: asyncio.Task[None] | None = None

    async def begin(self, actor: Actor) -> BackupState:
        """Begin one, unless one is being made: then that one is what was asked for.

        Raises:
            DatabaseUnavailable: there is nothing to back up from.
        """
        if not await self._is_at_work():
            async with self._database.transaction() as connection:
                await self._audit.record(
                    connection, actor=actor, action="backup.start", entity="backup"
                )
            self._task = asyncio.create_task(self._make())
        return await self.state()

    async def state(self) -> BackupState:
        """Return what is known.

        Raises:
            DatabaseUnavailable: nothing is.
        """
        at_work = await self._is_at_work()
        return BackupState(at_work, await self._repository.find_last())

    async def close(self) -> None:
        """Stop: a backup that is not complete is removed."""
        if self._task is not None:
            await end_tasks(self._task)

    async def _make(self) -> None:
        try:
            await self._backup.run(self._config.directory, self._config.keep)
        except PhotoboothError as error:
            # It is on record already, unless the database went away.
            log.info("the backup that was asked for failed", extra={"error": error.detail})

    async def _is_at_work(self) -> bool:
        if self._task is not None and not self._task.done():
            return True
        return await self._repository.is_at_work()
