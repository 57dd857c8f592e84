"""``/api/jobs``: what happened to each photo."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from photobooth_daemon.administration.reruns import RerunService
from photobooth_daemon.administration.results import ResultService
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import Fault, InvalidRequest, JobNotFound, NotFound, ValidationFailed
from photobooth_daemon.model import JobSource, JobStatus
from photobooth_daemon.model.job_view import job_story_view, job_view
from photobooth_daemon.model.jobs import JobFilter
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from photobooth_daemon.repositories.slots import is_slot_id
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
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

    def initialize(self, base: Base, *, jobs: JobLists, clock: Clock) -> None:
        super().initialize(base)
        self._jobs = jobs
        self._clock = clock

    @unless_refused
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

    def initialize(
        self,
        base: Base,
        *,
        jobs: JobRepository,
        reruns: RerunService,
        live_messages: LiveMessageRepository,
        clock: Clock,
    ) -> None:
        super().initialize(base)
        self._jobs = jobs
        self._reruns = reruns
        self._live_messages = live_messages
        self._clock = clock

    @unless_refused
    async def get(self, job_id: str) -> None:
        """Answer with everything that is known about a job."""
        found = self.path_uuid(job_id, JobNotFound)
        # One that is queued to be made again has an id already.
        job = await self._jobs.find(found) or await self._reruns.find_queued_job(found)
        if job is None:
            raise JobNotFound
        prompts = await self._jobs.list_prompts(found)
        told = None
        if job.status == JobStatus.PENDING:
            told = await self._live_messages.find_attempt(found)
        self.write_json(job_story_view(job, prompts, self._clock, told))


class VisibilityHandler(Handler):
    """``/api/jobs/{job_id}/visibility``: whether a gallery shows the picture."""

    permission = "jobs:write"

    def initialize(self, base: Base, *, results: ResultService) -> None:
        super().initialize(base)
        self._results = results

    @unless_refused
    async def put(self, job_id: str) -> None:
        """Hide or show it; its own link stays."""
        body = self.read_json_object()
        faults = [
            Fault(f"/{escaped(key)}", "Unknown; there is only hidden.")
            for key in body
            if key != "hidden"
        ]
        if not isinstance(body.get("hidden"), bool):
            faults.append(Fault("/hidden", "Must be true or false."))
        if faults:
            raise ValidationFailed(faults)
        found = self.path_uuid(job_id, JobNotFound)
        await self._results.set_hidden(found, body["hidden"], self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class ResultRemovalHandler(Handler):
    """``/api/jobs/{job_id}/result``."""

    permission = "jobs:write"

    def initialize(self, base: Base, *, results: ResultService) -> None:
        super().initialize(base)
        self._results = results

    @unless_refused
    async def delete(self, job_id: str) -> None:
        """Remove result, preview and original now."""
        await self._results.remove(self.path_uuid(job_id, JobNotFound), self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


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
        event_id=read_event_id(handler),
    )


def read_event_id(handler: Handler) -> UUID | None:
    """Return which event the query asks for; one that there is not has nothing.

    Raises:
        InvalidRequest: it is no event's id.
    """
    text = query_text(handler, "event")
    try:
        return None if text is None else handler.path_uuid(text)
    except NotFound as error:
        raise InvalidRequest("The parameter event is an event's id.") from error
