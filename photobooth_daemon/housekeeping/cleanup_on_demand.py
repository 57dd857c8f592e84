"""A cleanup when somebody asks for one, between those that a timer starts."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.model import Actor
from photobooth_daemon.repositories.cleanup import CleanupRepository, CleanupRun
from photobooth_daemon.tasks import end_tasks

ANSWER_SECONDS = 20.0
"""Most runs are over by then; of a longer one the answer says that it is at work."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CleanupState:
    """Whether one is at work anywhere, and what came of the last one."""

    at_work: bool
    last: CleanupRun | None


class CleanupOnDemand:
    """Starts cleanups, one at a time; whoever asks during one means that one."""

    def __init__(
        self, database: Database, repository: CleanupRepository, cleanup: Cleanup, audit: Audit
    ) -> None:
        self._database = database
        self._repository = repository
        self._cleanup = cleanup
        self._audit = audit
        self._task: asyncio.Task[None] | None = None

    async def begin(self, actor: Actor) -> CleanupState:
        """Clean up, and tell what came of it, or after a while that it is at work.

        Whoever hangs up meanwhile does not stop it.

        Raises:
            DatabaseUnavailable: there is nothing to work on.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(actor))
        await asyncio.wait({self._task}, timeout=ANSWER_SECONDS)
        return await self.state()

    async def state(self) -> CleanupState:
        """Return what is known.

        Raises:
            DatabaseUnavailable: nothing is.
        """
        is_ours = self._task is not None and not self._task.done()
        at_work = is_ours or await self._repository.is_at_work()
        return CleanupState(at_work, await self._repository.find_last_run())

    async def close(self) -> None:
        """Stop; each batch stands alone, and the next run goes on."""
        if self._task is not None:
            await end_tasks(self._task)

    async def _run(self, actor: Actor) -> None:
        try:
            async with self._database.transaction() as connection:
                await self._audit.record(
                    connection, actor=actor, action="cleanup.start", entity="cleanup"
                )
            await self._cleanup.run()
        except PhotoboothError as error:
            # It is on record already, unless the database went away.
            log.info("the cleanup that was asked for failed", extra={"error": error.detail})
