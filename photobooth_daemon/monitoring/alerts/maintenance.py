"""Ending the time in which alerts are quiet, when somebody asks for it."""

from __future__ import annotations

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Actor
from photobooth_daemon.repositories.alerts import AlertRepository


class Maintenance:
    """The maintenance windows of this installation, all of them at once."""

    def __init__(
        self, database: Database, repository: AlertRepository, audit: Audit, clock: Clock
    ) -> None:
        self._database = database
        self._repository = repository
        self._audit = audit
        self._clock = clock

    async def end(self, actor: Actor) -> None:
        """Let alerts be told again; windows to come are called off as well."""
        async with self._database.transaction() as connection:
            if await self._repository.close_windows(connection, self._clock.utcnow()):
                await self._audit.record(
                    connection, actor=actor, action="alerts.end_maintenance", entity="maintenance"
                )
