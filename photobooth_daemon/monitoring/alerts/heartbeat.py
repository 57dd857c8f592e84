"""A sign of life for an outside watcher: it raises the alarm when this one stops coming."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import aiohttp

from photobooth_daemon.metrics.series import Metrics

_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)

log = logging.getLogger(__name__)


class Heartbeat:
    """Asks for a URL every minute, as long as photos can be taken."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        pause_seconds: float,
        well: Callable[[], Awaitable[bool]],
        metrics: Metrics,
    ) -> None:
        self._session = session
        self._url = url
        self.pause_seconds = pause_seconds
        self._well = well
        self._metrics = metrics

    async def beat(self) -> bool:
        """Beat once; return whether the watcher has heard it."""
        if not await self._well():
            return False
        try:
            async with self._session.get(self._url, timeout=_TIMEOUT) as answer:
                heard = answer.status // 100 == 2
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("heartbeat not heard", extra={"error": type(error).__name__})
            heard = False
        outcome = "success" if heard else "failure"
        self._metrics.alerts_sent_total.labels("heartbeat", outcome).inc()
        return heard
