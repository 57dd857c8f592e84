"""Job history as it is read: newest first, by what an administrator filters for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Job, JobSource, JobStatus
from photobooth_daemon.model.jobs import JobFilter
from photobooth_daemon.repositories.jobs import JOB_COLUMNS, job_of
from photobooth_daemon.repositories.newest_results import NEWEST_RESULTS

_BEFORE = """
    (started_at, job_id) < (coalesce($1, 'infinity'::timestamptz),
                            coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
    AND started_at >= coalesce($3, '-infinity'::timestamptz)
"""


@dataclass(frozen=True, slots=True)
class RecentResult:
    """A result that a slot's page shows."""

    job_id: UUID
    created_at: datetime
    expires_at: datetime


class JobLists:
    """Reads pages of jobs; each takes as long at a million jobs as at a hundred."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_newest(
        self, wanted: JobFilter, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Job]:
        """Return jobs, newest first, those older than the place ``before``."""
        started_at, job_id = before or (None, None)
        if wanted.event_id is not None:
            query = EVENT_JOBS
            values: list[Any] = [wanted.event_id, wanted.slot_id, wanted.status, wanted.source]
        elif wanted.slot_id is None and wanted.status is None and wanted.source is None:
            query, values = ANY_JOB, []
        else:
            query = FILTERED_JOBS
            values = [
                wanted.slot_id,
                [wanted.status] if wanted.status else list(JobStatus),
                [wanted.source] if wanted.source else list(JobSource),
            ]
        async with self._database.connection() as connection:
            rows = await connection.fetch(query, started_at, job_id, wanted.since, limit, *values)
        return [job_of(row) for row in rows]

    async def recent_results(self, slot_id: str, now: datetime, limit: int) -> list[RecentResult]:
        """Return a slot's newest unexpired results of camera jobs."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT job_id, started_at AS created_at, result_expires_at AS expires_at
                  FROM job_history
                 WHERE slot_id = $1 AND status = 'done' AND source = 'ingest'
                   AND result_expires_at > $2
                 ORDER BY started_at DESC, job_id DESC
                 LIMIT $3
                """,
                slot_id,
                now,
                limit,
            )
        return [RecentResult(**dict(row)) for row in rows]

    async def newest_of_each_slot(self) -> dict[str, Job]:
        """Return the newest camera job of every slot that has one."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(NEWEST_OF_EACH_SLOT, list(JobStatus))
        return {row["slot_id"]: job_of(row) for row in rows}

    async def newest_results_of_each_slot(self, now: datetime) -> dict[str, list[RecentResult]]:
        """Return each slot's newest pictures, those that were made again among them."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT slot.slot_id, found.job_id, found.started_at, found.result_expires_at
                  FROM slot CROSS JOIN LATERAL ({NEWEST_RESULTS}) AS found
                 ORDER BY found.started_at DESC, found.job_id DESC
                """,  # noqa: S608
                now,
            )
        results: dict[str, list[RecentResult]] = {}
        for row in rows:
            one = RecentResult(row["job_id"], row["started_at"], row["result_expires_at"])
            results.setdefault(row["slot_id"], []).append(one)
        return results

    async def count_pending(self) -> dict[str, int]:
        """Return how many camera jobs are under way, by slot."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT slot_id, count(*) AS jobs FROM job_history"
                " WHERE status = 'pending' AND source = 'ingest' GROUP BY slot_id"
            )
        return {row["slot_id"]: row["jobs"] for row in rows}


# An event has thousands of jobs at most: they are walked in order.
EVENT_JOBS = f"""
    SELECT {JOB_COLUMNS} FROM job_history
     WHERE event_id = $5 AND {_BEFORE}
       AND ($6::text IS NULL OR slot_id = $6)
       AND ($7::text IS NULL OR status = $7)
       AND ($8::text IS NULL OR source = $8)
     ORDER BY started_at DESC, job_id DESC
     LIMIT $4
"""  # noqa: S608

ANY_JOB = f"""
    SELECT {JOB_COLUMNS} FROM job_history
     WHERE {_BEFORE}
     ORDER BY started_at DESC, job_id DESC
     LIMIT $4
"""  # noqa: S608

# The index has slot, status and source before the time, so the newest of each combination
# are found at once; a filter that matches one job in a million reads no more than others.
FILTERED_JOBS = f"""
    WITH page AS (
        SELECT newest.job_id
          FROM slot
         CROSS JOIN unnest($6::text[]) AS wanted_status
         CROSS JOIN unnest($7::text[]) AS wanted_source
         CROSS JOIN LATERAL (
               SELECT job_id, started_at
                 FROM job_history
                WHERE slot_id = slot.slot_id AND status = wanted_status AND source = wanted_source
                  AND {_BEFORE}
                ORDER BY started_at DESC, job_id DESC
                LIMIT $4) AS newest
         WHERE $5::text IS NULL OR slot.slot_id = $5
         ORDER BY newest.started_at DESC, newest.job_id DESC
         LIMIT $4)
    SELECT {JOB_COLUMNS} FROM job_history WHERE job_id IN (SELECT job_id FROM page)
     ORDER BY started_at DESC, job_id DESC
"""  # noqa: S608

NEWEST_OF_EACH_SLOT = f"""
    WITH newest AS (
        SELECT (SELECT found.job_id
                  FROM unnest($1::text[]) AS wanted_status
                 CROSS JOIN LATERAL (
                       SELECT job_id, started_at
                         FROM job_history
                        WHERE slot_id = slot.slot_id AND status = wanted_status
                          AND source = 'ingest'
                        ORDER BY started_at DESC, job_id DESC
                        LIMIT 1) AS found
                 ORDER BY found.started_at DESC, found.job_id DESC
                 LIMIT 1) AS job_id
          FROM slot)
    SELECT {JOB_COLUMNS} FROM job_history WHERE job_id IN (SELECT job_id FROM newest)
"""  # noqa: S608
