"""The connection pool, and the one place where a lost database gets its name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg

from photobooth_daemon.errors import DatabaseUnavailable

STATEMENT_TIMEOUT_SECONDS = 5.0
ACQUIRE_TIMEOUT_SECONDS = 5.0

_LOST = (
    asyncpg.PostgresConnectionError,
    # Classes 53, 57, 58 and 40: a full disk, a shutdown, a broken disk, a deadlock.
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    # A connection that the server ended between two uses is found in a state of its own.
    asyncpg.InternalClientError,
    OSError,
    asyncio.TimeoutError,
)


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

    A connection that breaks is replaced by the pool at its next use, so the
    daemon recovers alone once PostgreSQL is back.
    """

    def __init__(
        self, pool: asyncpg.Pool, connect: Callable[[], Awaitable[asyncpg.Connection]], url: str
    ) -> None:
        self.url = url
        self._pool = pool
        self._connect = connect

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        min_size: int = 1,
        max_size: int = 8,
        application_name: str = "photobooth-daemon",
    ) -> Database:
        """Open the pool.

        Raises:
            DatabaseUnavailable: no connection could be made.
        """
        server_settings = {
            "application_name": application_name,
            "timezone": "UTC",
            # Every statement here is short, and asyncpg's own look at the types would be compiled
            # for a second or more on each new connection.
            "jit": "off",
            "statement_timeout": f"{int(STATEMENT_TIMEOUT_SECONDS * 1000)}",
            "idle_in_transaction_session_timeout": "30000",
        }
        options = {
            "timeout": ACQUIRE_TIMEOUT_SECONDS,
            "command_timeout": STATEMENT_TIMEOUT_SECONDS + 1.0,
            "server_settings": server_settings,
        }
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=min_size,
                max_size=max_size,
                init=_prepare_connection,
                connection_class=PooledConnection,
                **options,
            )
        except (asyncpg.PostgresError, *_LOST) as error:
            raise DatabaseUnavailable(f"The database does not answer: {_brief(error)}") from error
        return cls(pool, partial(asyncpg.connect, url, **options), url)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection; each statement is its own transaction.

        Raises:
            DatabaseUnavailable: none could be had, or it broke while lent.
        """
        lent = False
        try:
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                lent = True
                try:
                    yield connection
                except (TimeoutError, asyncio.CancelledError):
                    # A server that hangs would keep the pool's polite good-bye waiting, too.
                    connection.terminate()
                    raise
        except _LOST as error:
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
    async def dedicated_connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Open a connection beside the pool, for what holds one as long as it lives (LISTEN).

        Raises:
            DatabaseUnavailable: none could be had, or it broke.
        """
        try:
            connection = await self._connect()
        except (asyncpg.PostgresError, *_LOST) as error:
            raise DatabaseUnavailable from error
        try:
            yield connection
        except _LOST as error:
            raise DatabaseUnavailable from error
        finally:
            await _let_go(connection)

    def figures(self) -> dict[str, int]:
        """Return the pool's ``size``, ``idle`` and ``max`` for metrics."""
        return {
            "size": self._pool.get_size(),
            "idle": self._pool.get_idle_size(),
            "max": self._pool.get_max_size(),
        }

    async def close(self) -> None:
        """Close every connection, waiting at most 5 s for those in use."""
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except (TimeoutError, *_LOST):
            self._pool.terminate()


async def _let_go(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=1)
    except (TimeoutError, *_LOST):
        connection.terminate()


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads
        )


def _brief(error: BaseException) -> str:
    """Name the fault without the connection's parameters."""
    return type(error).__name__ if isinstance(error, OSError) else str(error).split("\n")[0][:200]


Row = Any
"""An ``asyncpg.Record``: indexed by column name."""
