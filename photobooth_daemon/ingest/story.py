"""The whole story of one photo, told once.

    admission.py   which slot, is it on, is there a seat — before any of the body is read
    run            password → look → open the job → prepare → wait → provider → store → answer

Every step works inside the photo's deadline. Whatever happens on the way, the
seat, the scratch file, the temporary links and the job end with the story.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial
from io import BytesIO

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import ANSWER_MARGIN_SECONDS
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    PhotoboothError,
    ProviderTimeout,
    SlotDisabled,
)
from photobooth_daemon.ingest.attempt_news import AttemptNews
from photobooth_daemon.ingest.exchange import Admitted, Answer, Progress, Received
from photobooth_daemon.ingest.inspection import inspect
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.ingest.ladder.errand import Climbed, Errand
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.ladder.spending import Spending
from photobooth_daemon.ingest.open_job import OpenJobs
from photobooth_daemon.ingest.originals import Originals
from photobooth_daemon.ingest.outcome import done_end, status_of
from photobooth_daemon.ingest.password import IngestPassword
from photobooth_daemon.ingest.requests import ProviderRequests, RequestBuilder
from photobooth_daemon.ingest.stamps import Stamps
from photobooth_daemon.ingest.waiting.aside import Aside
from photobooth_daemon.logs import bind_log_fields
from photobooth_daemon.media.results import read_result
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import Job, JobSource, JobStatus, Picture, Timings
from photobooth_daemon.pictures.steps import FinishedPicture, finish, megapixels_of
from photobooth_daemon.pictures.threads import PictureThreads, is_large
from photobooth_daemon.providers.driver import ProviderResult
from photobooth_daemon.tasks import InFlight

MAX_RESULT_PIXELS = 40_000_000
"""More than any provider makes; a result over it is a bad response."""

log = logging.getLogger(__name__)


class IngestService:
    """Takes photos in and answers with pictures."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        open_jobs: OpenJobs,
        originals: Originals,
        password: IngestPassword,
        aside: Aside,
        ladder: Ladder,
        spending: Spending,
        requests: ProviderRequests,
        pictures: PictureThreads,
        stamps: Stamps,
        media_store: MediaStore,
        metrics: Metrics,
        in_flight: InFlight,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._open_jobs = open_jobs
        self._originals = originals
        self._password = password
        self._aside = aside
        self._ladder = ladder
        self._spending = spending
        self._requests = requests
        self._pictures = pictures
        self._stamps = stamps
        self._media_store = media_store
        self._metrics = metrics
        self._in_flight = in_flight
        self._clock = clock

    async def run(self, admitted: Admitted, received: Received) -> Answer:
        """Take a photo that is here whole to its answer, before its deadline, whatever hangs.

        The work goes on if the caller is cancelled or the client hangs up.

        Raises:
            InvalidPassword, TooManyAttempts, RateLimited, UnsupportedMediaType: there is no job.
            InvalidImage, ProviderError, ProviderTimeout: the job's end; ``job_id`` says which.
            DatabaseUnavailable: nothing could be recorded.
            PhotoboothError: something that nobody expected; it has been logged.
        """
        progress = Progress(self._clock, admitted.started_monotonic_seconds)
        progress.timings_ms["upload_ms"] = round(progress.elapsed_seconds() * 1000)
        work = self._in_flight.start(
            self._work(admitted, received, progress), f"photo {admitted.job_id}"
        )
        answer_by = admitted.deadline.earlier_by(ANSWER_MARGIN_SECONDS)
        await asyncio.wait({work}, timeout=answer_by.remaining_seconds())
        job_id = admitted.job_id if progress.job_opened else None
        if work.done():
            try:
                return work.result()
            except PhotoboothError as error:
                # The seat, the scratch file and the links are gone by now.
                await self._password.hold(error, admitted.sender, admitted.work_deadline)
                raise
            except Exception as error:
                raise PhotoboothError(job_id=job_id) from error
        log.error("the work outlasted the window", extra={"stored": progress.stored})
        if progress.stored:
            raise DatabaseUnavailable(job_id=job_id)
        raise ProviderTimeout(job_id=job_id)

    def give_up(self, admitted: Admitted, outcome: str, code: str | None = None) -> None:
        """Free the seat of a photo that never was here whole: refused, or its client hung up."""
        admitted.leave()
        progress = Progress(self._clock, admitted.started_monotonic_seconds)
        self._count(admitted, progress, outcome, code)

    async def _work(self, admitted: Admitted, received: Received, progress: Progress) -> Answer:
        """Run the story, and end with it everything that was begun for it."""
        bind_log_fields(slot_id=admitted.slot.slot_id, job_id=str(admitted.job_id))
        try:
            async with received:
                with admitted.seated():
                    answer = await self._story(admitted, received, progress)
        except PhotoboothError as error:
            outcome = status_of(error).value if progress.job_opened else "refused"
            self._count(admitted, progress, outcome, error.code)
            raise
        replayed = answer.job_id != admitted.job_id
        self._count(admitted, progress, "replayed" if replayed else answer.status.value)
        return answer

    async def _story(self, admitted: Admitted, received: Received, progress: Progress) -> Answer:
        await self._check_password(admitted, received)
        photo, fault = await inspect(received, admitted.settings.values.max_pixels)
        job = admitted.new_job(photo, received.fields)
        job = await self._originals.keep(job, photo, admitted)
        earlier = await self._open_or_find(job, admitted)
        if earlier is not None:
            return await self._stamps.stamp(await self._replay(earlier), earlier, admitted)
        progress.job_opened = True
        open_job = self._open_jobs.around(job, photo, admitted, progress, received)
        async with (
            open_job,
            self._requests.of(admitted, photo, job.client_fields, progress.prompts) as requests,
        ):
            if fault is not None:
                raise fault
            await self._prepare(admitted, progress, photo, requests)
            await self._wait_for_place(admitted, progress)
            climbed = await self._climb(admitted, progress, photo, requests, job)
            await requests.close()
            answer = await self._store(admitted, progress, job, climbed)
        if open_job.fallback is not None:
            answer = open_job.fallback
        return await self._stamps.stamp(answer, job, admitted)

    async def _check_password(self, admitted: Admitted, received: Received) -> None:
        if not admitted.slot.ladder():
            raise SlotDisabled("Choose a provider and an operation first.")
        if not admitted.password_accepted:
            values = admitted.settings.values
            check = self._password.check(
                received.password or b"",
                admitted.settings,
                admitted.sender,
                slot_id=admitted.slot.slot_id,
                deadline=admitted.work_deadline,
            )
            await self._aside.wait_for(
                check,
                admitted.seat,
                admitted.passage,
                concurrency=values.slot_concurrency,
                queue=values.slot_queue,
            )
        if admitted.passage is not None:
            admitted.passage.leave()

    async def _open_or_find(self, job: Job, admitted: Admitted) -> Job | None:
        """Open the job, or return the one that is there already and drop what was kept for this."""
        try:
            earlier = await self._jobs.open_or_find(
                job, admitted.idempotency_key, admitted.work_deadline
            )
        except DatabaseUnavailable:
            # Nobody knows whether there is a row: if there is none, cleanup takes the original.
            raise
        except BaseException:
            await self._originals.drop(job)
            raise
        if earlier is not None:
            await self._originals.drop(job)
        return earlier

    async def _prepare(
        self, admitted: Admitted, progress: Progress, photo: Picture, requests: RequestBuilder
    ) -> None:
        """Make the picture that the first rung takes: a broken photo shows here."""
        beside = is_large(photo.decoded_megapixels)
        with progress.timed("prepare_ms"), admitted.turn.preparing(beside=beside):
            await requests.prepare(admitted.slot.ladder()[0], admitted.work_deadline)

    async def _wait_for_place(self, admitted: Admitted, progress: Progress) -> None:
        with progress.timed("wait_ms"):
            await admitted.seat.wait_for_place(admitted.work_deadline)

    async def _climb(
        self,
        admitted: Admitted,
        progress: Progress,
        photo: Picture,
        requests: RequestBuilder,
        job: Job,
    ) -> Climbed[FinishedPicture]:
        """Let the providers try; what comes back is brought to the slot's output at once."""
        slot, values = admitted.slot, admitted.settings.values

        async def accept(result: ProviderResult) -> FinishedPicture:
            with progress.timed("store_ms"):
                megapixels = await asyncio.to_thread(megapixels_of, BytesIO(result.picture))
                return await self._pictures.finish(
                    partial(
                        finish,
                        max_pixels=MAX_RESULT_PIXELS,
                        stamp=self._stamps.order(job, admitted),
                    ),
                    result.picture,
                    slot.output,
                    photo.width,
                    photo.height,
                    megapixels=megapixels,
                )

        errand = Errand(
            request_for=requests.build,
            accept=accept,
            deadline=admitted.work_deadline,
            attempts=progress.attempts,
            provider_concurrency=values.provider_concurrency,
            attempts_per_photo=values.attempts_per_photo,
            budget=self._spending.budget_for(job, slot, values),
            begun=AttemptNews(self._jobs, self._in_flight, job, progress).begun,
            gives_way=admitted.source is JobSource.RERUN,
        )
        with progress.timed("provider_ms"):
            climbed = await self._ladder.climb(slot.ladder(), errand)
        progress.timings_ms["provider_ms"] -= progress.timings_ms.get("store_ms", 0)
        return climbed

    async def _store(
        self, admitted: Admitted, progress: Progress, job: Job, climbed: Climbed[FinishedPicture]
    ) -> Answer:
        """Keep the result under its public link: first the files, then the row that says so."""
        finished = climbed.value
        with progress.timed("store_ms"):
            try:
                await self._media_store.store_result(job.job_id, finished.picture, finished.preview)
            except asyncio.CancelledError:
                progress.perhaps_stored = True
                raise
        progress.stored = True
        finished_at = self._clock.utcnow()
        expires_at = finished_at + timedelta(hours=admitted.result_ttl_hours())
        end = done_end(
            progress, climbed, finished_at, expires_at, drops_original=admitted.drops_original()
        )
        if not await self._jobs.end(job, end, admitted.deadline):
            await self._undo_result(job)
        elif end.drops_original:
            await self._originals.drop(job)
        answer = Answer(
            job_id=job.job_id,
            slot_id=job.slot_id,
            status=JobStatus.DONE,
            picture=finished.stamped or finished.picture,
            preview=finished.preview,
            expires_at=expires_at,
            timings=Timings(**end.timings),
            stamped=finished.stamped is not None,
            guest_key=job.guest_key,
        )
        log.info("photo done", extra={"provider": climbed.rung.provider, **end.timings})
        return answer

    async def _undo_result(self, job: Job) -> None:
        """Drop the files of a job that was ended by somebody else meanwhile.

        Raises:
            ProviderTimeout: it did not end as ``done``; if it did, the result stands.
        """
        if await self._jobs.status(job.job_id) != JobStatus.DONE:
            await self._media_store.remove_result(job.job_id)
            raise ProviderTimeout(job_id=job.job_id)

    async def _replay(self, job: Job) -> Answer:
        """Give the answer of the job that an Idempotency-Key stands for once more."""
        picture, preview = await read_result(self._media_store, job)
        return Answer(
            job_id=job.job_id,
            slot_id=job.slot_id,
            status=job.status,
            picture=picture,
            preview=preview,
            expires_at=job.result_expires_at,
            timings=Timings(**job.timings),
            guest_key=job.guest_key,
        )

    def _count(
        self, admitted: Admitted, progress: Progress, outcome: str, code: str | None = None
    ) -> None:
        if admitted.source is JobSource.RERUN:
            # No camera waited for it: what cameras met would look worse, or better, than it was.
            return
        self._metrics.observe_ingest(
            admitted.slot.slot_id,
            admitted.slot.provider,
            outcome,
            progress.elapsed_seconds(),
            window_seconds=admitted.window_seconds if progress.job_opened else None,
            code=code,
            steps_ms=progress.timings_ms if progress.job_opened else None,
        )
