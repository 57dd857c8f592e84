"""What a process does besides serving: recover, look after itself, tell people."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from photobooth_daemon.administration.throttle import Throttle
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.housekeeping.build import Housekeeping
from photobooth_daemon.housekeeping.removals import Removals
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.monitoring.alerts.heartbeat import Heartbeat
from photobooth_daemon.monitoring.alerts.watch import AlertWatch
from photobooth_daemon.monitoring.gauges import Gauges
from photobooth_daemon.monitoring.presence import Presence
from photobooth_daemon.monitoring.troubles import HostTroubles
from photobooth_daemon.monitoring.vitals import Vitals
from photobooth_daemon.tasks import end_tasks

RECOVERY_SECONDS = 60.0
SWEEP_SECONDS = 2.0
VITALS_SECONDS = 10.0
PRESENCE_SECONDS = 5.0
LOOK_SECONDS = 10.0
GAUGES_SECONDS = 2.0

log = logging.getLogger(__name__)


class Operations:
    """The background tasks of one process."""

    def __init__(
        self,
        *,
        housekeeping: Housekeeping,
        throttle: Throttle,
        vitals: Vitals,
        gauges: Gauges,
        presence: Presence,
        troubles: HostTroubles,
        live: LivePublisher,
        watch: AlertWatch,
        heartbeat: Heartbeat | None,
    ) -> None:
        self._housekeeping = housekeeping
        self._throttle = throttle
        self.vitals = vitals
        self._gauges = gauges
        self._presence = presence
        self.troubles = troubles
        self._live = live
        self._watch = watch
        self._heartbeat = heartbeat
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Claim the media tree, rid of what a killed process had in flight; begin the rest."""
        await _survive(self.sweep)
        # Before the first photo: what providers may do is shared with the others.
        await _survive(self.show_presence)
        self._housekeeping.tree_use.share()
        self._begin(_again_and_again(self.recover, RECOVERY_SECONDS))
        self._begin(_again_and_again(self._throttle.sum_up, RECOVERY_SECONDS))
        self._begin(_again_and_again(self.show_presence, PRESENCE_SECONDS))
        self._begin(_again_and_again(self._live.sweep, SWEEP_SECONDS))
        self._begin(_again_and_again(self.vitals.refresh, VITALS_SECONDS))
        self._begin(_again_and_again(self.troubles.refresh, VITALS_SECONDS))
        self._begin(self.vitals.measure_lag())
        self._begin(_again_and_again(self.read_gauges, GAUGES_SECONDS))
        self._watch.start()
        self._begin(_again_and_again(self._watch.look, LOOK_SECONDS))
        if self._heartbeat is not None:
            self._begin(_again_and_again(self._heartbeat.beat, self._heartbeat.pause_seconds))

    async def sweep(self) -> None:
        """Remove the files that killed processes had in flight."""
        await self._housekeeping.recovery.sweep_scratch(Removals())

    async def recover(self) -> None:
        """End the jobs and remove the files of processes that were killed."""
        await self._housekeeping.recovery.run(Removals())

    async def show_presence(self) -> None:
        """Say that this process runs."""
        await self._presence.show()

    async def read_gauges(self) -> None:
        """Set the gauges that a scrape of another process adds to its own."""
        self._gauges.refresh()

    async def close(self) -> None:
        """Stop everything; the media tree is let go."""
        await end_tasks(*self._tasks)
        await _survive(self._presence.leave)
        self._tasks.clear()
        await self._watch.give_up()
        await self._live.close()
        self._housekeeping.tree_use.let_go()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))


async def _again_and_again(step: Callable[[], Awaitable[object]], pause_seconds: float) -> None:
    while True:
        await _survive(step)
        await asyncio.sleep(pause_seconds)


async def _survive(step: Callable[[], Awaitable[object]]) -> None:
    """Do a step; a fault is logged, and the next round tries again."""
    try:
        await step()
    except (PhotoboothError, OSError) as error:
        log.warning("%s: %s", step.__qualname__, error)
    except Exception:  # a loop that ends in silence would be worse than any error
        log.exception("%s failed", step.__qualname__)
