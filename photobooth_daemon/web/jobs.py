"""``/api/jobs``: what happened to each photo."""

from __future__ import annotations

import dataclasses
from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import InvalidRequest, JobNotFound
from photobooth_daemon.model import Job, JobSource, JobStatus
from photobooth_daemon.repositories.job_lists import JobFilter, JobLists
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.slots import is_slot_id
from photobooth_daemon.web.handler import Handler
from photobooth_daemon.web.ingest import result_url
from photobooth_daemon.web.paging import (
    query_text,
    read_choice,
    read_instant,
    read_limit,
    read_time_cursor,
    time_cursor,
    write_page,
)


class JobsHandler(Handler):
    """``/api/jobs``: the history, newest first."""

    permission = "jobs:read"

    def initialize(self, *, jobs: JobLists, clock: Clock, **base: Any) -> None:
        super().initialize(**base)
        self._jobs = jobs
        self._clock = clock

    async def get(self) -> None:
        """Answer with a page of the jobs that match."""
        limit, before = read_limit(self), read_time_cursor(self)
        found = await self._jobs.list_newest(read_filter(self), before, limit + 1)
        write_page(
            self,
            found,
            limit,
            lambda job: job_view(job, self._clock),
            lambda job: time_cursor(job.started_at, job.job_id),
        )


class JobHandler(Handler):
    """``/api/jobs/{job_id}``: the story of one photo."""

    permission = "jobs:read"

    def initialize(self, *, jobs: JobRepository, clock: Clock, **base: Any) -> None:
        super().initialize(**base)
        self._jobs = jobs
        self._clock = clock

    async def get(self, job_id: str) -> None:
        """Answer with everything that is known about a job."""
        job = await self._jobs.find(self.path_uuid(job_id, JobNotFound))
        if job is None:
            raise JobNotFound
        self.write_json(job_view(job, self._clock))


def read_filter(handler: Handler) -> JobFilter:
    """Return which jobs the query asks for.

    Raises:
        InvalidRequest: a parameter has no such value.
    """
    slot_id = query_text(handler, "slot")
    if slot_id is not None and not is_slot_id(slot_id):
        raise InvalidRequest("The parameter slot is one of slot-001 to slot-015.")
    status = read_choice(handler, "status", [status.value for status in JobStatus])
    source = read_choice(handler, "source", [source.value for source in JobSource])
    return JobFilter(
        slot_id=slot_id,
        status=None if status is None else JobStatus(status),
        source=None if source is None else JobSource(source),
        since=read_instant(handler, "since"),
    )


def job_view(job: Job, clock: Clock) -> dict[str, Any]:
    """Return a job as the API gives it; links only while they answer."""
    expires_at = job.result_expires_at
    alive = job.status == JobStatus.DONE and expires_at and expires_at > clock.utcnow()
    url = result_url(job.job_id) if alive else None
    return {
        **dataclasses.asdict(job),
        "created_at": job.started_at,
        "result_url": url,
        "preview_url": f"{url}/preview" if url else None,
    }
