"""Keeps one pool, at the server that takes writes: after a loss another one, never the old.

asyncpg before 0.28 ties a pool to the address of its first connection, and loses places of a
pool whose server shuts down. So a pool that has lost a connection is not trusted again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import asyncpg

from photobooth_daemon.config.database_hosts import Host
from photobooth_daemon.database.loss import LOST, Loss, brief
from photobooth_daemon.database.primary import HOST_SECONDS, search
from photobooth_daemon.errors import DatabaseUnavailable, UnsuitablePooler
from photobooth_daemon.tasks import end_tasks

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 1.0
DOUBT_SECONDS = HOST_SECONDS
CLOSE_SECONDS = 5.0
RETIRE_SECONDS = 30.0
"""How long those who still work with an old pool of the same server may go on."""

log = logging.getLogger(__name__)

MakePool = Callable[[Host], Awaitable[asyncpg.Pool]]


class PoolKeeper:
    """Has a pool of the moment; whoever meets a loss reports it, and a search begins."""

    def __init__(self, hosts: Sequence[Host], make_pool: MakePool) -> None:
        self._hosts = hosts
        self._make_pool = make_pool
        self._lost = True
        self._closed = False
        self._wanted = asyncio.Event()
        self._looked = asyncio.Event()
        """Set at the end of each look, and replaced: whoever waits, waits for the next one."""
        self._mending: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self.host = hosts[0]
        self.pool: asyncpg.Pool

    async def open(self, *, must_answer: bool) -> None:
        """Make the first pool; where no host answers, look on unless one ``must_answer``.

        A host that stands alone is taken as it is, even if it takes no writes.

        Raises:
            DatabaseUnavailable: no host can be used, and one has to.
            UnsuitablePooler: what answers is a pooler that cannot be worked with.
        """
        found = await search(self._hosts)
        alone = self._hosts[0] if len(self._hosts) == 1 and found.looks[0].answers else None
        usable = found.primary or alone
        if usable is None and must_answer:
            raise DatabaseUnavailable(f"The database does not answer: {found.faults}")
        self.host = usable or self.host
        self.pool = await self._make_pool(self.host)
        self._lost = usable is None
        if self._lost:
            self._mending = asyncio.create_task(self._mend(), name="look for the database")

    async def current(self) -> asyncpg.Pool:
        """Return the pool to use; after a loss, wait for one look at what there is.

        Where there is only a doubt, the pool is used on if the look brings nothing better.

        Raises:
            DatabaseUnavailable: no host can be used now.
        """
        looking = self._mending is not None and not self._mending.done()
        if looking and not self._closed:
            self._wanted.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._lost else DOUBT_SECONDS):
                    await self._looked.wait()
        if self._lost:
            raise DatabaseUnavailable
        return self.pool

    def report(self, pool: asyncpg.Pool, loss: Loss) -> None:
        """Take note of what somebody met with a pool; that of an old one is no news."""
        if loss is Loss.NONE or pool is not self.pool or self._closed:
            return
        self._lost = self._lost or loss is Loss.CERTAIN
        if self._mending is None or self._mending.done():
            self._mending = asyncio.create_task(self._mend(), name="look for the database")

    async def close(self) -> None:
        """Close every connection, waiting at most 5 s for those in use."""
        self._closed = True
        if self._mending is not None:
            await end_tasks(self._mending)
        self._looked.set()
        await end_tasks(*self._retiring)
        await _close(self.pool, CLOSE_SECONDS)

    async def _mend(self) -> None:
        """Look until a host can be used; return once there is a pool that can be trusted."""
        pause_seconds = FIRST_PAUSE_SECONDS
        told = ""
        while True:
            faults = await self._look()
            looked, self._looked = self._looked, asyncio.Event()
            looked.set()
            if faults is None:
                return
            if faults != told:
                log.warning("no database that takes writes", extra={"detail": faults})
                told = faults
            await asyncio.sleep(FIRST_PAUSE_SECONDS)
            self._wanted.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds - FIRST_PAUSE_SECONDS):
                    await self._wanted.wait()
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    async def _look(self) -> str | None:
        """Swap the pool if need be; return what is wrong with every host, None if one is right."""
        try:
            found = await search(self._hosts)
            primary = found.primary
            if primary is None:
                return found.faults
            moved = primary != self.host
            if not moved and not self._lost:
                return None
            pool = await self._make_pool(primary)
        except UnsuitablePooler as error:
            return error.detail
        except (asyncpg.PostgresError, *LOST) as error:
            return brief(error)
        except Exception as error:
            # Whoever waits for a database would wait for ever.
            log.exception("the look for a database failed")
            return type(error).__name__
        old, self.pool, self.host, self._lost = self.pool, pool, primary, False
        log.warning("a new pool of connections", extra={"host": primary.name, "moved": moved})
        self._retire(old, at_once=moved)
        return None

    def _retire(self, pool: asyncpg.Pool, *, at_once: bool) -> None:
        """Let go of an old pool: who still waits for a server that is no primary waits in vain."""
        if at_once:
            pool.terminate()
            return
        task = asyncio.create_task(_close(pool, RETIRE_SECONDS), name="close an old pool")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


async def _close(pool: asyncpg.Pool, seconds: float) -> None:
    """Close a pool politely, then in any case: asyncpg 0.27 may wait for lost places for ever."""
    try:
        await asyncio.wait_for(pool.close(), seconds)
    except (TimeoutError, *LOST):
        pool.terminate()
    except asyncio.CancelledError:
        pool.terminate()
        raise
