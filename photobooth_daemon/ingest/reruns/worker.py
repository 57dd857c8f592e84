"""Makes photos again: two at once in the whole installation, and only while no camera minds.

A rerun is a job of its own, by the very steps that a camera's photo takes, in the window of its
slot. Which are queued, running and done is in the database alone: whoever is killed loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from uuid import uuid4

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    GaveWay,
    OriginalNotKept,
    PhotoboothError,
    StorageFull,
)
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.exchange import Received
from photobooth_daemon.ingest.reruns.revival import Revival
from photobooth_daemon.ingest.reruns.room import Room
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Job, JobStatus
from photobooth_daemon.model.reruns import Rerun, RerunState
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.rerun_queue import RerunQueue
from photobooth_daemon.tasks import InFlight, end_tasks

MOST_AT_ONCE = 2
LOOK_SECONDS = 1.0
SETTLE_SECONDS = 5.0

log = logging.getLogger(__name__)


class RerunWorker:
    """One process' share of the reruns."""

    def __init__(
        self,
        *,
        queue: RerunQueue,
        jobs: JobRepository,
        events: EventRepository,
        room: Room,
        revival: Revival,
        admission: AdmissionService,
        ingest: IngestService,
        media_store: MediaStore,
        metrics: Metrics,
        in_flight: InFlight,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._jobs = jobs
        self._events = events
        self._room = room
        self._revival = revival
        self._admission = admission
        self._ingest = ingest
        self._media_store = media_store
        self._metrics = metrics
        self._in_flight = in_flight
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._settled_monotonic_seconds: float | None = None

    def start(self) -> None:
        """Begin to look for work."""
        self._task = asyncio.create_task(self._look_again_and_again())

    async def stop(self) -> None:
        """Take nothing more; what runs is in flight as every photo is."""
        if self._task is not None:
            await end_tasks(self._task)
            self._task = None

    async def look(self) -> None:
        """Take up what crashed processes left, queue what is due, and begin what there is room for.

        Raises:
            DatabaseUnavailable: the rest is left to the next look.
        """
        now = self._clock.monotonic()
        settled = self._settled_monotonic_seconds
        if settled is None or now - settled >= SETTLE_SECONDS:
            self._settled_monotonic_seconds = now
            await self.settle()
        await self.begin()

    async def settle(self) -> None:
        """Take up what crashed processes left, and queue what evenings have made again."""
        for rerun in await self._queue.settle_abandoned(self._clock.utcnow()):
            log.warning(
                "a rerun was left by its process",
                extra={"job_id": str(rerun.job_id), "state": rerun.state.value},
            )
            if rerun.state is not RerunState.QUEUED:
                self._metrics.reruns_total.labels(rerun.state.value).inc()
        await self._revival.look()

    async def begin(self) -> int:
        """Begin as many reruns as there is room for, and return how many."""
        begun = 0
        while True:
            slots = [
                slot_id
                for slot_id in await self._queue.queued_slots()
                if await self._room.is_for(slot_id)
            ]
            if not slots:
                return begun
            rerun = await self._queue.claim(
                self._clock.utcnow(), slots, MOST_AT_ONCE, cameras_here=self._room.has_cameras()
            )
            if rerun is None:
                return begun
            self._in_flight.start(self._run(rerun), f"rerun of job {rerun.job_id}")
            begun += 1

    async def _look_again_and_again(self) -> None:
        while True:
            self._ended.clear()
            try:
                await self.look()
            except (PhotoboothError, OSError) as error:
                log.warning("reruns: %s", error)
            except Exception:  # a loop that ends in silence would be worse than any error
                log.exception("reruns failed")
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._ended.wait()
            except TimeoutError:
                pass

    async def _run(self, rerun: Rerun) -> None:
        """Make one photo again; whatever comes of it is written down, or found by others later."""
        try:
            error = await self._make(rerun)
            if await self._write_down(rerun, error):
                # There is room for the next one at once.
                self._ended.set()
        except DatabaseUnavailable as error:
            log.warning("a rerun is not recorded yet: %s", error, extra=_facts(rerun))

    async def _make(self, rerun: Rerun) -> PhotoboothError | None:
        """Return why there is no picture, or None."""
        try:
            first = await self._jobs.find(rerun.job_id)
            if first is None:
                raise OriginalNotKept
            await self._photograph(rerun, first)
        except PhotoboothError as error:
            return error
        except OSError as error:
            log.exception("the original cannot be read", extra=_facts(rerun))
            return OriginalNotKept(str(error))
        return None

    async def _photograph(self, rerun: Rerun, first: Job) -> None:
        """Send the kept photo on a camera's way.

        Raises:
            PhotoboothError: there is no picture.
        """
        event = None if first.event_id is None else await self._events.find(first.event_id)
        scratch = self._media_store.open_scratch(uuid4())
        try:
            written = await self._media_store.copy_original(
                first.job_id, first.input_content_type, scratch
            )
            admitted = await self._admission.admit_rerun(first, rerun.rerun_job_id, event)
        except FileNotFoundError as error:
            await scratch.discard()
            raise OriginalNotKept from error
        except BaseException:
            await scratch.discard()
            raise
        received = Received(
            scratch=scratch,
            path=written.path,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            fields=dict(first.client_fields),
            password=None,
        )
        await self._ingest.run(admitted, received)

    async def _write_down(self, rerun: Rerun, error: PhotoboothError | None) -> bool:
        """Return whether it has ended.

        One that is still open is left: recovery ends its job, and whoever settles next the rerun.
        """
        if isinstance(error, GaveWay):
            self._room.gave_way(error.provider)
            await self._queue.put_off(rerun)
            log.info("a rerun gave way to a camera", extra=_facts(rerun))
            return False
        job = await self._jobs.find(rerun.rerun_job_id)
        if job is None and isinstance(error, StorageFull | DatabaseUnavailable):
            # Nothing has been tried yet.
            await self._queue.give_back(rerun)
            return False
        if job is None or job.status in (JobStatus.FAILED, JobStatus.TIMEOUT):
            code = error.code if error is not None else None
            if job is not None:
                code = job.provider_code or job.failure_code
            await self._end(rerun, RerunState.FAILED, code)
            log.warning("rerun failed", extra={"code": code, **_facts(rerun)})
            return True
        if job.status is JobStatus.DONE:
            await self._end(rerun, RerunState.DONE, None)
            log.info("rerun done", extra=_facts(rerun))
        return job.status is JobStatus.DONE

    async def _end(self, rerun: Rerun, state: RerunState, code: str | None) -> None:
        await self._queue.end(rerun, state, code, self._clock.utcnow())
        self._metrics.reruns_total.labels(state.value).inc()


def _facts(rerun: Rerun) -> dict[str, str]:
    return {
        "job_id": str(rerun.rerun_job_id),
        "rerun_of": str(rerun.job_id),
        "slot_id": rerun.slot_id,
    }
