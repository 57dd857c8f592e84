"""What photos have cost."""

from __future__ import annotations

from datetime import datetime

from photobooth_daemon.database.pool import Database


class SpendingRepository:
    """Adds up the costs of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent_since(self, since: datetime) -> dict[str, float]:
        """Return each slot's cost of the jobs begun since then, trial photos included."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT slot_id, sum(cost)::float8 AS spent
                  FROM job_history
                 WHERE started_at >= $1 AND cost > 0
                 GROUP BY slot_id
                """,
                since,
            )
        return {row["slot_id"]: row["spent"] for row in rows}
