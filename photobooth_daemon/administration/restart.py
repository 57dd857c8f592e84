"""The service started anew because an administrator asks, where somebody starts it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.freeze import Freeze
from photobooth_daemon.administration.signing_key import read_signing_key
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.digest import config_digest
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import ConfigError, ConfigurationFaulty, RestartNotPossible
from photobooth_daemon.model import Actor
from photobooth_daemon.repositories.processes import ProcessRepository


@dataclass(frozen=True, slots=True)
class NextStart:
    """What another start would begin with, and how to come to it."""

    read_config: Callable[[], Config]
    """Raises ConfigError, as the start would."""
    begin: Callable[[], None] | None
    """Ends this service once its photos are answered; None where nobody starts it again."""

    async def config_digest(self) -> str:
        """Return the digest that the next start would have.

        Raises:
            ConfigError: it would fail.
        """
        return await asyncio.to_thread(self._config_digest)

    def _config_digest(self) -> str:
        config = self.read_config()
        return config_digest(config, read_signing_key(config.server.jwt_key_file))


class Restarts:
    """Ends this service for its next start, after making sure that there is one."""

    def __init__(
        self,
        database: Database,
        processes: ProcessRepository,
        freeze: Freeze,
        audit: Audit,
        clock: Clock,
        next_start: NextStart | None,
    ) -> None:
        self._database = database
        self._processes = processes
        self._freeze = freeze
        self._audit = audit
        self._clock = clock
        self._next_start = next_start

    async def begin(self, actor: Actor) -> None:
        """Let photos under way be answered, and then the service end and start again.

        Raises:
            RestartNotPossible: nobody would start it, or it is one host of several.
            ConfigurationFaulty: it would not come up again.
            EventRunning: a frozen event runs, and no reason was stated.
        """
        if self._next_start is None or self._next_start.begin is None:
            raise RestartNotPossible
        living = await self._processes.list_living(self._clock.utcnow())
        # Which of them a balancer would pick is not for the page to say.
        if len({process.host for process in living}) > 1:
            raise RestartNotPossible
        try:
            await self._next_start.config_digest()
        except ConfigError as error:
            raise ConfigurationFaulty from error
        async with self._database.transaction() as connection:
            await self._freeze.check_service(connection, actor)
            await self._audit.record(
                connection, actor=actor, action="service.restart", entity="service"
            )
        self._next_start.begin()
