"""Runs statements outside a transaction: they build indexes and count while photos come."""

from __future__ import annotations

import logging
import re

import asyncpg

LONGEST_SECONDS = 4 * 3600.0
"""An index waits for every transaction that is older, such as a backup's, and reads its table."""
TRIES = 20

log = logging.getLogger(__name__)

_COMMENT = re.compile(r"--[^\n]*")
_STATEMENT = re.compile(r"(?:\$(\w*)\$.*?\$\1\$|[^;])+", re.DOTALL)
"""What stands between semicolons; those of a function's body, between dollars, are its own."""
_INDEX = re.compile(r"CREATE INDEX CONCURRENTLY (\w+) ON ")


async def run_apart(connection: asyncpg.Connection, sql: str) -> None:
    """Run each statement by itself; one that is run again does nothing more.

    An index that is there is left as it is, unless a run that was killed left it half built.

    Raises:
        PostgresError: one of them failed; those before it have been done.
    """
    await connection.execute(f"SET statement_timeout = {int(LONGEST_SECONDS * 1000)}")
    statements = (one[0].strip() for one in _STATEMENT.finditer(_COMMENT.sub("", sql)))
    for statement in filter(None, statements):
        if (index := _INDEX.match(statement)) is None:
            await connection.execute(statement, timeout=LONGEST_SECONDS)
        else:
            await _build(connection, index[1], statement)


async def _build(connection: asyncpg.Connection, name: str, statement: str) -> None:
    for number in range(1, TRIES + 1):
        valid = await connection.fetchval(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)", name
        )
        if valid:
            return
        try:
            if valid is not None:
                log.warning("an index was left half built", extra={"index": name})
                await connection.execute(f"DROP INDEX CONCURRENTLY {name}", timeout=LONGEST_SECONDS)
            await connection.execute(statement, timeout=LONGEST_SECONDS)
        except asyncpg.DeadlockDetectedError:
            # An older version that waits for the lock of migrations has a snapshot meanwhile. It
            # gives up after 10 s, and each of these tries takes one at least.
            if number == TRIES:
                raise
