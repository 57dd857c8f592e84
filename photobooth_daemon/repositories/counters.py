"""Counters of failed attempts, in fixed windows, shared by every process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from photobooth_daemon.database.pool import Row


@dataclass(frozen=True, slots=True)
class Tally:
    """How many attempts a window has seen, and when it ends."""

    attempts: int
    window_ends_at: datetime


@dataclass(frozen=True, slots=True)
class EndedWindow:
    """A window that counts nothing any more, and what it had counted."""

    scope: str
    key: str
    attempts: int
    window_ends_at: datetime


class CounterRepository:
    """Counts in single statements, so that two processes never lose an attempt."""

    async def add(
        self,
        connection: asyncpg.Connection,
        scope: str,
        key: str,
        now: datetime,
        window_ends_at: datetime,
    ) -> Tally:
        """Count one attempt and return the window's tally; a window that has ended starts anew."""
        row = await connection.fetchrow(
            """
            INSERT INTO attempt_counter AS held (scope, key, attempts, window_ends_at)
            VALUES ($1, $2, 1, $4)
            ON CONFLICT (scope, key) DO UPDATE
               SET attempts = CASE WHEN held.window_ends_at <= $3 THEN 1
                                   ELSE held.attempts + 1 END,
                   window_ends_at = CASE WHEN held.window_ends_at <= $3 THEN $4
                                         ELSE held.window_ends_at END
            RETURNING attempts, window_ends_at
            """,
            scope,
            key,
            now,
            window_ends_at,
        )
        return Tally(row["attempts"], row["window_ends_at"])

    async def take_turn(
        self,
        connection: asyncpg.Connection,
        scope: str,
        key: str,
        now: datetime,
        window_ends_at: datetime,
        pauses_seconds: Sequence[float],
    ) -> Tally | float:
        """Count one attempt if it is its turn, and let the next wait; else return for how long.

        The n-th attempt of a window keeps the next away for the n-th of
        ``pauses_seconds``, further ones for the last.
        """
        row = await connection.fetchrow(
            """
            INSERT INTO attempt_counter AS held (scope, key, attempts, window_ends_at, next_at)
            VALUES ($1, $2, 1, $4, $3::timestamptz + ($5::float8[])[1] * interval '1 second')
            ON CONFLICT (scope, key) DO UPDATE
               SET attempts = held.attempts + 1,
                   next_at = $3 + ($5::float8[])[least(held.attempts + 1, cardinality($5))]
                                  * interval '1 second'
             WHERE held.next_at IS NULL OR held.next_at <= $3
                -- A clock that was set back; less is a process that waited for this row.
                OR held.next_at > $3 + ($5::float8[])[cardinality($5)] * interval '1 second'
                                     + interval '1 minute'
            RETURNING attempts, window_ends_at
            """,
            scope,
            key,
            now,
            window_ends_at,
            list(pauses_seconds),
        )
        if row is not None:
            return Tally(row["attempts"], row["window_ends_at"])
        next_at: datetime | None = await connection.fetchval(
            "SELECT next_at FROM attempt_counter WHERE scope = $1 AND key = $2", scope, key
        )
        return 0.0 if next_at is None else max(0.0, (next_at - now).total_seconds())

    async def take_back(self, connection: asyncpg.Connection, scope: str, key: str) -> None:
        """Take one attempt off the window; one that has no other is as if it had never been."""
        await connection.execute(
            """
            WITH only_one AS (DELETE FROM attempt_counter
                               WHERE scope = $1 AND key = $2 AND attempts <= 1)
            UPDATE attempt_counter SET attempts = attempts - 1
             WHERE scope = $1 AND key = $2 AND attempts > 1
            """,
            scope,
            key,
        )

    async def end(
        self, connection: asyncpg.Connection, scope: str, key: str, now: datetime
    ) -> list[EndedWindow]:
        """Forget the window of ``key`` if its time is over, and return it."""
        rows = await connection.fetch(
            "DELETE FROM attempt_counter WHERE scope = $1 AND key = $2 AND window_ends_at <= $3"
            " RETURNING scope, key, attempts, window_ends_at",
            scope,
            key,
            now,
        )
        return [_ended(row) for row in rows]

    async def end_many(
        self, connection: asyncpg.Connection, now: datetime, more_than: int, limit: int
    ) -> list[EndedWindow]:
        """Forget windows whose time is over that counted more than so many, and return them."""
        rows = await connection.fetch(
            """
            DELETE FROM attempt_counter
             WHERE (scope, key) IN (SELECT scope, key FROM attempt_counter
                                     WHERE window_ends_at <= $1 AND attempts > $2
                                     LIMIT $3 FOR UPDATE SKIP LOCKED)
            RETURNING scope, key, attempts, window_ends_at
            """,
            now,
            more_than,
            limit,
        )
        return [_ended(row) for row in rows]

    async def clear_prefixed(
        self, connection: asyncpg.Connection, scope: str, prefix: str
    ) -> list[EndedWindow]:
        """Forget every window whose key begins with ``prefix`` and return them."""
        rows = await connection.fetch(
            "DELETE FROM attempt_counter WHERE scope = $1 AND starts_with(key, $2)"
            " RETURNING scope, key, attempts, window_ends_at",
            scope,
            prefix,
        )
        return [_ended(row) for row in rows]


def _ended(row: Row) -> EndedWindow:
    return EndedWindow(row["scope"], row["key"], row["attempts"], row["window_ends_at"])
