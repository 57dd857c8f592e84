"""The connection pool, and the one place where a lost database gets its name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from photobooth_daemon.config.database_hosts import Host, hosts_of
from photobooth_daemon.database.keeper import PoolKeeper
from photobooth_daemon.database.loss import LOST, loss_of
from photobooth_daemon.errors import DatabaseUnavailable

STATEMENT_TIMEOUT_SECONDS = 5.0
ACQUIRE_TIMEOUT_SECONDS = 5.0
DEDICATED_SECONDS = 2.0
"""Whoever wants a connection of its own tries again: on another host, if this one hangs."""
# Every statement here is short, and asyncpg's own look at the types would be compiled for a
# second or more on each new connection.
_SESSION = f"""
    SET jit = off;
    SET statement_timeout = {int(STATEMENT_TIMEOUT_SECONDS * 1000)};
    SET idle_in_transaction_session_timeout = 30000;
"""


class PooledConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """A connection that leaves nothing behind for the next borrower, so nothing has to be reset.

    asyncpg would ask the server for it each time one is given back: one more
    round trip for every statement. Nobody here changes a setting of the session;
    locks are of the transaction, or given back by who took them; LISTEN has a
    connection of its own. An open transaction is rolled back all the same.
    """

    def get_reset_query(self) -> str:
        """Return no query at all."""
        return ""

    _get_reset_query = get_reset_query  # its name before asyncpg 0.30

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.after_commit: list[Callable[[], Awaitable[None]]] = []
        """What is to be done once the transaction of the moment is in the database for good."""


class Database:
    """Lends connections; every connection has JSON codecs and a statement timeout.

    The connections go to the server that takes writes, of all hosts that the URL names. One
    that breaks costs the pool its trust: a new pool is made, so the daemon recovers
    alone once PostgreSQL is back, on whichever host.
    """

    def __init__(self, keeper: PoolKeeper, url: str, options: Mapping[str, Any]) -> None:
        self.url = url
        self._keeper = keeper
        self._options = options

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        min_size: int = 1,
        max_size: int = 8,
        application_name: str = "photobooth-daemon",
    ) -> Database:
        """Open the pool; with a ``min_size`` of 0 the database may still be away.

        Raises:
            DatabaseUnavailable: no connection could be made.
            UnsuitablePooler: the URL leads to a pooler that cannot be worked with.
        """
        options = {
            "timeout": ACQUIRE_TIMEOUT_SECONDS,
            "command_timeout": STATEMENT_TIMEOUT_SECONDS + 1.0,
            # These two every pooler lets pass; what else a session needs, it is told in SQL.
            "server_settings": {"application_name": application_name, "timezone": "UTC"},
        }

        async def make_pool(host: Host) -> asyncpg.Pool:
            return await asyncpg.create_pool(
                host.url,
                min_size=0,
                max_size=max_size,
                init=_prepare_connection,
                connection_class=PooledConnection,
                **options,
            )

        keeper = PoolKeeper(hosts_of(url), make_pool)
        await keeper.open(must_answer=min_size > 0)
        return cls(keeper, url, options)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection; each statement is its own transaction.

        Raises:
            DatabaseUnavailable: none could be had, or it broke while lent.
        """
        pool = await self._keeper.current()
        lent = False
        try:
            async with pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                lent = True
                # One that broke on its way here is empty in asyncpg 0.27: asked, it says so.
                connection.is_closed()
                try:
                    yield connection
                except (TimeoutError, asyncio.CancelledError):
                    # A server that hangs would keep the pool's polite good-bye waiting, too.
                    connection.terminate()
                    raise
        except LOST as error:
            self._keeper.report(pool, loss_of(error, lent=lent))
            raise DatabaseUnavailable from error
        except asyncpg.PostgresError as error:
            if lent:
                raise
            # Whatever keeps us from connecting: no such database or role yet, not let in.
            raise DatabaseUnavailable from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection inside one transaction: all of the block happens, or nothing.

        What the block has put into the connection's ``after_commit`` is done afterwards,
        before the caller goes on.

        Raises:
            DatabaseUnavailable: as for :meth:`connection`; what was not
                committed is rolled back by the server.
        """
        async with self.connection() as connection:
            connection.after_commit.clear()
            async with connection.transaction():
                yield connection
            steps = list(connection.after_commit)
        # With no connection held: a step may want one.
        for step in steps:
            await step()

    @asynccontextmanager
    async def dedicated_connection(
        self, *, patient: bool = False
    ) -> AsyncIterator[asyncpg.Connection]:
        """Open a connection beside the pool, for what holds one as long as it lives (LISTEN).

        ``patient`` is who does not try again.

        Raises:
            DatabaseUnavailable: none could be had, or it broke.
        """
        pool = await self._keeper.current()
        lent = False
        try:
            connection = await asyncpg.connect(
                self._keeper.host.url,
                **{
                    **self._options,
                    "timeout": ACQUIRE_TIMEOUT_SECONDS if patient else DEDICATED_SECONDS,
                },
            )
            try:
                await _prepare_connection(connection)
                lent = True
                yield connection
            except LOST:
                connection.terminate()
                raise
            finally:
                await _let_go(connection)
        except LOST as error:
            self._keeper.report(pool, loss_of(error, lent=lent))
            raise DatabaseUnavailable from error
        except asyncpg.PostgresError as error:
            if lent:
                raise
            raise DatabaseUnavailable from error

    def figures(self) -> dict[str, int]:
        """Return the pool's ``size``, ``idle`` and ``max`` for metrics."""
        pool = self._keeper.pool
        return {
            "size": pool.get_size(),
            "idle": pool.get_idle_size(),
            "max": pool.get_max_size(),
        }

    async def close(self) -> None:
        """Close every connection, waiting at most 5 s for those in use."""
        await self._keeper.close()


async def _let_go(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=1)
    except (TimeoutError, *LOST):
        connection.terminate()


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.execute(_SESSION)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads
        )


Row = Any
"""An ``asyncpg.Record``: indexed by column name."""
