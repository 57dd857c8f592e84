"""Queues an evening's failed photos by itself once their provider works again.

Each photo once. What shows that a provider works is a picture of its own making, newer than the
failure and than every other failure. Where none comes, because no camera sends any more, one
photo is sent ahead when the provider answers, and the others follow when that one comes back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.model import Actor, JobStatus
from photobooth_daemon.model.reruns import LeftPhotos
from photobooth_daemon.providers.driver import ProviderDriver, calls_nobody
from photobooth_daemon.repositories.rerun_queue import RerunQueue
from photobooth_daemon.repositories.slots import SlotRepository

ACTOR = "auto"
LATELY = timedelta(minutes=10)
"""What a provider did before that says nothing about it now."""
AFTER_FAILURE = timedelta(minutes=1)
"""So long after the last failure one photo is sent ahead: the longest cool-down."""
AFTER_FAILED_RERUN = timedelta(minutes=5)

log = logging.getLogger(__name__)


class Revival:
    """Decides when the photos of ``rerun: auto`` events go into the queue."""

    def __init__(
        self,
        *,
        database: Database,
        queue: RerunQueue,
        slot_repository: SlotRepository,
        ladder: Ladder,
        drivers: Mapping[str, ProviderDriver],
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._database = database
        self._queue = queue
        self._slot_repository = slot_repository
        self._ladder = ladder
        self._drivers = drivers
        self._audit = audit
        self._clock = clock

    async def look(self) -> None:
        """Queue what may be made again now."""
        for left in await self._queue.list_left_photos(self._clock.utcnow()):
            await self._look_at(left)

    async def _look_at(self, left: LeftPhotos) -> None:
        slot = await self._slot_repository.find(left.slot_id)
        rungs = () if slot is None else slot.ladder()
        if not rungs or self._ladder.cooldowns.cooling(self._ladder.model_of(rungs[0])):
            return
        now = self._clock.utcnow()
        newest = await self._queue.newest_outcome(rungs[0].provider, now - LATELY)
        if newest is not None and newest[0] is JobStatus.DONE:
            await self._queue_photos(left, now, ended_before=newest[1])
        elif newest is None or newest[1] < now - AFTER_FAILURE:
            quiet = left.rerun_failed_at is None or left.rerun_failed_at < now - AFTER_FAILED_RERUN
            if quiet and not left.being_made and await self._answers(rungs[0].provider):
                await self._queue_photos(left, now, ended_before=now, most=1)

    async def _answers(self, provider: str) -> bool:
        driver = self._drivers.get(provider)
        if driver is None:
            return False
        if calls_nobody(driver):
            return True
        check = await driver.check(None, {})
        return check.ok or check.model_listed is False

    async def _queue_photos(
        self, left: LeftPhotos, now: datetime, *, ended_before: datetime, most: int | None = None
    ) -> None:
        async with self._database.transaction() as connection:
            number = await self._queue.queue_left(connection, left, ACTOR, now, ended_before, most)
            if number:
                await self._audit.record(
                    connection,
                    actor=Actor(ACTOR),
                    action="event.rerun",
                    entity=f"event:{left.event_id}",
                    after={"slot": left.slot_id, "queued": number},
                )
        if number:
            log.info("photos are made again", extra={"slot_id": left.slot_id, "count": number})
