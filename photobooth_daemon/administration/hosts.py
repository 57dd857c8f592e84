"""The hosts of an installation: who they are, and that one of them is gone for good."""

from __future__ import annotations

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import HostRuns, NotFound
from photobooth_daemon.model import Actor, HostPresence
from photobooth_daemon.repositories.processes import ProcessRepository


class Hosts:
    """Lists the hosts of the last day, and forgets one."""

    def __init__(
        self, database: Database, repository: ProcessRepository, audit: Audit, clock: Clock
    ) -> None:
        self._database = database
        self._repository = repository
        self._audit = audit
        self._clock = clock

    async def list_all(self) -> list[HostPresence]:
        """Return every host by its name, those too that have gone silent."""
        return await self._repository.list_hosts(self._clock.utcnow())

    async def forget(self, host: str, actor: Actor) -> None:
        """Take a silent host off the list, which ends its alert; it is back if it shows itself.

        Raises:
            NotFound: none of this name is known.
            HostRuns: it is not silent.
        """
        async with self._database.transaction() as connection:
            seen_at = await self._repository.forget(connection, host)
            if seen_at is None:
                raise NotFound(f"There is no host {host}.")
            if self._repository.is_living(seen_at, self._clock.utcnow()):
                raise HostRuns(f"The host {host} runs; stop its daemon first.")
            await self._audit.record(
                connection,
                actor=actor,
                action="host.forget",
                entity=f"host:{host}",
                before={"host": host, "seen_at": seen_at.isoformat()},
            )
