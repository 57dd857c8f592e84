"""What is kept of an event, until when, and whether anything lies there that should not.

The rows say what may be there, the disk says what is: only both together prove something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from photobooth_daemon.clock import Clock
from photobooth_daemon.media.keys import Shelf
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.repositories.retention import Allowed, RetentionRepository


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of an event is there, since when, and until when at the latest."""

    results: int
    originals: int
    oldest_at: datetime | None
    newest_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proof:
    """An event's files as they were at ``as_of``.

    ``past_their_time`` are files that cleanup has not removed yet, ``orphans`` those that no row
    allows: of the event, and of no job at all, which might have been the event's.
    """

    as_of: datetime
    kept: Kept
    past_their_time: int
    orphans: int


class Retention:
    """Compares rows with the disk, in batches and in threads."""

    def __init__(
        self, repository: RetentionRepository, media_store: MediaStore, clock: Clock
    ) -> None:
        self._repository = repository
        self._media_store = media_store
        self._clock = clock

    async def prove(self, event_id: UUID) -> Proof:
        """Return what is kept of an event now."""
        count = _Count(self._clock.utcnow())
        async for jobs in self._repository.iterate(event_id):
            # After the rows: what is removed between the two is not there, and is not counted.
            there = await self._media_store.list_present([job.job_id for job in jobs])
            for job in jobs:
                count.add(job, Shelf.RESULTS, job.result_until, there)
                count.add(job, Shelf.ORIGINALS, job.original_until, there)
        return count.proof(await self._of_nobody())

    async def _of_nobody(self) -> int:
        found = 0
        for shelf in (Shelf.RESULTS, Shelf.ORIGINALS):
            async for things in self._media_store.list_shelf(shelf):
                ids = {thing.id for thing in things if thing.id is not None}
                unknown = await self._repository.unknown(ids)
                found += sum(thing.id is None or thing.id in unknown for thing in things)
        return found


class _Count:
    """Adds up one proof."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._kept: Counter[Shelf] = Counter()
        self._oldest_at: datetime | None = None
        self._newest_expires_at: datetime | None = None
        self._past_their_time = 0
        self._orphans = 0

    def add(
        self, job: Allowed, shelf: Shelf, until: datetime | None, there: Mapping[Shelf, set[UUID]]
    ) -> None:
        if job.pending or job.job_id not in there[shelf]:
            return
        if until is None:
            self._orphans += 1
        elif until <= self._now:
            self._past_their_time += 1
        else:
            self._kept[shelf] += 1
            self._oldest_at = min(self._oldest_at or job.started_at, job.started_at)
            self._newest_expires_at = max(self._newest_expires_at or until, until)

    def proof(self, of_nobody: int) -> Proof:
        return Proof(
            self._now,
            Kept(
                self._kept[Shelf.RESULTS],
                self._kept[Shelf.ORIGINALS],
                self._oldest_at,
                self._newest_expires_at,
            ),
            self._past_their_time,
            self._orphans + of_nobody,
        )
