"""Tells the service manager how this process is doing (sd_notify(3)), in ten lines, no library.

The supervisor of several processes speaks the same protocol to its workers, so
a worker does not know, and need not, which of the two started it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import MutableMapping

REPORTS_PER_WATCHDOG = 3
"""How often the loop reports within the time after which it counts as frozen."""

log = logging.getLogger(__name__)


class Notifier:
    """Sends states to whoever started the process; to nobody where nobody asked."""

    def __init__(self, address: str | None = None, watchdog_seconds: float | None = None) -> None:
        self._address = address
        self.watchdog_seconds = watchdog_seconds

    @classmethod
    def take_from(cls, environment: MutableMapping[str, str]) -> Notifier:
        """Take the address out of the environment, so that children do not report in our place."""
        address = environment.pop("NOTIFY_SOCKET", None)
        watchdog_usec = environment.pop("WATCHDOG_USEC", None)
        environment.pop("WATCHDOG_PID", None)
        return cls(address, int(watchdog_usec) / 1_000_000 if watchdog_usec else None)

    def tell(self, *assignments: str) -> None:
        """Send ``READY=1``, ``STATUS=…`` and the like; a manager that is gone is only logged."""
        if self._address is None:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            try:
                sender.sendto("\n".join(assignments).encode(), address)
            except OSError as error:
                log.warning("the service manager was not told: %s", error.strerror)

    async def feed_watchdog(self) -> None:
        """Report for as long as the loop runs; returns at once where no watchdog waits."""
        if self._address is None or self.watchdog_seconds is None:
            return
        while True:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_seconds / REPORTS_PER_WATCHDOG)
