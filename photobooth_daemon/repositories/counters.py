"""Counters of failed attempts, in fixed windows, shared by every process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg


@dataclass(frozen=True, slots=True)
class Tally:
    """How many attempts a window has seen, and when it ends."""

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

    async def take_back(self, connection: asyncpg.Connection, scope: str, key: str) -> None:
        """Take one attempt off the window."""
        await connection.execute(
            """
            UPDATE attempt_counter SET attempts = attempts - 1
             WHERE scope = $1 AND key = $2 AND attempts > 0
            """,
            scope,
            key,
        )

    async def clear(self, connection: asyncpg.Connection, scope: str, key: str) -> None:
        """Forget the window."""
        await connection.execute(
            "DELETE FROM attempt_counter WHERE scope = $1 AND key = $2", scope, key
        )

    async def clear_prefixed(
        self, connection: asyncpg.Connection, scope: str, prefix: str
    ) -> list[str]:
        """Forget every window whose key begins with ``prefix`` and return those keys."""
        rows = await connection.fetch(
            "DELETE FROM attempt_counter WHERE scope = $1 AND starts_with(key, $2) RETURNING key",
            scope,
            prefix,
        )
        return [row["key"] for row in rows]
