"""Kept originals and the photos that are made again from them."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import JobNotFound, OriginalNotKept
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.web.files import FileHandler, StoredFile


class OriginalHandler(FileHandler):
    """``/api/jobs/{job_id}/original``: the photo as it came, where its event keeps it."""

    permission = "jobs:read"

    def initialize(
        self, *, jobs: JobRepository, media_store: MediaStore, clock: Clock, **base: Any
    ) -> None:
        super().initialize(**base)
        self._jobs = jobs
        self._media_store = media_store
        self._clock = clock

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
            path=self._media_store.original_path(job.job_id, kind),
            content_type=kind,
            etag=job.input_sha256[:32],
            modified_at=job.started_at,
            max_age_seconds=0,
        )
        await self.send_file(stored, missing=OriginalNotKept)
