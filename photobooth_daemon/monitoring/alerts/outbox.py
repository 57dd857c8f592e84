"""Sends each notification through each channel until it arrives or is too old to matter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.alerts import Notification
from photobooth_daemon.monitoring.alerts.channels import Channel, NotSentError
from photobooth_daemon.tasks import end_tasks

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
TRIES = 20
MOST_WAITING = 50
FAREWELL_SECONDS = 3.0

log = logging.getLogger(__name__)


class Outbox:
    """A queue for each channel, so that a dead mail server does not hold up the webhook."""

    def __init__(self, channels: Sequence[Channel], metrics: Metrics) -> None:
        self._metrics = metrics
        self._queues: dict[str, asyncio.Queue[Notification]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._channels = {channel.name: channel for channel in channels}

    def start(self) -> None:
        """Begin to send."""
        for name in self._channels.keys() - self._queues.keys():
            self._queues[name] = asyncio.Queue()
            self._tasks[name] = asyncio.create_task(self._send_all(name, self._queues[name]))

    async def use(self, channels: Sequence[Channel]) -> None:
        """Send through these from now on; what waits for one that stays goes out by it."""
        self._channels = {channel.name: channel for channel in channels}
        for name in self._queues.keys() - self._channels.keys():
            del self._queues[name]
            await end_tasks(self._tasks.pop(name))
        self.start()

    @property
    def has_channels(self) -> bool:
        """Return whether anybody would be told."""
        return bool(self._channels)

    def put(self, notification: Notification) -> None:
        """Have it sent through every channel; where too many wait, the oldest is dropped."""
        for name, queue in self._queues.items():
            if queue.qsize() >= MOST_WAITING:
                queue.get_nowait()
                queue.task_done()
                log.error("notification dropped", extra={"channel": name})
            queue.put_nowait(notification)

    async def close(self) -> None:
        """Give what waits a moment to get out, then stop."""
        waiting = [asyncio.create_task(queue.join()) for queue in self._queues.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=FAREWELL_SECONDS)
        await end_tasks(*waiting, *self._tasks.values())

    async def _send_all(self, name: str, queue: asyncio.Queue[Notification]) -> None:
        while True:
            notification = await queue.get()
            try:
                await self._send(name, notification)
            except Exception:  # a channel that falls silent would be worse than any error
                self._metrics.alerts_sent_total.labels(name, "failure").inc()
                log.exception("notification lost", extra={"channel": name})
            finally:
                queue.task_done()

    async def _send(self, name: str, notification: Notification) -> None:
        pause = FIRST_PAUSE_SECONDS
        for attempt in range(1, TRIES + 1):
            try:
                # It may have been set up anew since the last try.
                await self._channels[name].send(notification)
            except NotSentError as error:
                self._metrics.alerts_sent_total.labels(name, "failure").inc()
                log.warning(
                    "notification not sent",
                    extra={"channel": name, "error": str(error), "attempt": attempt},
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            self._metrics.alerts_sent_total.labels(name, "success").inc()
            log.info(
                "notification sent",
                extra={
                    "channel": name,
                    "firing": [alert.name for alert in notification.firing],
                    "recovered": [alert.name for alert in notification.recovered],
                },
            )
            return
        log.error("notification given up", extra={"channel": name})
