"""An event's pictures as its gallery has them: done, kept, not removed, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from photobooth_daemon.database.pool import Database

_COLUMNS = """
    job_id, result_width AS width, result_height AS height, started_at AS created_at,
    result_expires_at AS expires_at, hidden
"""
_OF_EVENT = "event_id = $1 AND status = 'done' AND source IN ('ingest', 'rerun')"
_KEPT = f"{_OF_EVENT} AND result_removed_at IS NULL AND result_expires_at > $2"


@dataclass(frozen=True, slots=True)
class GalleryPicture:
    """A picture of an event, and until when it is there."""

    job_id: UUID
    width: int
    height: int
    created_at: datetime
    expires_at: datetime
    hidden: bool


class GalleryPictures:
    """Reads what an event's gallery shows; an event has thousands of jobs at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_newest(
        self,
        event_id: UUID,
        now: datetime,
        before: tuple[datetime, UUID] | None,
        limit: int,
        *,
        hidden_too: bool = False,
    ) -> list[GalleryPicture]:
        """Return pictures that are kept, newest first, those older than the place ``before``."""
        started_at, job_id = before or (None, None)
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM job_history
                 WHERE {_KEPT} AND (NOT hidden OR $3)
                   AND (started_at, job_id)
                       < (coalesce($4, 'infinity'::timestamptz),
                          coalesce($5, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
                 ORDER BY started_at DESC, job_id DESC
                 LIMIT $6
                """,  # noqa: S608
                event_id,
                now,
                hidden_too,
                started_at,
                job_id,
                limit,
            )
        return [GalleryPicture(**dict(row)) for row in rows]

    async def find(self, event_id: UUID, job_id: UUID, now: datetime) -> GalleryPicture | None:
        """Return a picture if the gallery shows it."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM job_history"  # noqa: S608
                f" WHERE job_id = $3 AND {_KEPT} AND NOT hidden",
                event_id,
                now,
                job_id,
            )
        return None if row is None else GalleryPicture(**dict(row))

    async def has_any(self, event_id: UUID, now: datetime) -> bool:
        """Return whether the gallery shows a picture at all."""
        async with self._database.connection() as connection:
            found: bool = await connection.fetchval(
                f"SELECT EXISTS (SELECT FROM job_history WHERE {_KEPT} AND NOT hidden)",  # noqa: S608
                event_id,
                now,
            )
        return found

    async def next_expiry(self, event_id: UUID, now: datetime) -> datetime | None:
        """Return when the next of the pictures has had its time."""
        async with self._database.connection() as connection:
            found: datetime | None = await connection.fetchval(
                f"SELECT min(result_expires_at) FROM job_history WHERE {_KEPT}",  # noqa: S608
                event_id,
                now,
            )
        return found

    async def list_expired(self, event_id: UUID, after: datetime, until: datetime) -> list[UUID]:
        """Return the pictures whose time was over after one instant and until another."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT job_id FROM job_history WHERE {_OF_EVENT}"  # noqa: S608
                " AND result_expires_at > $2 AND result_expires_at <= $3",
                event_id,
                after,
                until,
            )
        return [row["job_id"] for row in rows]

    async def list_removed(self, event_id: UUID) -> list[UUID]:
        """Return the pictures that somebody has removed."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT job_id FROM job_history WHERE {_OF_EVENT}"  # noqa: S608
                " AND result_removed_at IS NOT NULL",
                event_id,
            )
        return [row["job_id"] for row in rows]
