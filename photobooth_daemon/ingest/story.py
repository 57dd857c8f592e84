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
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    DeadlinePassed,
    InvalidImage,
    PhotoboothError,
    ProviderError,
    ProviderTimeout,
    SlotDisabled,
)
from photobooth_daemon.ingest.exchange import ANSWER_MARGIN_SECONDS, Answer, Exchange, Upload
from photobooth_daemon.ingest.inspection import inspect
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.ingest.ladder.ladder import Climbed, Ladder
from photobooth_daemon.ingest.ladder.spending import Spending
from photobooth_daemon.ingest.outcome import done_end, failed_end, failure_of, status_of
from photobooth_daemon.ingest.password import IngestPassword
from photobooth_daemon.ingest.requests import ProviderRequests, RequestBuilder
from photobooth_daemon.logs import bind_log_fields
from photobooth_daemon.media.results import read_result
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import (
    Job,
    JobStatus,
    Picture,
    PictureBytes,
    Timings,
)
from photobooth_daemon.pictures.steps import FinishedPicture, finish, megapixels_of, original
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import ProviderResult
from photobooth_daemon.tasks import InFlight

MAX_RESULT_PIXELS = 100_000_000
"""More than any provider makes; a result over it is a bad response."""
RECORD_GRACE_SECONDS = 30.0
"""How long a failed job is still written down after its answer has left."""

log = logging.getLogger(__name__)


class IngestService:
    """Takes photos in and answers with pictures."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        password: IngestPassword,
        ladder: Ladder,
        spending: Spending,
        requests: ProviderRequests,
        pictures: PictureThreads,
        media_store: MediaStore,
        metrics: Metrics,
        in_flight: InFlight,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._password = password
        self._ladder = ladder
        self._spending = spending
        self._requests = requests
        self._pictures = pictures
        self._media_store = media_store
        self._metrics = metrics
        self._in_flight = in_flight
        self._clock = clock

    async def run(self, exchange: Exchange, upload: Upload) -> Answer:
        """Take an uploaded photo to its answer, before its deadline, whatever hangs.

        The work goes on if the caller is cancelled or the client hangs up.

        Raises:
            InvalidPassword, TooManyAttempts, RateLimited, UnsupportedMediaType: there is no job.
            InvalidImage, ProviderError, ProviderTimeout: the job's end; ``job_id`` says which.
            DatabaseUnavailable: nothing could be recorded.
            PhotoboothError: something that nobody expected; it has been logged.
        """
        work = self._in_flight.start(self._work(exchange, upload), f"photo {exchange.job_id}")
        answer_by = exchange.deadline.earlier_by(ANSWER_MARGIN_SECONDS)
        await asyncio.wait({work}, timeout=answer_by.remaining_seconds())
        job_id = exchange.job_id if exchange.job_opened else None
        if work.done():
            try:
                return work.result()
            except PhotoboothError as error:
                # The seat, the scratch file and the links are gone by now.
                await self._password.hold(error, exchange.work_deadline)
                raise
            except Exception as error:
                raise PhotoboothError(job_id=job_id) from error
        log.error("the work outlasted the window", extra={"stored": exchange.stored})
        if exchange.stored:
            raise DatabaseUnavailable(job_id=job_id)
        raise ProviderTimeout(job_id=job_id)

    def give_up(self, exchange: Exchange, outcome: str, code: str | None = None) -> None:
        """Free the seat of a photo that never was here whole: refused, or its client hung up."""
        exchange.leave()
        self._count(exchange, outcome, code)

    async def _work(self, exchange: Exchange, upload: Upload) -> Answer:
        """Run the story, and end with it everything that was begun for it."""
        bind_log_fields(slot_id=exchange.slot.slot_id, job_id=str(exchange.job_id))
        try:
            answer = await self._story(exchange, upload)
        except PhotoboothError as error:
            refused = not exchange.job_opened
            outcome = "refused" if refused else status_of(error).value
            self._count(exchange, outcome, error.code)
            raise
        finally:
            exchange.leave()
            await upload.scratch.discard()
        replayed = answer.job_id != exchange.job_id
        self._count(exchange, "replayed" if replayed else answer.status.value)
        return answer

    async def _story(self, exchange: Exchange, upload: Upload) -> Answer:
        if not exchange.slot.ladder():
            raise SlotDisabled("Choose a provider and an operation first.")
        if not exchange.password_accepted:
            await self._password.check(
                upload.password or b"",
                exchange.settings,
                exchange.sender,
                slot_id=exchange.slot.slot_id,
                deadline=exchange.work_deadline,
            )
        photo, fault = await inspect(upload, exchange.settings.values.max_pixels)
        job = exchange.new_job(photo, upload.fields)
        earlier = await self._jobs.open_or_find(job, exchange.idempotency_key, exchange.deadline)
        if earlier is not None:
            return await self._replay(earlier)
        exchange.job_opened = True
        requests = self._requests.of(exchange, photo)
        try:
            if fault is not None:
                raise fault
            return await self._process(exchange, job, photo, requests)
        except (PhotoboothError, DeadlinePassed) as problem:
            error = failure_of(problem, exchange)
            try:
                await requests.close()
                fallback = await self._fallback(exchange, photo, error)
            finally:
                await self._end_badly(exchange, upload, job, error)
            if fallback is not None:
                return fallback
            raise error from problem
        except BaseException:
            try:
                await requests.close()
            finally:
                await self._end_badly(exchange, upload, job, PhotoboothError())
            raise

    async def _process(
        self, exchange: Exchange, job: Job, photo: Picture, requests: RequestBuilder
    ) -> Answer:
        """Take the photo of an open job to its stored result."""
        with exchange.timed("prepare_ms"), exchange.turn.preparing():
            await requests.prepare(exchange.slot.ladder()[0], exchange.work_deadline)
        with exchange.timed("wait_ms"):
            await exchange.seat.wait_for_place(exchange.work_deadline)

        async def accept(result: ProviderResult) -> FinishedPicture:
            with exchange.timed("store_ms"):
                megapixels = await asyncio.to_thread(megapixels_of, BytesIO(result.picture))
                return await self._pictures.finish(
                    partial(finish, max_pixels=MAX_RESULT_PIXELS),
                    result.picture,
                    exchange.slot.output,
                    photo.width,
                    photo.height,
                    megapixels=megapixels,
                )

        budget = await self._spending.budget_for(exchange.slot, exchange.settings.values)
        with exchange.timed("provider_ms"):
            climbed = await self._ladder.climb(
                exchange.slot.ladder(),
                request_for=requests.build,
                accept=accept,
                deadline=exchange.work_deadline,
                provider_concurrency=exchange.settings.values.provider_concurrency,
                attempts=exchange.attempts,
                budget=budget,
            )
        exchange.timings_ms["provider_ms"] -= exchange.timings_ms.get("store_ms", 0)
        await requests.close()
        return await self._store(exchange, job, climbed)

    async def _store(
        self, exchange: Exchange, job: Job, climbed: Climbed[FinishedPicture]
    ) -> Answer:
        """Keep the result under its public link: first the files, then the row that says so."""
        finished = climbed.value
        with exchange.timed("store_ms"):
            await self._media_store.store_result(job.job_id, finished.picture, finished.preview)
        exchange.stored = True
        finished_at = self._clock.utcnow()
        expires_at = finished_at + timedelta(hours=exchange.settings.values.result_ttl_hours)
        end = done_end(exchange, climbed, finished_at, expires_at)
        if not await self._jobs.end(job, end, exchange.deadline):
            await self._undo_result(job)
        answer = Answer(
            job_id=job.job_id,
            slot_id=job.slot_id,
            status=JobStatus.DONE,
            picture=finished.picture,
            preview=finished.preview,
            expires_at=expires_at,
            timings=Timings(**end.timings),
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

    async def _end_badly(
        self, exchange: Exchange, upload: Upload, job: Job, error: PhotoboothError
    ) -> None:
        """Remove the files and end the job as its failure says.

        Without a database, recovery ends the job later; a result that is
        stored but could not be recorded is kept for it to find.
        """
        await upload.scratch.discard()
        if exchange.stored and isinstance(error, DatabaseUnavailable):
            return
        if exchange.stored:
            try:
                await self._media_store.remove_result(job.job_id)
            except OSError:
                log.exception("a failed photo's files are left to cleanup")
        end = failed_end(exchange, error, self._clock.utcnow())
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
        grace = Deadline.after(self._clock, RECORD_GRACE_SECONDS)
        recording = self._in_flight.start(
            self._jobs.end(job, end, grace), f"ending of job {job.job_id}"
        )
        answer_by = exchange.deadline.earlier_by(2 * ANSWER_MARGIN_SECONDS)
        await asyncio.wait({recording}, timeout=answer_by.remaining_seconds())

    async def _fallback(
        self, exchange: Exchange, photo: Picture, error: PhotoboothError
    ) -> Answer | None:
        """Return the untouched photo where the slot prefers that to an error and time is left."""
        wanted = exchange.slot.on_failure == "original"
        if not wanted or not isinstance(error, ProviderError | ProviderTimeout):
            return None
        output = exchange.slot.output
        try:
            async with exchange.deadline.earlier_by(2 * ANSWER_MARGIN_SECONDS).enforced():
                picture: PictureBytes = await self._pictures.finish(
                    original,
                    photo.path,
                    photo.content_type,
                    output,
                    megapixels=photo.megapixels,
                )
        except (DeadlinePassed, InvalidImage):
            log.warning("no time to answer with the original", extra={"code": error.code})
            return None
        except (OSError, MemoryError):
            log.exception("the original cannot be given", extra={"code": error.code})
            return None
        self._metrics.ingest_fallback_total.labels(exchange.slot.slot_id).inc()
        return Answer(
            job_id=exchange.job_id,
            slot_id=exchange.slot.slot_id,
            status=status_of(error),
            picture=picture,
            preview=None,
            expires_at=None,
            timings=exchange.timings(),
            fallback=True,
        )

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
        )

    def _count(self, exchange: Exchange, outcome: str, code: str | None = None) -> None:
        self._metrics.observe_ingest(
            exchange.slot.slot_id,
            exchange.slot.provider,
            outcome,
            exchange.elapsed_seconds(),
            window_seconds=exchange.window_seconds if exchange.job_opened else None,
            code=code,
            steps_ms=exchange.timings_ms if exchange.job_opened else None,
        )
