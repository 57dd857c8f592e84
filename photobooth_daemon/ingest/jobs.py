"""Jobs as a photo's exchange needs them: opened once, ended once, replayed by their key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    IdempotencyKeyReused,
    OriginalNotKept,
    ProviderTimeout,
)
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Attempt, Job, JobEnd, JobStatus, Rung
from photobooth_daemon.repositories.idempotency import IdempotencyRepository
from photobooth_daemon.repositories.jobs import JobRepository

RETRY_SECONDS = 0.2
REPLAY_POLL_SECONDS = 0.2
LEAST_OWN_SECONDS = 3.0
"""A photo that has waited for another one, and has less than this left, asks no provider itself."""
OPEN_PATIENCE_SECONDS = 8.0
"""How long a photo that is here whole waits for a database that has just gone: while a standby
is promoted, say."""
LONGEST_TOLD = 200

log = logging.getLogger(__name__)


class Jobs:
    """Writes the record of each photo, and tells live viewers about it."""

    def __init__(
        self,
        database: Database,
        repository: JobRepository,
        idempotency: IdempotencyRepository,
        live: LivePublisher,
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._idempotency = idempotency
        self._live = live
        self._clock = clock

    async def open(self, job: Job, idempotency_key: str | None) -> bool:
        """Open a pending job and take its key; False, and no job, if another job holds the key.

        To open it once more changes nothing.

        Raises:
            OriginalNotKept: it makes another job's photo again, and that must not be any more.
            DatabaseUnavailable: nobody knows whether it was opened.
        """
        # A statement is its own transaction: only what makes a photo again needs more than one.
        alone = job.rerun_of is None
        async with self._database.connection() if alone else self._database.transaction() as held:
            if not alone and not await self._repository.follow(held, job, self._clock.utcnow()):
                raise OriginalNotKept
            told = _told_of(job, JobStatus.PENDING)
            now = self._clock.utcnow()
            opened = await self._repository.open(held, job, idempotency_key, told, now)
        await self._live.begin()
        return opened

    async def open_or_find(
        self, job: Job, idempotency_key: str | None, deadline: Deadline
    ) -> Job | None:
        """Open ``job`` and return None; or return the ``done`` job that its key belongs to.

        While the key's first job runs, this waits for it; if that fails in time, the
        key is free and ``job`` is opened after all.

        Raises:
            IdempotencyKeyReused: the key was used with another photo.
            ProviderTimeout: the first job was still running at the deadline, or failed shortly
                before it.
            DatabaseUnavailable: nothing was opened.
        """
        has_waited = False
        while True:
            if not has_waited or deadline.remaining_seconds() >= LEAST_OWN_SECONDS:
                if await self._open_in_time(job, idempotency_key, deadline):
                    return None
                has_waited = True
            assert idempotency_key is not None
            holder = await self._idempotency.find(job.slot_id, idempotency_key)
            if holder is not None:
                if holder["photo_sha256"] != job.input_sha256:
                    raise IdempotencyKeyReused
                if holder["status"] == JobStatus.DONE and not self._expired(
                    holder["result_expires_at"]
                ):
                    return await self._repository.find(holder["job_id"])
            # It runs, or has just lost its key: that is seen in the next round.
            if deadline.remaining_seconds() <= REPLAY_POLL_SECONDS:
                raise ProviderTimeout(
                    "An earlier request with this Idempotency-Key has not ended in time.",
                    job_id=None if holder is None else holder["job_id"],
                    still_running=True,
                )
            await asyncio.sleep(REPLAY_POLL_SECONDS)

    async def _open_in_time(
        self, job: Job, idempotency_key: str | None, deadline: Deadline
    ) -> bool:
        """Open a job, once, although the database may go away in the middle of it."""
        patience = Deadline.after(self._clock, OPEN_PATIENCE_SECONDS)
        while True:
            try:
                return await self.open(job, idempotency_key)
            except DatabaseUnavailable as error:
                if patience.passed() or deadline.remaining_seconds() < LEAST_OWN_SECONDS:
                    raise
                log.warning("job not opened yet", extra={"detail": error.detail})
                await asyncio.sleep(RETRY_SECONDS)

    async def end(self, job: Job, end: JobEnd, deadline: Deadline) -> bool:
        """Record how the job ended; False if it had ended before.

        A database that is away is tried again until ``deadline``.

        Raises:
            DatabaseUnavailable: it stayed away; recovery will end the job.
        """
        while True:
            try:
                return await self._end_once(job, end)
            except DatabaseUnavailable as error:
                if deadline.remaining_seconds() <= RETRY_SECONDS:
                    raise
                log.warning("job not recorded yet", extra={"detail": error.detail})
                await asyncio.sleep(RETRY_SECONDS)

    async def tell_attempt(
        self, job: Job, rung: Rung, model: str | None, ended: Sequence[Attempt]
    ) -> None:
        """Tell live viewers which attempt begins, and how those before it ended.

        Nothing is told of a job that has ended meanwhile.

        Raises:
            DatabaseUnavailable: nobody was told; nothing depends on it.
        """
        told = {
            **_told_of(job, JobStatus.PENDING),
            "trying": {
                "number": len(ended) + 1,
                "provider": rung.provider,
                "operation": rung.operation,
                "model": model,
            },
            "attempts": [
                {
                    "provider": attempt.provider,
                    "operation": attempt.operation,
                    "model": attempt.model,
                    "started_ms": attempt.started_ms,
                    "duration_ms": attempt.duration_ms,
                    "reason": attempt.reason,
                    "message": attempt.message[:LONGEST_TOLD],
                }
                for attempt in ended
            ],
        }
        await self._repository.tell_attempt(job.job_id, told, self._clock.utcnow())
        await self._live.begin()

    async def status(self, job_id: UUID) -> JobStatus | None:
        """Return a job's status."""
        job = await self._repository.find(job_id)
        return None if job is None else job.status

    async def _end_once(self, job: Job, end: JobEnd) -> bool:
        told = {
            **_told_of(job, end.status),
            "failure_code": end.failure_code,
            "provider_code": end.provider_code,
        }
        ended = await self._repository.end(job.job_id, end, told, self._clock.utcnow())
        await self._live.begin()
        return ended

    def _expired(self, instant: datetime) -> bool:
        return instant <= self._clock.utcnow()


def _told_of(job: Job, status: JobStatus) -> dict[str, Any]:
    """Return what live viewers are told of any job."""
    return {
        "job_id": str(job.job_id),
        "slot_id": job.slot_id,
        "source": job.source.value,
        "event_id": None if job.event_id is None else str(job.event_id),
        "status": status.value,
    }
