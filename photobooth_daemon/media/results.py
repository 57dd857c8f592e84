"""Which results the public may see, and until when."""

from __future__ import annotations

import asyncio
from uuid import UUID

from cachetools import LRUCache

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    ResultAwaited,
    ResultExpired,
    ResultNotFound,
    ResultRemoved,
)
from photobooth_daemon.media.keys import MediaKey, preview_key, result_key
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Job, JobStatus, PictureBytes
from photobooth_daemon.repositories.jobs import JobRepository

REMEMBERED = 10_000
"""Results whose names are known without their rows."""


class Results:
    """Decides by the row and the clock alone, so that nothing depends on cleanup having run.

    Who asks for a result while its row is being fetched shares that row: a guest's page wants its
    picture in several pieces at once, and a code on a screen is scanned by a whole room.
    """

    def __init__(self, jobs: JobRepository, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._searches: dict[UUID, asyncio.Task[Job | None]] = {}
        self._seen: LRUCache[UUID, tuple[UUID, str]] = LRUCache(REMEMBERED)

    async def get(self, job_id: UUID) -> Job:
        """Return the job of a result that is still kept: this one, or the one that made it again.

        Raises:
            ResultNotFound: there is no such job, or it is not done.
            ResultAwaited: it is not done, and is being made again or soon will be.
            ResultExpired: its time is over.
            ResultRemoved: somebody has removed it.
        """
        return await self.living(await self.find(job_id))

    async def living(self, job: Job | None) -> Job:
        """Return the job that has a job's result, if that is still kept.

        Raises:
            ResultNotFound, ResultAwaited, ResultExpired, ResultRemoved: as for :meth:`get`.
        """
        if job is None:
            raise ResultNotFound
        if job.result_removed_at is not None:
            raise ResultRemoved
        asked, job = job, await self._made_again(job) or job
        if job.result_removed_at is not None:
            raise ResultRemoved
        if job.status != JobStatus.DONE or job.result_expires_at is None:
            raise ResultAwaited if await self._is_awaited(job) else ResultNotFound
        if self.life_seconds(job) <= 0:
            raise ResultExpired
        self._seen[asked.job_id] = (job.job_id, str(job.result_content_type))
        return job

    def likely_key(self, job_id: UUID, *, preview: bool = False) -> MediaKey | None:
        """Return what a picture is called that was still kept when this process looked last."""
        job_id, content_type = self._seen.get(job_id, (job_id, None))
        if content_type is None:
            return None
        return preview_key(job_id) if preview else result_key(job_id, content_type)

    async def _made_again(self, job: Job) -> Job | None:
        """Return the job that made this one's picture after all."""
        if job.status is JobStatus.DONE or job.rerun_by is None:
            return None
        again = await self.find(job.rerun_by)
        return again if again is not None and again.status is JobStatus.DONE else None

    async def _is_awaited(self, job: Job) -> bool:
        if job.original_expires_at is None:
            return False
        return await self._jobs.awaits_rerun(job.job_id, self._clock.utcnow())

    async def find(self, job_id: UUID) -> Job | None:
        """Return a job, whatever became of its result."""
        search = self._searches.get(job_id)
        if search is None:
            search = asyncio.create_task(self._jobs.find(job_id))
            self._searches[job_id] = search
            search.add_done_callback(lambda _: self._searches.pop(job_id))
        return await asyncio.shield(search)

    def life_seconds(self, job: Job) -> int:
        """Return how long the result will still be there."""
        if job.result_expires_at is None:
            return 0
        left = job.result_expires_at - self._clock.utcnow()
        return max(0, int(left.total_seconds()))


async def read_result(media_store: MediaStore, job: Job) -> tuple[PictureBytes, bytes]:
    """Return a done job's picture and its preview.

    Raises:
        ResultExpired: the files have been removed.
    """
    content_type = str(job.result_content_type)
    try:
        data = await media_store.read(result_key(job.job_id, content_type))
        found = await media_store.find_preview(job.job_id)
        if found is None:
            raise ResultExpired
        preview = await media_store.read(found[0])
    except FileNotFoundError as error:
        raise ResultExpired from error
    width, height = job.result_width or 0, job.result_height or 0
    return PictureBytes(data, content_type, width, height), preview
