"""Results in people's hands: hidden, shown again, removed by one, or a whole evening's at once.

Rows first, files after: from the commit on every link answers 410, and what a kill leaves on
the disk is an expired object that cleanup removes.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import JobNotFound, ResultNotFound, WrongKey
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import GUEST, Actor, Job, JobStatus
from photobooth_daemon.repositories.result_ends import ResultEnds

AT_ONCE = 100

log = logging.getLogger(__name__)


class ResultService:
    """Ends what the public sees of a job; each step is an audit entry."""

    def __init__(
        self,
        database: Database,
        ends: ResultEnds,
        media_store: MediaStore,
        audit: Audit,
        live: LivePublisher,
        clock: Clock,
    ) -> None:
        self._database = database
        self._ends = ends
        self._media_store = media_store
        self._audit = audit
        self._live = live
        self._clock = clock

    async def set_hidden(self, job_id: UUID, hidden: bool, actor: Actor) -> None:
        """Take a job's picture out of its gallery, or put it back; its own link stays.

        Raises:
            JobNotFound: there is none of this id.
        """
        async with self._database.transaction() as connection:
            jobs = await self._lock(connection, job_id)
            changing = [job.job_id for job in jobs if job.hidden != hidden]
            if not changing:
                return
            await self._ends.set_hidden(connection, changing, hidden)
            await self._audit.record(
                connection,
                actor=actor,
                action="result.hide" if hidden else "result.show",
                entity=f"job:{job_id}",
                before={"hidden": not hidden},
                after={"hidden": hidden},
            )
            await self._tell(connection, jobs, hidden=hidden)

    async def remove(self, job_id: UUID, actor: Actor) -> None:
        """Remove a job's result, preview and original now, with those of its reruns.

        Raises:
            JobNotFound: there is none of this id.
            ResultNotFound: it has none, and never had.
        """
        async with self._database.transaction() as connection:
            jobs = await self._lock(connection, job_id)
            ended = [job for job in jobs if job.status != JobStatus.PENDING]
            if not any(_had_files(job) for job in ended):
                raise ResultNotFound
            if all(job.result_removed_at is not None for job in ended):
                return
            job_ids = [job.job_id for job in ended]
            await self._ends.end(connection, job_ids, self._clock.utcnow())
            await self._audit.record(
                connection, actor=actor, action="result.remove", entity=f"job:{job_id}"
            )
            await self._tell(connection, ended, removed=True)
        await self._remove_files(job_ids)

    async def remove_as_guest(self, job: Job, key: str) -> None:
        """Remove what there is of a job for a guest who has its key; nobody's name is noted.

        Raises:
            WrongKey: it is not this job's, or the job has none.
            JobNotFound, ResultNotFound: as for :meth:`remove`.
        """
        if not opens(job, key):
            raise WrongKey
        await self.remove(job.job_id, Actor(GUEST))

    async def purge(self, event_id: UUID, actor: Actor) -> int:
        """Remove every result, preview and original of an event now; return of how many jobs."""
        removed = 0
        while True:
            async with self._database.transaction() as connection:
                job_ids = await self._ends.list_of_event(connection, event_id, AT_ONCE)
                await self._ends.end(connection, job_ids, self._clock.utcnow())
                removed += len(job_ids)
                if not job_ids:
                    await self._audit.record(
                        connection,
                        actor=actor,
                        action="event.purge",
                        entity=f"event:{event_id}",
                        after={"removed": removed},
                    )
                    await self._live.publish(
                        connection, "event", {"event_id": str(event_id), "action": "purge"}
                    )
                    return removed
            await self._remove_files(job_ids)

    async def _lock(self, connection: asyncpg.Connection, job_id: UUID) -> list[Job]:
        jobs = await self._ends.lock(connection, job_id)
        if not jobs:
            raise JobNotFound
        return jobs

    async def _remove_files(self, job_ids: Sequence[UUID]) -> None:
        gone = []
        for job_id in job_ids:
            try:
                await self._media_store.remove_result(job_id)
                await self._media_store.remove_original(job_id)
            except OSError:
                # The links are dead already.
                log.exception("files are left to cleanup", extra={"job_id": str(job_id)})
            else:
                gone.append(job_id)
        async with self._database.transaction() as connection:
            await self._ends.mark_cleaned(connection, gone, self._clock.utcnow())

    async def _tell(
        self, connection: asyncpg.Connection, jobs: Sequence[Job], **what: bool
    ) -> None:
        for job in jobs:
            await self._live.publish(
                connection,
                "job",
                {
                    "job_id": str(job.job_id),
                    "slot_id": job.slot_id,
                    "source": job.source.value,
                    "status": job.status.value,
                    "event_id": None if job.event_id is None else str(job.event_id),
                    **what,
                },
            )


def opens(job: Job, key: str) -> bool:
    """Return whether ``key`` is the one that a job's guest was given."""
    return job.guest_key is not None and hmac.compare_digest(
        job.guest_key.encode(), key.encode("utf-8", "surrogatepass")
    )


def _had_files(job: Job) -> bool:
    return job.status == JobStatus.DONE or job.original_expires_at is not None
