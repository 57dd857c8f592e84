"""Finds the server that takes writes, whichever of the hosts it is now.

All hosts are asked at once, each for a second at most: one that hangs costs that second and
keeps no other from being found. Of two that both take writes (a failed primary that
somebody has started again) the one with the newer timeline is the promoted one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from photobooth_daemon.config.database_hosts import Host
from photobooth_daemon.database import pooler
from photobooth_daemon.database.loss import LOST, brief

HOST_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What one host had to say; ``fault`` is why it cannot be used, if it cannot."""

    host: Host
    fault: str = ""
    answers: bool = False
    timeline: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """What all hosts had to say."""

    looks: tuple[Look, ...]

    @property
    def primary(self) -> Host | None:
        """Return the host that takes writes, if there is one."""
        usable = [look for look in self.looks if not look.fault]
        if not usable:
            return None
        best = max(usable, key=lambda look: look.timeline)
        if len(usable) > 1:
            log.error(
                "several servers take writes: only the promoted one may run",
                extra={"hosts": [look.host.name for look in usable], "chosen": best.host.name},
            )
        return best.host

    @property
    def faults(self) -> str:
        """Return why no host can be used, each with its name where there are several."""
        if len(self.looks) == 1:
            return self.looks[0].fault
        return ", ".join(f"{look.host.name}: {look.fault}" for look in self.looks)


async def search(hosts: Sequence[Host]) -> Search:
    """Ask every host, and return when the last one has answered or its second is over.

    Raises:
        UnsuitablePooler: a host is a pooler that cannot be worked with.
    """
    return Search(tuple(await asyncio.gather(*(_look(host) for host in hosts))))


async def _look(host: Host) -> Look:
    try:
        # Without a cache: nothing is left in a pooler's server connection.
        connection = await asyncpg.connect(
            host.url, timeout=HOST_SECONDS, command_timeout=HOST_SECONDS, statement_cache_size=0
        )
    except (asyncpg.PostgresError, *LOST) as error:
        return Look(host, brief(error))
    try:
        async with connection.transaction():
            seen = await connection.fetchrow(
                """
                SELECT pg_backend_pid() AS pid, pg_is_in_recovery() AS standby,
                       current_setting('transaction_read_only') = 'on' AS read_only,
                       CASE WHEN pg_is_in_recovery() THEN '0'
                            ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline
                """
            )
        if seen["pid"] != connection.get_server_pid():
            await pooler.refuse_shared_servers(host)
    except (asyncpg.PostgresError, *LOST) as error:
        pooler.refuse_if_it_says_so(error)
        return Look(host, brief(error))
    finally:
        with suppress(asyncpg.PostgresError, *LOST):
            await connection.close(timeout=HOST_SECONDS)
    fault = ""
    if seen["standby"]:
        fault = "is a standby"
    elif seen["read_only"]:
        fault = "takes no writes"
    return Look(host, fault, answers=True, timeline=int(seen["timeline"], 16))
