"""What happened in the last hour, in the order in which it became true."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import LiveMessage

CHANNEL = "photobooth_live"
"""Where ``publish_live_drafts`` in ``sql/`` says that there is something new."""
AT_ONCE = 5000
"""So many drafts are published in a fraction of the time that a statement may take."""


class LiveMessageRepository:
    """Numbers messages in the order in which they are committed, and reads them on from an id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def draft(
        self, connection: asyncpg.Connection, kind: str, data: Mapping[str, Any], at: datetime
    ) -> None:
        """Leave a message in the transaction, to be published when that has committed."""
        await connection.execute(
            "INSERT INTO live_draft (kind, data, at) VALUES ($1, $2, $3)", kind, dict(data), at
        )

    async def publish_drafts(self) -> None:
        """Give every draft that is committed its number, and wake every listener."""
        while True:
            async with self._database.connection() as connection:
                published = await connection.fetchval("SELECT publish_live_drafts($1)", AT_ONCE)
            if published < AT_ONCE:
                return

    async def list_after(self, message_id: int, limit: int) -> list[LiveMessage]:
        """Return the messages after ``message_id``, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT message_id, kind, data, at FROM live_message"
                " WHERE message_id > $1 ORDER BY message_id LIMIT $2",
                message_id,
                limit,
            )
        return [LiveMessage(**dict(row)) for row in rows]

    async def find_attempt(self, job_id: UUID) -> Mapping[str, Any] | None:
        """Return what was told last of a job's attempts, of one in work for the last hour."""
        async with self._database.connection() as connection:
            found: Mapping[str, Any] | None = await connection.fetchval(
                """
                SELECT data FROM live_message
                 WHERE kind = 'job' AND data ->> 'job_id' = $1 AND data ? 'trying'
                 ORDER BY message_id DESC LIMIT 1
                """,
                str(job_id),
            )
        return found

    async def span(self, since: datetime) -> tuple[int, int | None]:
        """Return the newest id ever given (0 for none), and the oldest one since an instant.

        What was committed before has its number by then, and whoever has drawn one without
        having committed is waited for: "after the newest" is what changes from now on, and
        misses nothing.
        """
        async with self._database.transaction() as connection:
            await connection.execute("SELECT publish_live_drafts($1)", AT_ONCE)
            row = await connection.fetchrow(
                """
                SELECT (SELECT CASE WHEN is_called THEN last_value ELSE 0 END
                          FROM live_message_message_id_seq) AS newest,
                       (SELECT message_id FROM live_message WHERE at >= $1
                         ORDER BY message_id LIMIT 1) AS oldest
                """,
                since,
            )
        return row["newest"], row["oldest"]
