"""Idempotency keys: which job a repeated request belongs to."""

from __future__ import annotations

from photobooth_daemon.database.pool import Database, Row


class IdempotencyRepository:
    """Reads ``idempotency_key``; a job takes its key as it is opened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, slot_id: str, key: str) -> Row | None:
        """Return ``photo_sha256``, ``job_id``, ``status`` and ``result_expires_at`` of a key."""
        async with self._database.connection() as connection:
            return await connection.fetchrow(
                """
                SELECT held.photo_sha256, held.job_id, job.status, job.result_expires_at
                  FROM idempotency_key AS held JOIN job_history AS job USING (job_id)
                 WHERE held.slot_id = $1 AND held.key = $2
                """,
                slot_id,
                key,
            )
