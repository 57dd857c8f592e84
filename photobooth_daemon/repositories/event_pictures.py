"""Which of an event's pictures a report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from photobooth_daemon.database.pool import Database, Row


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture that may be shown."""

    job_id: UUID
    slot_id: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class ChosenPictures:
    """The best of each slot, and one of each part of the event in order of taking."""

    of_slots: list[ShownPicture]
    spread: list[ShownPicture]


class EventPictures:
    """Chooses among what is done, still kept, and hidden by nobody.

    Of a slot's, the one with the most detail is the best: the most bytes a pixel. Slots cannot be
    compared by it, for a look with grain has more than any other.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def choose(self, event_id: UUID, now: datetime, parts: int) -> ChosenPictures:
        """Return the best of each slot, and a good one of each part of the event.

        Each part has as many pictures as the others.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT DISTINCT ON (part, slot_id) part, job_id, slot_id, started_at, standing
                  FROM (SELECT *, ntile($3) OVER (ORDER BY started_at, job_id) AS part,
                               percent_rank() OVER (PARTITION BY slot_id ORDER BY detail)
                                   AS standing
                          FROM ({_SHOWN}) AS shown) AS parted
                 ORDER BY part, slot_id, standing DESC, job_id
                """,  # noqa: S608
                event_id,
                now,
                parts,
            )
        return ChosenPictures(_best_of_slots(rows), _in_turn(rows))


def _best_of_slots(rows: Iterable[Row]) -> list[ShownPicture]:
    """Return the row of each slot that stands best, for each has its best of every part."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["slot_id"], -row["standing"], row["job_id"])):
        found.setdefault(row["slot_id"], row)
    return [_shown(row) for row in found.values()]


def _in_turn(rows: Iterable[Row]) -> list[ShownPicture]:
    """Return one row of each part: of a slot that has been shown least, the one that stands best.

    Parts follow each other by time, and so do their pictures.
    """
    shown: list[ShownPicture] = []
    times: Counter[str] = Counter()
    for _, candidates in groupby(rows, itemgetter("part")):
        best = min(candidates, key=lambda row: (times[row["slot_id"]], -row["standing"]))
        times[best["slot_id"]] += 1
        shown.append(_shown(best))
    return shown


def _shown(row: Row) -> ShownPicture:
    return ShownPicture(row["job_id"], row["slot_id"], row["started_at"])


_SHOWN = """
    SELECT job_id, slot_id, started_at,
           result_size_bytes::float8 / greatest(1, result_width * result_height) AS detail
      FROM job_history
     WHERE event_id = $1 AND status = 'done' AND source <> 'test' AND NOT hidden
       AND result_expires_at > $2 AND result_removed_at IS NULL
"""
