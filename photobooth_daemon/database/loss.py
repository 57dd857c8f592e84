"""Which errors mean that the database is away, and which that a connection to it is lost."""

from __future__ import annotations

import asyncio
from enum import Enum

import asyncpg

LOST = (
    asyncpg.PostgresConnectionError,
    # Classes 53, 57, 58 and 40: a full disk, a shutdown, a broken disk, a deadlock.
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    # A standby answers so, and a primary that somebody has closed to writing.
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    # A connection that the server ended between two uses is found in a state of its own.
    asyncpg.InternalClientError,
    OSError,
    asyncio.TimeoutError,
)
"""What a caller is told as ``DatabaseUnavailable``: it may be tried again."""

_CERTAIN = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)


class Loss(Enum):
    """What an error says about the pool that it came from."""

    NONE = "none"
    """The server answers: it refused this one statement."""
    DOUBT = "doubt"
    """It was too slow, or every connection was in use: somebody should look."""
    CERTAIN = "certain"
    """A connection is gone, or leads to a server that takes no writes."""


def loss_of(error: BaseException, *, lent: bool) -> Loss:
    """Return what an error says; ``lent`` is whether there was a connection already."""
    if isinstance(error, TimeoutError):
        return Loss.DOUBT
    # An argument of the wrong type is an InterfaceError, too.
    if isinstance(error, _CERTAIN) and not isinstance(error, asyncpg.DataError):
        return Loss.CERTAIN
    # With a connection, an OSError is of something else that the caller did meanwhile.
    if isinstance(error, OSError) and not lent:
        return Loss.CERTAIN
    return Loss.NONE


def brief(error: BaseException) -> str:
    """Name the fault without the connection's parameters."""
    if isinstance(error, OSError):
        return type(error).__name__
    return str(error).split("\n")[0][:200]
