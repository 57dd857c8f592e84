"""An evening played in minutes gets its hours back, so that its report has a plot to show."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from photobooth_daemon.database.embedded import database_at

HOURS = 5
# Which part of the evening each phase takes: before the outage, it, the rest, and the last photos.
PARTS = ((0.0, 0.46), (0.46, 0.56), (0.56, 0.93), (0.93, 0.97))


async def give_hours(
    state_dir: Path,
    event_id: str,
    phases: Sequence[Sequence[str]],
    until: datetime,
    rng: random.Random,
) -> None:
    """Spread the photos of each phase over its part of the hours before ``until``.

    What was made again came half an hour after its photo.
    """
    begun = until - timedelta(hours=HOURS)
    with database_at("embedded", state_dir) as url:
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction():
                await connection.execute(
                    "UPDATE event SET starts_at = $2 WHERE event_id = $1", UUID(event_id), begun
                )
                for (first, last), job_ids in zip(PARTS, phases, strict=True):
                    for job_id in job_ids:
                        at = begun + timedelta(hours=HOURS) * rng.triangular(first, last)
                        await _move(connection, UUID(job_id), at)
        finally:
            await connection.close()


async def _move(connection: asyncpg.Connection, job_id: UUID, at: datetime) -> None:
    await connection.execute(
        """
        UPDATE job_history
           SET started_at = moved, finished_at = moved + (finished_at - started_at),
               deadline_at = moved + (deadline_at - started_at)
          FROM (VALUES ($2::timestamptz, $1::uuid),
                       ($2::timestamptz + interval '30 minutes',
                        (SELECT rerun_by FROM job_history WHERE job_id = $1)))
               AS new (moved, of_job)
         WHERE job_id = of_job
        """,
        job_id,
        at,
    )
