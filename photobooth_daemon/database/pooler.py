"""Recognises a pooler that gives the statements of one session to different servers.

The daemon listens (LISTEN), prepares statements and holds locks for as long as a session
lives. PgBouncer in transaction mode breaks all three, LISTEN without any error. In session
mode it can be worked with.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

import asyncpg

from photobooth_daemon.config.database_hosts import Host
from photobooth_daemon.database.loss import LOST
from photobooth_daemon.errors import Fault, UnsuitablePooler

ROUNDS = 3
SERVER_ANSWER_SECONDS = 2.0
"""How long a server is waited for that connects us, or answers: it is looked at at the start."""
REFUSAL = (
    "leads to a pooler in transaction mode (PgBouncer: pool_mode = transaction), behind which"
    " LISTEN, prepared statements and locks of a session do not work; name PostgreSQL itself, or"
    " set pool_mode = session for this database"
)


def refuse_if_it_says_so(error: BaseException) -> None:
    """Return unless an error tells of a pooler in statement mode, which refuses transactions.

    Raises:
        UnsuitablePooler: it does.
    """
    if "pooling mode" in str(error):
        raise _refusal() from error


async def refuse_shared_servers(host: Host) -> None:
    """Return if each session at this pooler has a server of its own.

    Raises:
        UnsuitablePooler: sessions share servers.
        PostgresError, OSError, TimeoutError: the pooler does not answer any more.
    """
    async with AsyncExitStack() as stack:
        first, second = [await _session(stack, host) for _ in range(2)]
        for _ in range(ROUNDS):
            own = await _server_of(first)
            try:
                async with second.transaction():
                    others = await _server_of(second)
                    shared = others == own or await _moves(first, own)
            except TimeoutError:
                # The first one keeps its server although it does nothing.
                return
            if shared:
                raise _refusal()


async def _session(stack: AsyncExitStack, host: Host) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        host.url,
        timeout=SERVER_ANSWER_SECONDS,
        command_timeout=SERVER_ANSWER_SECONDS,
        statement_cache_size=0,
    )
    stack.callback(connection.terminate)
    return connection


async def _server_of(connection: asyncpg.Connection) -> int:
    async with connection.transaction():
        pid: int = await connection.fetchval("SELECT pg_backend_pid()")
    return pid


async def _moves(connection: asyncpg.Connection, server: int) -> bool:
    """Return whether a session has another server than before, or none that is free."""
    try:
        return await _server_of(connection) != server
    except (TimeoutError, *LOST):
        return True


def _refusal() -> UnsuitablePooler:
    return UnsuitablePooler([Fault("database.url", REFUSAL)])
