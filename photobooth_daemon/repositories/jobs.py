"""Jobs: opened once, ended once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import (
    Job,
    JobEnd,
    JobSource,
    JobStatus,
    MediaKind,
    ResultFacts,
    SentPrompts,
)

JOB_COLUMNS = """
    job_id, slot_id, slot_version, source, status, failure_code, provider_code, provider,
    operation, attempts, client_fields, client_address, request_id, input_content_type,
    input_width, input_height, input_size_bytes, input_sha256, result_content_type,
    result_width, result_height, result_size_bytes, result_sha256, timings, cost,
    started_at, deadline_at, finished_at, result_expires_at, event_id, guest_key, hidden, fallback,
    rerun_of, rerun_by, original_expires_at, result_removed_at
"""

MADE_AGAIN_BY_ITSELF = """
    job.status IN ('failed', 'timeout') AND job.source = 'ingest'
    AND job.failure_code IS DISTINCT FROM 'invalid_image'
    AND job.original_expires_at > $2 AND job.result_removed_at IS NULL
    AND NOT EXISTS (SELECT FROM rerun WHERE rerun.job_id = job.job_id)
"""
"""Of a ``job`` whose event makes photos again by itself, each once; ``$2`` is now."""


def job_of(row: Row) -> Job:
    """Return the job of a row that has :data:`JOB_COLUMNS`."""
    values = dict(row)
    values["source"] = JobSource(values["source"])
    values["status"] = JobStatus(values["status"])
    values["attempts"] = tuple(values["attempts"])
    values["cost"] = None if values["cost"] is None else float(values["cost"])
    return Job(**values)


class JobRepository:
    """Reads and writes ``job_history``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self,
        connection: asyncpg.Connection,
        job: Job,
        idempotency_key: str | None,
        told: Mapping[str, Any],
        now: datetime,
    ) -> bool:
        """Insert a pending job and its kept original, take its key, draft a message: one statement.

        Returns False, and does nothing, if another job holds the key. A key is free whose job
        can no longer be replayed; of two that try at once, one gets it. To open a job once more
        changes nothing: whoever lost the connection does not know whether it was opened.
        """
        opened = await connection.fetchval(
            """
            WITH claimed AS (
                INSERT INTO idempotency_key AS held
                       (slot_id, key, photo_sha256, job_id, created_at)
                SELECT $2::text, $22::text, $14::text, $1::uuid, $24::timestamptz
                 WHERE $22::text IS NOT NULL
                ON CONFLICT (slot_id, key) DO UPDATE
                   SET photo_sha256 = excluded.photo_sha256, job_id = excluded.job_id,
                       created_at = excluded.created_at
                 WHERE held.job_id = excluded.job_id
                    OR EXISTS (SELECT FROM job_history AS job
                                WHERE job.job_id = held.job_id
                                  AND (job.status IN ('failed', 'timeout')
                                       OR (job.status = 'done'
                                           AND job.result_expires_at <= excluded.created_at)))
                RETURNING held.job_id
            ), opened AS (
                INSERT INTO job_history (
                    job_id, slot_id, slot_version, source, status, provider, operation,
                    client_fields, client_address, request_id, input_content_type, input_width,
                    input_height, input_size_bytes, input_sha256, started_at, deadline_at,
                    event_id, guest_key, original_expires_at, rerun_of, hidden)
                SELECT $1::uuid, $2::text, $3::integer, $4::text, 'pending', $5::text, $6::text,
                       $7::jsonb, $8::text, $9::text, $10::text, $11::integer, $12::integer,
                       $13::bigint, $14::text, $15::timestamptz, $16::timestamptz, $17::uuid,
                       $18::text, $19::timestamptz, $20::uuid, $21::boolean
                 WHERE $22::text IS NULL OR EXISTS (SELECT FROM claimed)
                ON CONFLICT (job_id) DO UPDATE SET status = excluded.status
                 WHERE job_history.status = 'pending'
                -- A row that was there has been updated, so its xmax is not 0.
                RETURNING job_id, xmax = 0 AS is_new
            ), kept AS (
                INSERT INTO media_object
                       (media_id, job_id, kind, content_type, size_bytes, expires_at)
                SELECT $25::uuid, job_id, 'original', $10::text, $13::bigint, $19::timestamptz
                  FROM opened WHERE is_new AND $19::timestamptz IS NOT NULL
            ), drafted AS (
                INSERT INTO live_draft (kind, data, at)
                SELECT 'job', $23::jsonb, $24::timestamptz FROM opened
            )
            SELECT job_id FROM opened
            """,
            job.job_id,
            job.slot_id,
            job.slot_version,
            job.source.value,
            job.provider,
            job.operation,
            dict(job.client_fields),
            job.client_address,
            job.request_id,
            job.input_content_type,
            job.input_width,
            job.input_height,
            job.input_size_bytes,
            job.input_sha256,
            job.started_at,
            job.deadline_at,
            job.event_id,
            job.guest_key,
            job.original_expires_at,
            job.rerun_of,
            job.hidden,
            idempotency_key,
            dict(told),
            now,
            uuid4(),
        )
        return opened is not None

    async def tell_attempt(self, job_id: UUID, told: Mapping[str, Any], now: datetime) -> None:
        """Draft a message about a job that has not ended: none of one that has, nor afterwards."""
        async with self._database.connection() as connection:
            await connection.execute(
                """
                WITH pending AS (
                    SELECT job_id FROM job_history
                     WHERE job_id = $1 AND status = 'pending' FOR SHARE
                )
                INSERT INTO live_draft (kind, data, at)
                SELECT 'job', $2::jsonb, $3::timestamptz FROM pending
                """,
                job_id,
                dict(told),
                now,
            )

    async def end(self, job_id: UUID, end: JobEnd, told: Mapping[str, Any], now: datetime) -> bool:
        """Record how a job ended, with the media objects of its result, and draft a message.

        All in one statement. The job's temporary inputs expire with it, and so does its original
        if the end says so.
        Where somebody has removed the result before it was there, it has expired at once.
        Returns False, and changes nothing, if the job had left ``pending`` before.
        """
        result = end.result
        async with self._database.connection() as connection:
            row = await connection.fetchval(
                """
                WITH ended AS (
                    UPDATE job_history
                       SET status = $2, finished_at = $3, failure_code = $4, provider_code = $5,
                           provider = coalesce($6, provider), operation = coalesce($7, operation),
                           attempts = $8, timings = $9, cost = $10,
                           result_content_type = $11, result_width = $12, result_height = $13,
                           result_size_bytes = $14, result_sha256 = $15,
                           result_expires_at = CASE WHEN result_removed_at IS NULL OR $2 <> 'done'
                                                    THEN $16::timestamptz ELSE $3 END,
                           fallback = $21, prompts = $23,
                           original_expires_at = CASE WHEN NOT $22 THEN original_expires_at END
                     WHERE job_id = $1 AND status = 'pending'
                    RETURNING job_id, result_expires_at
                ), kept AS (
                    INSERT INTO media_object
                           (media_id, job_id, kind, content_type, size_bytes, expires_at)
                    SELECT object.media_id, ended.job_id, object.kind, object.content_type,
                           object.size_bytes, ended.result_expires_at
                      FROM ended, unnest($17::uuid[], $18::text[], $19::text[], $20::bigint[])
                           AS object (media_id, kind, content_type, size_bytes)
                ), closed AS (
                    UPDATE media_object
                       SET expires_at = least(expires_at, $3), cleaned_at = coalesce(cleaned_at, $3)
                      FROM ended
                     WHERE media_object.job_id = ended.job_id AND kind = 'provider_input'
                ), dropped AS (
                    DELETE FROM media_object USING ended
                     WHERE media_object.job_id = ended.job_id AND kind = 'original' AND $22
                ), drafted AS (
                    INSERT INTO live_draft (kind, data, at)
                    SELECT 'job', $24::jsonb, $25::timestamptz FROM ended
                )
                SELECT job_id FROM ended
                """,
                job_id,
                end.status.value,
                end.finished_at,
                end.failure_code,
                end.provider_code,
                end.provider,
                end.operation,
                [dict(attempt) for attempt in end.attempts],
                dict(end.timings),
                None if end.cost is None else Decimal(repr(end.cost)),
                result and result.content_type,
                result and result.width,
                result and result.height,
                result and result.size_bytes,
                result and result.sha256,
                result and result.expires_at,
                *_media_arrays(result),
                end.fallback,
                end.drops_original,
                [asdict(prompts) for prompts in end.prompts],
                dict(told),
                now,
            )
        return row is not None

    async def follow(self, connection: asyncpg.Connection, job: Job, now: datetime) -> bool:
        """Note in the first job's row which job makes it again; False if that must not be any more.

        The original may have gone meanwhile, or another process may have taken the rerun up.
        """
        first = await connection.fetchval(
            """
            UPDATE job_history SET rerun_by = $2
             WHERE job_id = $1 AND status IN ('failed', 'timeout')
               AND original_expires_at > $3 AND result_removed_at IS NULL
            RETURNING job_id
            """,
            job.rerun_of,
            job.job_id,
            now,
        )
        held = await connection.fetchval(
            """
            SELECT job_id FROM rerun
             WHERE job_id = $1 AND rerun_job_id = $2 AND state = 'running' FOR UPDATE
            """,
            job.rerun_of,
            job.job_id,
        )
        return first is not None and held is not None

    async def awaits_rerun(self, job_id: UUID, now: datetime) -> bool:
        """Return whether a job's photo is to be made again: it is queued, or its event does so."""
        async with self._database.connection() as connection:
            awaits: bool = await connection.fetchval(
                f"""
                SELECT EXISTS (SELECT FROM rerun
                                WHERE job_id = $1 AND state IN ('queued', 'running'))
                    OR EXISTS (SELECT FROM job_history AS job JOIN event USING (event_id)
                                WHERE job.job_id = $1 AND event.rerun = 'auto'
                                  AND {MADE_AGAIN_BY_ITSELF})
                """,  # noqa: S608
                job_id,
                now,
            )
        return awaits

    async def find(self, job_id: UUID) -> Job | None:
        """Return a job with all its facts."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {JOB_COLUMNS} FROM job_history WHERE job_id = $1",  # noqa: S608
                job_id,
            )
        return None if row is None else job_of(row)

    async def list_prompts(self, job_id: UUID) -> list[SentPrompts]:
        """Return what a job's providers were asked with; nothing of an unknown job."""
        async with self._database.connection() as connection:
            found = await connection.fetchval(
                "SELECT prompts FROM job_history WHERE job_id = $1", job_id
            )
        return [SentPrompts(**prompts) for prompts in found or ()]


def _media_arrays(
    result: ResultFacts | None,
) -> tuple[list[UUID], list[str], list[str], list[int]]:
    if result is None:
        return [], [], [], []
    return (
        [uuid4(), uuid4()],
        [MediaKind.RESULT.value, MediaKind.PREVIEW.value],
        [result.content_type, result.preview_content_type],
        [result.size_bytes, result.preview_size_bytes],
    )
