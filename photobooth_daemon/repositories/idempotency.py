"""Idempotency keys: which job a repeated request belongs to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row


class IdempotencyRepository:
    """Reads and writes ``idempotency_key``."""

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

    async def claim(
        self,
        connection: asyncpg.Connection,
        slot_id: str,
        key: str,
        photo_sha256: str,
        job_id: UUID,
        now: datetime,
    ) -> bool:
        """Take a key for a job: a free one, or one whose job can no longer be replayed.

        Returns False if another job holds it; of two that try at once, one gets it.
        """
        taken = await connection.fetchval(
            """
            INSERT INTO idempotency_key AS held (slot_id, key, photo_sha256, job_id, created_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (slot_id, key) DO UPDATE
               SET photo_sha256 = excluded.photo_sha256, job_id = excluded.job_id,
                   created_at = excluded.created_at
             WHERE EXISTS (SELECT FROM job_history AS job
                            WHERE job.job_id = held.job_id
                              AND (job.status IN ('failed', 'timeout')
                                   OR (job.status = 'done' AND job.result_expires_at <= $5)))
            RETURNING job_id
            """,
            slot_id,
            key,
            photo_sha256,
            job_id,
            now,
        )
        return taken is not None
