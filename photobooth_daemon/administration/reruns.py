"""Photos that people have made again: one, or all of an evening that have no picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    AlreadyDone,
    EventNotFound,
    Fault,
    JobNotFound,
    OriginalNotKept,
    ValidationFailed,
)
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor, Job, JobStatus
from photobooth_daemon.model.reruns import RERUNNABLE, RerunCounts, RerunState
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.reruns import RerunRepository


class RerunService:
    """Queues reruns and empties the queue; each is an audit entry. Workers do the rest."""

    def __init__(
        self,
        database: Database,
        reruns: RerunRepository,
        jobs: JobRepository,
        events: EventRepository,
        audit: Audit,
        live: LivePublisher,
        clock: Clock,
    ) -> None:
        self._database = database
        self._reruns = reruns
        self._jobs = jobs
        self._events = events
        self._audit = audit
        self._live = live
        self._clock = clock

    async def request(self, job_id: UUID, actor: Actor) -> UUID:
        """Queue a job's photo, or that of the job it made again; return the new job's id.

        What is queued or running already is not queued twice.

        Raises:
            JobNotFound: there is none of this id.
            AlreadyDone: it has a picture, or is still to have one.
            OriginalNotKept: there is nothing to make it of.
        """
        first = await self._first(job_id)
        await self._check_undone(first)
        async with self._database.transaction() as connection:
            now = self._clock.utcnow()
            queued = await self._reruns.queue_job(connection, first.job_id, actor.username, now)
            if queued is None:
                earlier = await self._reruns.find(connection, first.job_id)
                if earlier is None or earlier.state in (RerunState.FAILED, RerunState.CANCELLED):
                    raise OriginalNotKept
                if earlier.state is RerunState.DONE:
                    raise AlreadyDone
                return earlier.rerun_job_id
            await self._audit.record(
                connection,
                actor=actor,
                action="job.rerun",
                entity=f"job:{first.job_id}",
                after={"job_id": str(queued.rerun_job_id)},
            )
            await self._tell(connection, first.event_id)
        return queued.rerun_job_id

    async def request_event(
        self, event_id: UUID, body: Mapping[str, Any] | None, actor: Actor
    ) -> RerunCounts:
        """Queue every photo of an event that has an original and no picture.

        Raises:
            EventNotFound: there is none of this id.
            ValidationFailed: the body is not ``{"statuses": ["failed", "timeout"]}``.
        """
        statuses = _statuses(body or {})
        await self._check_event(event_id)
        async with self._database.transaction() as connection:
            number = await self._reruns.queue_event(
                connection, event_id, statuses, actor.username, self._clock.utcnow()
            )
            await self._audit.record(
                connection,
                actor=actor,
                action="event.rerun",
                entity=f"event:{event_id}",
                after={"statuses": [status.value for status in statuses], "queued": number},
            )
            await self._tell(connection, event_id)
        return await self._counts(event_id)

    async def cancel_event(self, event_id: UUID, actor: Actor) -> RerunCounts:
        """Empty an event's queue; what runs goes on.

        Raises:
            EventNotFound: there is none of this id.
        """
        await self._check_event(event_id)
        async with self._database.transaction() as connection:
            number = await self._reruns.cancel_event(connection, event_id, self._clock.utcnow())
            await self._audit.record(
                connection,
                actor=actor,
                action="event.rerun_cancel",
                entity=f"event:{event_id}",
                after={"cancelled": number},
            )
            await self._tell(connection, event_id)
        return await self._counts(event_id)

    async def counts(self, event_id: UUID) -> RerunCounts:
        """Return how an event's reruns are.

        Raises:
            EventNotFound: there is none of this id.
        """
        await self._check_event(event_id)
        return await self._counts(event_id)

    async def find_queued_job(self, job_id: UUID) -> Job | None:
        """Return a job whose rerun is queued and that is therefore not open yet."""
        return await self._reruns.find_queued_job(job_id)

    async def _first(self, job_id: UUID) -> Job:
        job = await self._jobs.find(job_id) or await self._reruns.find_queued_job(job_id)
        if job is not None and job.rerun_of is not None:
            job = await self._jobs.find(job.rerun_of)
        if job is None:
            raise JobNotFound
        return job

    async def _check_undone(self, first: Job) -> None:
        if first.status is JobStatus.PENDING:
            raise AlreadyDone("The photo is still being worked on.")
        again = None if first.rerun_by is None else await self._jobs.find(first.rerun_by)
        if JobStatus.DONE in (first.status, again and again.status):
            raise AlreadyDone

    async def _check_event(self, event_id: UUID) -> None:
        if await self._events.find(event_id) is None:
            raise EventNotFound

    async def _counts(self, event_id: UUID) -> RerunCounts:
        return (await self._reruns.counts([event_id]))[event_id]

    async def _tell(self, connection: asyncpg.Connection, event_id: UUID | None) -> None:
        if event_id is not None:
            data = {"event_id": str(event_id), "action": "rerun"}
            await self._live.publish(connection, "event", data)


def _statuses(body: Mapping[str, Any]) -> Sequence[JobStatus]:
    faults = [
        Fault(f"/{escaped(key)}", "Unknown; there is only statuses.")
        for key in body
        if key != "statuses"
    ]
    wanted = body.get("statuses", [status.value for status in RERUNNABLE])
    known = [status.value for status in RERUNNABLE]
    if not isinstance(wanted, list) or not wanted:
        faults.append(Fault("/statuses", "Must be a list of failed, timeout or both."))
        wanted = []
    faults += [
        Fault(f"/statuses/{index}", "Must be failed or timeout.")
        for index, word in enumerate(wanted)
        if word not in known
    ]
    if faults:
        raise ValidationFailed(faults)
    return [status for status in RERUNNABLE if status.value in wanted]
