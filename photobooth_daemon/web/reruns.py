"""Kept originals and the photos that are made again from them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from photobooth_daemon.administration.reruns import RerunService
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import EventNotFound, JobNotFound, OriginalNotKept
from photobooth_daemon.media.keys import original_key
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model.reruns import rerun_view
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.files import FileHandler, StoredFile
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.problems import OF_A_RERUN


class OriginalHandler(FileHandler):
    """``/api/jobs/{job_id}/original``: the photo as it came, where its event keeps it."""

    permission = "jobs:read"

    def initialize(
        self, base: Base, *, jobs: JobRepository, media_store: MediaStore, clock: Clock
    ) -> None:
        super().initialize(base)
        self._jobs = jobs
        self._media_store = media_store
        self._clock = clock

    @unless_refused
    async def get(self, job_id: str) -> None:
        """Answer with the file."""
        job = await self._jobs.find(self.path_uuid(job_id, JobNotFound))
        if job is None:
            raise JobNotFound
        now = self._clock.utcnow()
        if job.original_expires_at is None or job.original_expires_at <= now:
            raise OriginalNotKept
        kind = job.input_content_type
        name = f"{job.job_id}-original.{EXTENSIONS[kind]}"
        self.set_header("Content-Disposition", f'inline; filename="{name}"')
        stored = StoredFile(
            key=original_key(job.job_id, kind),
            content_type=kind,
            etag=job.input_sha256[:32],
            modified_at=job.started_at,
            max_age_seconds=0,
        )
        await self.send_file(self._media_store, stored, missing=OriginalNotKept)


class JobRerunHandler(Handler):
    """``/api/jobs/{job_id}/rerun``: this photo once more."""

    permission = "jobs:write"
    statuses = OF_A_RERUN

    def initialize(self, base: Base, *, reruns: RerunService) -> None:
        super().initialize(base)
        self._reruns = reruns

    @unless_refused
    async def post(self, job_id: str) -> None:
        """Queue it; the answer names the job that will be it."""
        found = self.path_uuid(job_id, JobNotFound)
        self.write_json(
            {"job_id": await self._reruns.request(found, self.actor())}, HTTPStatus.ACCEPTED
        )


class EventRerunHandler(Handler):
    """``/api/events/{event_id}/rerun``: what is made again of an evening."""

    permission: ClassVar[Mapping[str, str]] = {
        "GET": "events:read",
        "POST": "events:write",
        "DELETE": "events:write",
    }

    def initialize(self, base: Base, *, reruns: RerunService) -> None:
        super().initialize(base)
        self._reruns = reruns

    @unless_refused
    async def get(self, event_id: str) -> None:
        """Answer with how the reruns are."""
        counts = await self._reruns.counts(self.path_uuid(event_id, EventNotFound))
        self.write_json({"rerun": rerun_view(counts)})

    @unless_refused
    async def post(self, event_id: str) -> None:
        """Queue what has an original and no picture."""
        found = self.path_uuid(event_id, EventNotFound)
        body = self.read_json_object() if self.body.data else None
        counts = await self._reruns.request_event(found, body, self.actor())
        self.write_json({"rerun": rerun_view(counts)}, HTTPStatus.ACCEPTED)

    @unless_refused
    async def delete(self, event_id: str) -> None:
        """Empty the queue; what runs goes on."""
        found = self.path_uuid(event_id, EventNotFound)
        await self._reruns.cancel_event(found, self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)
