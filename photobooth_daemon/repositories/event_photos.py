"""An event's photos in the order in which they were taken, each with what was made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from photobooth_daemon.database.pool import Database

PAGE_PHOTOS = 100
"""Few enough that a row is not much older than the moment at which its file is opened."""
_FIRST = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class EventPhoto:
    """A photo that has ended; ``picture_job_id`` is the job that made its picture, if any did.

    That is another job than the photo's own where it was made again.
    """

    job_id: UUID
    slot_id: str
    taken_at: datetime
    status: str
    cost: float | None
    picture_job_id: UUID | None
    picture_type: str | None
    picture_expires_at: datetime | None
    removed: bool
    original_type: str
    original_expires_at: datetime | None


class EventPhotos:
    """Reads an event's photos, a page at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def iterate(
        self, event_id: UUID, ended_by: datetime, *, hidden: bool
    ) -> AsyncIterator[EventPhoto]:
        """Yield the cameras' photos that had ended by an instant; ``hidden`` ones on demand."""
        taken_at, job_id = _FIRST
        while True:
            async with self._database.connection() as connection:
                rows = await connection.fetch(
                    _PAGE, event_id, ended_by, hidden, taken_at, job_id, PAGE_PHOTOS
                )
            for row in rows:
                yield EventPhoto(*row.values())
            if len(rows) < PAGE_PHOTOS:
                return
            taken_at, job_id = rows[-1]["taken_at"], rows[-1]["job_id"]


_PAGE = """
    SELECT photo.job_id, photo.slot_id, photo.started_at AS taken_at,
           coalesce(made.status, photo.status) AS status,
           (CASE WHEN made.cost IS NULL THEN photo.cost
                 ELSE made.cost + coalesce(photo.cost, 0) END)::float8 AS cost,
           picture.job_id AS picture_job_id, picture.result_content_type AS picture_type,
           picture.result_expires_at AS picture_expires_at,
           coalesce(picture.result_removed_at, photo.result_removed_at) IS NOT NULL AS removed,
           photo.input_content_type AS original_type,
           photo.original_expires_at
      FROM job_history AS photo
      LEFT JOIN job_history AS made
        ON made.job_id = photo.rerun_by AND made.status = 'done' AND made.finished_at <= $2
      LEFT JOIN job_history AS picture
        ON picture.job_id = coalesce(made.job_id, photo.job_id) AND picture.status = 'done'
     WHERE photo.event_id = $1 AND photo.source = 'ingest' AND photo.finished_at <= $2
       AND ($3 OR NOT photo.hidden AND NOT coalesce(made.hidden, false))
       AND (photo.started_at, photo.job_id) > ($4, $5)
     ORDER BY photo.started_at, photo.job_id LIMIT $6
"""
