"""Jobs of the past, put straight into the table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from photobooth_daemon.database.pool import Database


async def add_job(
    database: Database,
    started_at: datetime,
    *,
    slot: str = "slot-001",
    status: str = "done",
    source: str = "ingest",
    total_ms: int = 4000,
    provider_ms: int = 3000,
    reason: str | None = None,
    cost: float | None = None,
    job_id: UUID | None = None,
    event_id: UUID | None = None,
) -> UUID:
    """Open a job and end it, as the daemon does in two steps."""
    job_id = job_id or uuid4()
    async with database.connection() as connection:
        await connection.execute(
            """
            INSERT INTO job_history (
                job_id, slot_id, slot_version, source, status, provider, operation, client_fields,
                input_content_type, input_width, input_height, input_size_bytes, input_sha256,
                started_at, deadline_at, event_id)
            VALUES ($1, $2, 1, $3, 'pending', 'gemini', 'edit', '{"time": "1767859200"}',
                    'image/jpeg', 6000, 4000, 8000000, 'abc', $4, $5, $6)
            """,
            job_id,
            slot,
            source,
            started_at,
            started_at + timedelta(seconds=48),
            event_id,
        )
        if status != "pending":
            await end_job(
                connection, job_id, status, started_at, total_ms, provider_ms, reason, cost
            )
    return job_id


async def end_job(
    connection: Any,
    job_id: UUID,
    status: str,
    started_at: datetime,
    total_ms: int,
    provider_ms: int,
    reason: str | None,
    cost: float | None,
) -> None:
    codes = {"done": None, "timeout": "provider_timeout", "failed": "provider_error"}
    done = status == "done"
    await connection.execute(
        """
        UPDATE job_history
           SET status = $2, failure_code = $3, provider_code = $4, timings = $5,
               cost = $6::float8::numeric, finished_at = $7, result_expires_at = $8,
               result_size_bytes = $9, result_content_type = $10,
               attempts = '[{"provider": "gemini", "reason": null}]'
         WHERE job_id = $1
        """,
        job_id,
        status,
        codes[status],
        reason,
        {"total_ms": total_ms, "provider_ms": provider_ms},
        cost,
        started_at + timedelta(milliseconds=total_ms),
        started_at + timedelta(hours=72) if done else None,
        900_000 if done else None,
        "image/jpeg" if done else None,
    )
