"""An open job ends, whatever happens while it is open: this is the end of those that go wrong."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import ANSWER_MARGIN_SECONDS, Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    DeadlinePassed,
    InvalidImage,
    PhotoboothError,
    ProviderError,
    ProviderTimeout,
)
from photobooth_daemon.ingest.exchange import Admitted, Answer, Progress, Received
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.ingest.outcome import failed_end, failure_of, status_of
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Job, JobEnd, JobStatus, Picture, PictureBytes
from photobooth_daemon.pictures.headers import decoded_megapixels
from photobooth_daemon.pictures.steps import original
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.tasks import InFlight

RECORD_GRACE_SECONDS = 30.0
"""How long a failed job is still written down after its answer has left."""

log = logging.getLogger(__name__)


class OpenJobs:
    """Makes the block around each photo whose job is open."""

    def __init__(
        self,
        jobs: Jobs,
        pictures: PictureThreads,
        media_store: MediaStore,
        metrics: Metrics,
        in_flight: InFlight,
        clock: Clock,
    ) -> None:
        self.jobs = jobs
        self.pictures = pictures
        self.media_store = media_store
        self.metrics = metrics
        self.in_flight = in_flight
        self.clock = clock

    def around(
        self, job: Job, photo: Picture, admitted: Admitted, progress: Progress, received: Received
    ) -> OpenJob:
        """Return the block to work on the photo in."""
        return OpenJob(self, job, photo, admitted, progress, received)


class OpenJob:
    """``async with`` it: a failure inside ends the job as the failure says.

    Where the slot prefers the untouched photo to an error, and time is left, the failure
    goes no further and ``fallback`` is the answer.
    """

    def __init__(
        self,
        parts: OpenJobs,
        job: Job,
        photo: Picture,
        admitted: Admitted,
        progress: Progress,
        received: Received,
    ) -> None:
        self.fallback: Answer | None = None
        self._parts = parts
        self._job = job
        self._photo = photo
        self._admitted = admitted
        self._progress = progress
        self._received = received

    async def __aenter__(self) -> OpenJob:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if problem is None:
            return False
        if not isinstance(problem, PhotoboothError | DeadlinePassed):
            await self._end_badly(PhotoboothError())
            return False
        error = failure_of(problem, self._admitted)
        try:
            self.fallback = await self._original_instead(error)
        finally:
            await self._end_badly(error)
        if self.fallback is None and error is not problem:
            raise error from problem
        return self.fallback is not None

    async def _end_badly(self, error: PhotoboothError) -> None:
        """End the job as its failure says, and remove its files.

        Without a database, recovery ends the job later; a result that is
        stored but could not be recorded is kept for it to find.
        """
        job, stored = self._job, self._progress.stored
        await self._received.scratch.discard()
        if stored and isinstance(error, DatabaseUnavailable):
            return
        end = failed_end(
            self._progress,
            error,
            self._parts.clock.utcnow(),
            fallback=self.fallback is not None,
        )
        log.warning(
            "photo %s",
            end.status.value,
            extra={
                "code": error.code,
                "provider": job.provider,
                "provider_code": end.provider_code,
                **end.timings,
            },
        )
        recording = self._parts.in_flight.start(
            self._record(end, stored=stored or self._progress.perhaps_stored),
            f"ending of job {job.job_id}",
        )
        answer_by = self._admitted.deadline.earlier_by(2 * ANSWER_MARGIN_SECONDS)
        await asyncio.wait({recording}, timeout=answer_by.remaining_seconds())

    async def _record(self, end: JobEnd, *, stored: bool) -> None:
        """Write the end down, and then remove what is stored, unless the job is done after all.

        That it is done may have been written down although nobody heard so in time; or another
        host has found the result, while this one stood still.

        Raises:
            DatabaseUnavailable: it stayed away; recovery finds what is stored.
        """
        job = self._job
        grace = Deadline.after(self._parts.clock, RECORD_GRACE_SECONDS)
        ended = await self._parts.jobs.end(job, end, grace)
        if not stored:
            return
        if not ended and await self._parts.jobs.status(job.job_id) is JobStatus.DONE:
            return
        try:
            await self._parts.media_store.remove_result(job.job_id)
        except OSError:
            log.exception("a failed photo's files are left to cleanup")

    async def _original_instead(self, error: PhotoboothError) -> Answer | None:
        """Return the untouched photo where the slot prefers that to an error and time is left."""
        slot, photo = self._admitted.slot, self._photo
        if slot.on_failure != "original" or not isinstance(error, ProviderError | ProviderTimeout):
            return None
        try:
            async with self._admitted.deadline.earlier_by(2 * ANSWER_MARGIN_SECONDS).enforced():
                picture: PictureBytes = await self._parts.pictures.finish(
                    original,
                    photo.path,
                    photo.content_type,
                    slot.output,
                    megapixels=decoded_megapixels(photo.content_type, photo.width, photo.height),
                )
        except (DeadlinePassed, InvalidImage):
            log.warning("no time to answer with the original", extra={"code": error.code})
            return None
        except (OSError, MemoryError):
            log.exception("the original cannot be given", extra={"code": error.code})
            return None
        self._parts.metrics.ingest_fallback_total.labels(slot.slot_id).inc()
        return Answer(
            job_id=self._job.job_id,
            slot_id=slot.slot_id,
            status=status_of(error),
            picture=picture,
            preview=None,
            expires_at=None,
            timings=self._progress.timings(),
            fallback=True,
        )
