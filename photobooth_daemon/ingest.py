"""The whole story of one photo, told once.

    admit          which slot, is it on, is there room — before any of the body is read
    run            password → look → open the job → prepare → wait → provider → store → answer

Every step works inside the photo's deadline. Whatever happens on the way, the
seat, the scratch file, the temporary links and the job end with the story.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    DeadlinePassed,
    InvalidImage,
    PayloadTooLarge,
    PhotoboothError,
    ProviderError,
    ProviderTimeout,
    SlotDisabled,
    SlotNotFound,
    StorageFull,
)
from photobooth_daemon.exchange import Answer, Exchange, Upload
from photobooth_daemon.gate import Gate
from photobooth_daemon.in_flight import InFlight
from photobooth_daemon.ingest_password import IngestPassword, Sender
from photobooth_daemon.jobs import Jobs
from photobooth_daemon.ladder import Climbed, Ladder
from photobooth_daemon.log_fields import bind_log_fields
from photobooth_daemon.media_store import MediaStore
from photobooth_daemon.metrics import Metrics
from photobooth_daemon.model import (
    Job,
    JobSource,
    JobStatus,
    Picture,
    PictureBytes,
    SettingsState,
    Slot,
    Timings,
)
from photobooth_daemon.picture_threads import PictureThreads
from photobooth_daemon.pictures import FinishedPicture, finish, original
from photobooth_daemon.provider_requests import ProviderRequests, RequestBuilder
from photobooth_daemon.providers.driver import ProviderResult
from photobooth_daemon.repositories.jobs import JobEnd, ResultFacts
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.results import read_result
from photobooth_daemon.spending import Spending
from photobooth_daemon.upload_inspection import inspect

MB = 1024 * 1024
SLOT_ID = re.compile(r"slot-[0-9]{3}")
FORM_ALLOWANCE_BYTES = 512 * 1024
MAX_RESULT_PIXELS = 100_000_000
"""More than any provider makes; a result over it is a bad response."""
ANSWER_MARGIN_SECONDS = 0.15
"""What the answer itself needs at the very end, when something hung until then."""
RECORD_GRACE_SECONDS = 30.0
"""How long a failed job is still written down after its answer has left."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a request's headers say about a photo, and when they arrived."""

    started_monotonic_seconds: float
    sender: Sender
    content_length: int
    header_password: bytes | None
    idempotency_key: str | None


class IngestService:
    """Takes photos in and answers with pictures."""

    def __init__(
        self,
        *,
        slots: SlotRepository,
        jobs: Jobs,
        password: IngestPassword,
        gate: Gate,
        ladder: Ladder,
        spending: Spending,
        requests: ProviderRequests,
        pictures: PictureThreads,
        media_store: MediaStore,
        metrics: Metrics,
        in_flight: InFlight,
        clock: Clock,
        store_reserve_seconds: float,
    ) -> None:
        self._slots = slots
        self._jobs = jobs
        self._password = password
        self._gate = gate
        self._ladder = ladder
        self._spending = spending
        self._requests = requests
        self._pictures = pictures
        self._media_store = media_store
        self._metrics = metrics
        self._in_flight = in_flight
        self._clock = clock
        self._store_reserve_seconds = store_reserve_seconds

    async def admit(self, slot_id: str, arrival: Arrival) -> Exchange:
        """Decide from the headers alone whether a camera's photo may come in; give it a seat.

        Raises:
            SlotNotFound, SlotDisabled, StorageFull, PayloadTooLarge,
            InvalidPassword, TooManyAttempts, RateLimited: in this order.
            DatabaseUnavailable: nobody knows the slot right now.
        """
        found = None
        if SLOT_ID.fullmatch(slot_id):
            found = await self._slots.find_for_admission(slot_id)
        if found is None:
            raise SlotNotFound
        slot, settings = found
        self._metrics.prepare_slot(slot.slot_id, slot.provider)
        if not slot.enabled or not slot.ladder():
            raise SlotDisabled
        self._check_room(settings, arrival.content_length)
        if arrival.header_password is not None:
            await self._password.check(
                arrival.header_password, settings, arrival.sender, slot_id=slot_id
            )
        exchange = self._exchange(slot, settings, JobSource.INGEST, arrival)
        exchange.password_accepted = arrival.header_password is not None
        return exchange

    async def admit_test(self, slot: Slot, settings: SettingsState, arrival: Arrival) -> Exchange:
        """Give an administrator's trial photo a seat; the slot may be off, or not set up yet.

        The recipe to try may come with the photo: ``exchange.slot`` is what counts
        when :meth:`run` begins.

        Raises:
            StorageFull, PayloadTooLarge, RateLimited: as for a camera.
        """
        self._check_room(settings, arrival.content_length)
        exchange = self._exchange(slot, settings, JobSource.TEST, arrival)
        exchange.password_accepted = True
        return exchange

    async def run(self, exchange: Exchange, upload: Upload) -> Answer:
        """Take an uploaded photo to its answer, before its deadline, whatever hangs.

        The work goes on if the caller is cancelled or the client hangs up.

        Raises:
            InvalidPassword, TooManyAttempts, UnsupportedMediaType: there is no job.
            InvalidImage, ProviderError, ProviderTimeout: the job's end; ``job_id`` says which.
            DatabaseUnavailable: nothing could be recorded.
        """
        work = self._in_flight.start(self._work(exchange, upload), f"photo {exchange.job_id}")
        answer_by = exchange.deadline.earlier_by(ANSWER_MARGIN_SECONDS)
        await asyncio.wait({work}, timeout=answer_by.remaining_seconds())
        if work.done():
            return work.result()
        log.error("the work outlasted the window", extra={"stored": exchange.stored})
        if exchange.stored:
            raise DatabaseUnavailable
        raise ProviderTimeout(job_id=exchange.job_id if exchange.job_opened else None)

    def give_up(self, exchange: Exchange, outcome: str, code: str | None = None) -> None:
        """Free the seat of a photo that never was here whole: refused, or its client hung up."""
        exchange.seat.leave()
        self._count(exchange, outcome, code)

    async def _work(self, exchange: Exchange, upload: Upload) -> Answer:
        """Run the story, and end with it everything that was begun for it."""
        bind_log_fields(slot_id=exchange.slot.slot_id, job_id=str(exchange.job_id))
        try:
            answer = await self._story(exchange, upload)
        except PhotoboothError as error:
            refused = not exchange.job_opened
            outcome = "refused" if refused else _status_of(error).value
            self._count(exchange, outcome, error.code)
            raise
        finally:
            exchange.seat.leave()
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
            )
        photo, fault = await inspect(upload, exchange.settings.values.max_pixels)
        job = self._new_job(exchange, upload, photo)
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
            error = _named(problem, exchange)
            await requests.close()
            fallback = await self._fallback(exchange, photo, error)
            await self._end_badly(exchange, upload, job, error)
            if fallback is not None:
                return fallback
            raise error from problem
        except BaseException:
            await requests.close()
            await self._end_badly(exchange, upload, job, PhotoboothError())
            raise

    async def _process(
        self, exchange: Exchange, job: Job, photo: Picture, requests: RequestBuilder
    ) -> Answer:
        """Take the photo of an open job to its stored result."""
        with exchange.timed("prepare_ms"):
            await requests.prepare(exchange.slot.ladder()[0], exchange.work_deadline)
        with exchange.timed("wait_ms"):
            await exchange.seat.wait_for_place(exchange.work_deadline)

        async def accept(result: ProviderResult) -> FinishedPicture:
            with exchange.timed("store_ms"):
                return await self._pictures.finish(
                    partial(finish, max_pixels=MAX_RESULT_PIXELS),
                    result.picture,
                    exchange.slot.output,
                    photo.width,
                    photo.height,
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
        timings = exchange.timings()
        end = JobEnd(
            status=JobStatus.DONE,
            finished_at=finished_at,
            provider=climbed.rung.provider,
            operation=climbed.rung.operation,
            attempts=tuple(dataclasses.asdict(attempt) for attempt in exchange.attempts),
            timings=dataclasses.asdict(timings),
            cost=_cost(exchange),
            result=_result_facts(finished, expires_at),
        )
        if not await self._jobs.end(job, end, exchange.deadline):
            await self._undo_result(job)
        answer = Answer(
            job_id=job.job_id,
            slot_id=job.slot_id,
            status=JobStatus.DONE,
            picture=finished.picture,
            preview=finished.preview,
            expires_at=expires_at,
            timings=timings,
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
            await self._media_store.remove_result(job.job_id)
        status = _status_of(error)
        end = JobEnd(
            status=status,
            finished_at=self._clock.utcnow(),
            failure_code=error.code,
            provider_code=_provider_code(error, exchange),
            attempts=tuple(dataclasses.asdict(attempt) for attempt in exchange.attempts),
            timings=dataclasses.asdict(exchange.timings()),
            cost=_cost(exchange),
        )
        log.warning(
            "photo %s",
            status.value,
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
                    original, photo.path, photo.content_type, output
                )
        except (DeadlinePassed, InvalidImage):
            log.warning("no time to answer with the original", extra={"code": error.code})
            return None
        self._metrics.ingest_fallback_total.labels(exchange.slot.slot_id).inc()
        return Answer(
            job_id=exchange.job_id,
            slot_id=exchange.slot.slot_id,
            status=_status_of(error),
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

    def _check_room(self, state: SettingsState, content_length: int) -> None:
        settings = state.values
        if self._media_store.free_bytes() < settings.min_free_mb * MB:
            raise StorageFull
        if content_length > settings.max_upload_mb * MB + FORM_ALLOWANCE_BYTES:
            raise PayloadTooLarge(f"A photo may have {settings.max_upload_mb} MB at most.")

    def _exchange(
        self, slot: Slot, settings: SettingsState, source: JobSource, arrival: Arrival
    ) -> Exchange:
        window_seconds = slot.sync_response_seconds or settings.values.sync_response_seconds
        begun = arrival.started_monotonic_seconds
        deadline = Deadline(self._clock, begun + window_seconds)
        return Exchange(
            slot=slot,
            settings=settings,
            source=source,
            sender=arrival.sender,
            clock=self._clock,
            deadline=deadline,
            work_deadline=deadline.earlier_by(self._store_reserve_seconds),
            window_seconds=window_seconds,
            started_monotonic_seconds=begun,
            started_at=self._clock.utcnow(),
            seat=self._gate.enter(
                slot.slot_id,
                concurrency=settings.values.slot_concurrency,
                queue=settings.values.slot_queue,
            ),
            idempotency_key=arrival.idempotency_key,
        )

    def _new_job(self, exchange: Exchange, upload: Upload, photo: Picture) -> Job:
        rung = exchange.slot.ladder()[0]
        return Job.pending(
            job_id=exchange.job_id,
            slot_id=exchange.slot.slot_id,
            slot_version=exchange.slot.version,
            source=exchange.source,
            provider=rung.provider,
            operation=rung.operation,
            client_fields=upload.fields,
            client_address=exchange.sender.address,
            request_id=exchange.sender.request_id,
            photo=photo,
            started_at=exchange.started_at,
            deadline_at=exchange.deadline.due_at(),
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


def _named(problem: PhotoboothError | DeadlinePassed, exchange: Exchange) -> PhotoboothError:
    """Return the failure as the client is told it, with the job it ended."""
    error = ProviderTimeout() if isinstance(problem, DeadlinePassed) else problem
    error.job_id = exchange.job_id
    return error


def _status_of(error: PhotoboothError) -> JobStatus:
    return JobStatus.TIMEOUT if isinstance(error, ProviderTimeout) else JobStatus.FAILED


def _provider_code(error: PhotoboothError, exchange: Exchange) -> str | None:
    if isinstance(error, ProviderError):
        return error.provider_code.value
    if isinstance(error, ProviderTimeout) and exchange.attempts:
        return exchange.attempts[-1].reason
    return None


def _result_facts(finished: FinishedPicture, expires_at: datetime) -> ResultFacts:
    picture = finished.picture
    return ResultFacts(
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        size_bytes=len(picture.data),
        sha256=hashlib.sha256(picture.data).hexdigest(),
        preview_size_bytes=len(finished.preview),
        expires_at=expires_at,
    )


def _cost(exchange: Exchange) -> float | None:
    costs = [attempt.cost for attempt in exchange.attempts if attempt.cost is not None]
    return sum(costs) if costs else None
