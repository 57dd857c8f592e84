"""Which of an event's pictures a report shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from photobooth_daemon.database.pool import Database


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture that may be shown."""

    job_id: UUID
    slot_id: str
    taken_at: datetime


class EventPictures:
    """Chooses among what is done, still kept, and hidden by nobody.

    Of several, the one with the most detail is the best: the most bytes a pixel.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spread(self, event_id: UUID, now: datetime, most: int) -> list[ShownPicture]:
        """Return the best of each part of the event, in order of taking.

        Each part has as many pictures as the others.
        """
        return await self._choose(
            f"""
            SELECT DISTINCT ON (part) job_id, slot_id, started_at
              FROM (SELECT *, ntile($3) OVER (ORDER BY started_at, job_id) AS part
                      FROM ({_SHOWN}) AS shown) AS parted
             ORDER BY part, detail DESC, job_id
            """,  # noqa: S608
            event_id,
            now,
            most,
        )

    async def of_slots(self, event_id: UUID, now: datetime) -> list[ShownPicture]:
        """Return the best of each slot."""
        return await self._choose(
            f"""
            SELECT DISTINCT ON (slot_id) job_id, slot_id, started_at
              FROM ({_SHOWN}) AS shown
             ORDER BY slot_id, detail DESC, job_id
            """,  # noqa: S608
            event_id,
            now,
        )

    async def _choose(self, query: str, *values: object) -> list[ShownPicture]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(query, *values)
        return [ShownPicture(*row.values()) for row in rows]


_SHOWN = """
    SELECT job_id, slot_id, started_at,
           result_size_bytes::float8 / greatest(1, result_width * result_height) AS detail
      FROM job_history
     WHERE event_id = $1 AND status = 'done' AND source <> 'test' AND NOT hidden
       AND result_expires_at > $2 AND result_removed_at IS NULL
"""
