"""Closes what a killed process left open: jobs without an end, files in flight.

Called when a daemon starts, each minute while it runs, and by cleanup.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import InvalidImage, UnsupportedMediaType
from photobooth_daemon.housekeeping.removals import Removals
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.media.in_use import Solitude, TreeUse
from photobooth_daemon.media.keys import Shelf
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB, Job, JobEnd, JobStatus, ResultFacts
from photobooth_daemon.model.events import Event, kept_hours
from photobooth_daemon.pictures import steps
from photobooth_daemon.pictures.codec import MOST_PIXELS
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.settings import SettingsRepository

GRACE = timedelta(seconds=35)
"""A job that a living process still means to write down, its answer having left."""
SCRATCH_AGE = timedelta(minutes=5)
"""No window is longer than a minute: what has not grown for this long is nobody's."""
BATCH_SIZE = 100
END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Found:
    """A complete result directory, looked at again: the row that should describe it is lost."""

    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    preview_size_bytes: int
    preview_content_type: str


class Recovery:
    """Ends abandoned jobs by what is on the disk, and removes stale scratch."""

    def __init__(
        self,
        *,
        repository: CleanupRepository,
        jobs: Jobs,
        settings: SettingsRepository,
        events: EventRepository,
        media_store: MediaStore,
        tree_use: TreeUse,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._jobs = jobs
        self._settings = settings
        self._events = events
        self._media_store = media_store
        self._tree_use = tree_use
        self._clock = clock

    async def run(self, removals: Removals) -> None:
        """Recover everything that is due; ``removals`` tells what was done.

        Raises:
            DatabaseUnavailable: the rest is left to the next run.
        """
        now = self._clock.utcnow()
        unused_at = await self.sweep_scratch(removals)
        if not self._media_store.locks_everybody:
            # A daemon on another host may be at work on what nobody here knows of.
            unused_at = None
        await self._end_abandoned_jobs(now, unused_at, removals)

    async def sweep_scratch(self, removals: Removals) -> datetime | None:
        """Remove what lies in scratch and belongs to nobody; needs no database.

        Returns the last moment known at which nobody used the tree.
        """
        now = self._clock.utcnow()
        with self._tree_use.alone(now) as solitude:
            await self._remove_stale_scratch(now, solitude, removals)
        return solitude.last_at

    async def _remove_stale_scratch(
        self, now: datetime, solitude: Solitude, removals: Removals
    ) -> None:
        oldest = max(now - SCRATCH_AGE, solitude.last_at or now - SCRATCH_AGE)
        async for batch in self._media_store.list_shelf(Shelf.SCRATCH):
            stale = [thing for thing in batch if solitude.now or thing.modified_at < oldest]
            await removals.remove(self._media_store, stale, "scratch")

    async def _end_abandoned_jobs(
        self, now: datetime, unused_at: datetime | None, removals: Removals
    ) -> None:
        last: Job | None = None
        while True:
            batch = await self._repository.list_abandoned_jobs(
                now, unused_at, GRACE, last, BATCH_SIZE
            )
            for job in batch:
                await self._end(job, removals)
            if len(batch) < BATCH_SIZE:
                return
            last = batch[-1]

    async def _end(self, job: Job, removals: Removals) -> None:
        found = await self._look_at_result(job.job_id)
        status = JobStatus.FAILED if found is None else JobStatus.DONE
        if removals.dry_run:
            removals.count(f"jobs_{status}", job_id=str(job.job_id), slot_id=job.slot_id)
            return
        now = self._clock.utcnow()
        for media in await self._repository.list_provider_inputs(job.job_id):
            await removals.free(
                self._media_store.remove_provider_input(media.media_id),
                media_id=str(media.media_id),
            )
        if found is None:
            await removals.free(self._media_store.remove_result(job.job_id), job_id=str(job.job_id))
            end = JobEnd(JobStatus.FAILED, now, failure_code="interrupted")
        else:
            event = None if job.event_id is None else await self._events.find(job.event_id)
            drops_original = event is not None and event.drops_originals_of_done
            facts = await self._facts(job, found, event)
            end = JobEnd(JobStatus.DONE, now, result=facts, drops_original=drops_original)
        if await self._jobs.end(job, end, Deadline.after(self._clock, END_SECONDS)):
            removals.count(f"jobs_{status}", job_id=str(job.job_id), slot_id=job.slot_id)
            if end.drops_original:
                await removals.free(
                    self._media_store.remove_original(job.job_id), job_id=str(job.job_id)
                )

    async def _look_at_result(self, job_id: UUID) -> _Found | None:
        """Return what is stored of a result, if it is whole."""
        key = await self._media_store.find_result(job_id)
        preview = await self._media_store.find_preview(job_id)
        if key is None or preview is None:
            return None
        preview_size = await self._media_store.find_size(preview[0])
        if preview_size is None:
            return None
        try:
            async with self._media_store.local_copy(key) as path:
                return await asyncio.to_thread(_look_at, path, preview_size, preview[1])
        except (FileNotFoundError, InvalidImage, UnsupportedMediaType):
            return None

    async def _facts(self, job: Job, found: _Found, event: Event | None) -> ResultFacts:
        hours = kept_hours(event, (await self._settings.get()).values)
        return ResultFacts(
            content_type=found.content_type,
            width=found.width,
            height=found.height,
            size_bytes=found.size_bytes,
            sha256=found.sha256,
            preview_size_bytes=found.preview_size_bytes,
            preview_content_type=found.preview_content_type,
            expires_at=job.deadline_at + timedelta(hours=hours),
        )


def _look_at(path: Path, preview_size: int, preview_type: str) -> _Found:
    """Return what a result is, by its file; blocks.

    Raises:
        FileNotFoundError, InvalidImage, UnsupportedMediaType: it is nothing.
    """
    content_type = steps.recognise(path)
    width, height = steps.measure(path, content_type, MOST_PIXELS)
    size, digest = _size_and_digest(path)
    return _Found(content_type, width, height, size, digest, preview_size, preview_type)


def _size_and_digest(path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while block := file.read(MB):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()
