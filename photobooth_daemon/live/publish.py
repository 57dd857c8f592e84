"""Tells every process, and live viewers, what changed. Nothing that guards depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from photobooth_daemon.clock import Clock
from photobooth_daemon.repositories.live_messages import LiveMessageRepository


class LivePublisher:
    """Publishes what a transaction changed, if and when it commits."""

    def __init__(self, repository: LiveMessageRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def publish(
        self, connection: asyncpg.Connection, kind: str, data: Mapping[str, Any]
    ) -> int:
        """Append a message: of a ``job``, a ``slot``, the ``settings`` or the ``health``.

        Called last in the transaction: other publishers wait until it ends.
        """
        return await self._repository.append(connection, kind, data, self._clock.utcnow())
