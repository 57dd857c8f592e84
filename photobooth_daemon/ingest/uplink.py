"""How fast photos leave the building, provider by provider, as the kernel has seen it.

A venue's line is often the narrowest part of the way: behind one of 20 Mbit/s a
smaller picture saves more time than making it costs; on a fast one it is the other
way round. Linux keeps for each connection how long it was busy sending and
how much was acknowledged; a line that nobody has measured yet counts as fast.
"""

from __future__ import annotations

import socket
import struct
from collections import defaultdict
from types import SimpleNamespace

import aiohttp

from photobooth_daemon.running_mean import RunningMean

FAST_BYTES_PER_SECOND = 12_500_000
"""100 Mbit/s: what scaling a small photo down would save is sent in a few milliseconds."""
LEAST_BYTES = 100_000
"""A connection that carried less tells nothing about photos."""
_NEW_SHARE = 0.3
_CLOCK_TICK_US = 4_000

# struct tcp_info of linux/tcp.h, which only ever grows at its end.
_BYTES_ACKED = struct.Struct("=120xQ")
_BUSY_US = struct.Struct("=168xQ")
_INFO_BYTES = 176


class Uplink:
    """Remembers how fast each provider's connections were."""

    def __init__(self) -> None:
        self._seconds_per_byte: defaultdict[str, RunningMean] = defaultdict(
            lambda: RunningMean(_NEW_SHARE)
        )

    def is_slow(self, provider: str) -> bool:
        """Return whether bytes on the way to this provider are worth saving."""
        return (self._seconds_per_byte[provider].value or 0.0) * FAST_BYTES_PER_SECOND > 1

    def observe(self, provider: str, sent_bytes: int, busy_seconds: float) -> None:
        """Take in how long a connection was busy with sending so much."""
        if sent_bytes >= LEAST_BYTES:
            self._seconds_per_byte[provider].add(busy_seconds / sent_bytes)

    def tracing(self) -> aiohttp.TraceConfig:
        """Return what makes a session report here; calls name their provider as request context."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._request_ended)
        return trace

    async def _request_ended(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        ended: aiohttp.TraceRequestEndParams,
    ) -> None:
        provider = getattr(context, "trace_request_ctx", None)
        connection = ended.response.connection
        if provider is None or connection is None or connection.transport is None:
            return
        carried = _carried(connection.transport.get_extra_info("socket"))
        if carried is not None:
            self.observe(provider, *carried)


def _carried(connection: socket.socket | None) -> tuple[int, float] | None:
    """Return what a connection has sent and how long that took; None where nobody counts."""
    if connection is None or not hasattr(socket, "TCP_INFO"):
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
    except OSError:
        return None
    if len(info) < _INFO_BYTES:
        return None
    (sent_bytes,) = _BYTES_ACKED.unpack_from(info)
    (busy_us,) = _BUSY_US.unpack_from(info)
    # The kernel counts in ticks: what took none took part of one.
    return sent_bytes, max(busy_us, _CLOCK_TICK_US) / 1e6
