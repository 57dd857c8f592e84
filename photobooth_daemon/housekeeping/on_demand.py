"""A backup or a cleanup when somebody asks for one, between those that a timer starts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.model import Actor
from photobooth_daemon.tasks import end_tasks

ANSWER_SECONDS = 20.0
"""Most cleanups are over by then; of a longer one the answer says that it is at work."""

Run = TypeVar("Run")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OnDemandState(Generic[Run]):
    """Whether one is at work on any host, and what came of the last one."""

    at_work: bool
    last: Run | None


class OnDemand(Generic[Run]):
    """Starts one piece of maintenance, one at a time; whoever asks during one means that one."""

    def __init__(
        self,
        name: str,
        database: Database,
        audit: Audit,
        *,
        work: Callable[[], Awaitable[object]],
        is_at_work: Callable[[], Awaitable[bool]],
        find_last: Callable[[], Awaitable[Run | None]],
        is_short: bool = False,
    ) -> None:
        """``name`` is what the audit log calls it; who asks for a short one waits for its end."""
        self.is_short = is_short
        self._name = name
        self._database = database
        self._audit = audit
        self._work = work
        self._is_at_work = is_at_work
        self._find_last = find_last
        self._beginning = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def begin(self, actor: Actor) -> OnDemandState[Run]:
        """Begin one, unless one is at work; of a short one tell what came of it.

        Whoever hangs up meanwhile does not stop it.

        Raises:
            DatabaseUnavailable: there is nothing to work on.
        """
        async with self._beginning:
            if not await self._is_anywhere():
                async with self._database.transaction() as connection:
                    await self._audit.record(
                        connection, actor=actor, action=f"{self._name}.start", entity=self._name
                    )
                self._task = asyncio.create_task(self._run())
        if self.is_short and self._task is not None:
            await asyncio.wait({self._task}, timeout=ANSWER_SECONDS)
        return await self.state()

    async def state(self) -> OnDemandState[Run]:
        """Return what is known.

        Raises:
            DatabaseUnavailable: nothing is.
        """
        at_work = await self._is_anywhere()
        return OnDemandState(at_work, await self._find_last())

    async def close(self) -> None:
        """Stop: half a backup is removed, and the next cleanup goes on where this one was."""
        if self._task is not None:
            await end_tasks(self._task)

    async def _run(self) -> None:
        try:
            await self._work()
        except PhotoboothError as error:
            # It is on record already, unless the database went away.
            log.info("the %s that was asked for failed", self._name, extra={"error": error.detail})

    async def _is_anywhere(self) -> bool:
        is_ours = self._task is not None and not self._task.done()
        return is_ours or await self._is_at_work()
