"""Tells every process, and live viewers, what changed. Nothing that guards depends on it.

A change's message is drafted in the transaction that makes the change, and published after
it: given its number, with all that other transactions have drafted meanwhile. So what is
true is told, also when the process dies in between, and no photo's commit waits for another's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import asyncpg

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.tasks import end_tasks

PAUSE_SECONDS = 0.02
"""What is drafted within so long is published together."""

log = logging.getLogger(__name__)


class LivePublisher:
    """Drafts what a transaction changes, and publishes what is drafted, whoever did it."""

    def __init__(self, repository: LiveMessageRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._drafted = False
        self._task: asyncio.Task[None] | None = None

    async def publish(
        self, connection: asyncpg.Connection, kind: str, data: Mapping[str, Any]
    ) -> None:
        """Have a message published if and when the transaction commits.

        It is of a ``job``, a ``slot``, an ``event``, the ``settings``, the ``health``, or, for
        other processes alone, of a ``cooldown``.
        """
        await self._repository.draft(connection, kind, data, self._clock.utcnow())
        connection.after_commit.append(self.begin)

    async def begin(self) -> None:
        """Publish soon what has been committed, without keeping whoever did that."""
        self._drafted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._publish(), name="live publisher")

    async def sweep(self) -> None:
        """Publish the drafts of all processes: of those, too, that died before they could."""
        try:
            await self._repository.publish_drafts()
        except DatabaseUnavailable as error:
            log.info("live messages wait for the database", extra={"detail": error.detail})

    async def close(self) -> None:
        """Stop publishing; what is only drafted yet is left to the others, or the next start."""
        if self._task is not None:
            await end_tasks(self._task)

    async def _publish(self) -> None:
        while self._drafted:
            self._drafted = False
            await self.sweep()
            await asyncio.sleep(PAUSE_SECONDS)
