"""The venue's thin line: all uploads to the fake provider share so many megabits a second."""

from __future__ import annotations

import asyncio
import socket

from tornado.netutil import bind_sockets

RECEIVE_BUFFER_BYTES = 128 * 1024


class Uplink:
    """Lets bytes through no faster than ``mbit`` allows, in the order in which they came.

    Without ``mbit`` nothing is held back.
    """

    def __init__(self, mbit: float | None = None) -> None:
        self._bytes_per_second = mbit * 1_000_000 / 8 if mbit else None
        self._free_at = 0.0

    async def carry(self, size_bytes: int) -> None:
        """Return once so many bytes have had their turn on the line."""
        if self._bytes_per_second is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + size_bytes / self._bytes_per_second
        await asyncio.sleep(self._free_at - now)

    def bind(self, host: str, port: int) -> list[socket.socket]:
        """Open the listening sockets, with receive buffers too small to hide the line."""
        sockets = bind_sockets(port, host)
        if self._bytes_per_second is not None:
            for one in sockets:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        return sockets
