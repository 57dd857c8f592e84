"""Kept originals: the photo as it came, beside its job, where the event wants that."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import StorageFull
from photobooth_daemon.ingest.exchange import Admitted
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Job, Picture

log = logging.getLogger(__name__)


class Originals:
    """Keeps photos before their jobs are opened: files first, then the rows that speak of them."""

    def __init__(self, media_store: MediaStore, clock: Clock) -> None:
        self._media_store = media_store
        self._clock = clock

    async def keep(self, job: Job, photo: Picture, admitted: Admitted) -> Job:
        """Return the job as it is to be opened: with its photo kept, if its event keeps photos.

        A disk that has no room for it is logged: the picture is worth more than the original.
        """
        if not admitted.keeps_original():
            return job
        try:
            await self._media_store.keep_original(job.job_id, photo.path, photo.content_type)
        except (StorageFull, OSError) as error:
            log.error("the original is not kept: %s", error, extra={"job_id": str(job.job_id)})
            return job
        life = timedelta(hours=admitted.result_ttl_hours())
        return replace(job, original_expires_at=self._clock.utcnow() + life)

    async def drop(self, job: Job) -> None:
        """Remove the file of an original that no row speaks of; one that stays is an orphan."""
        if job.original_expires_at is None:
            return
        try:
            await self._media_store.remove_original(job.job_id)
        except OSError:
            log.exception("an original is left to cleanup", extra={"job_id": str(job.job_id)})
