"""A slow line is noticed by the first photo that it carries."""

from __future__ import annotations

import sys

import aiohttp
import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.ingest.uplink import FAST_BYTES_PER_SECOND, LEAST_BYTES, Uplink
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.providers.http import ProviderHttp
from photobooth_daemon.rehearsal.fake_picture import PreparedPainter
from photobooth_daemon.rehearsal.fake_provider import FakeProvider


async def send(uplink: Uplink, uplink_mbit: float | None, size_bytes: int) -> None:
    provider = FakeProvider(painter=PreparedPainter(300), uplink_mbit=uplink_mbit)
    url = provider.start()
    try:
        async with aiohttp.ClientSession(trace_configs=[uplink.tracing()]) as session:
            http = ProviderHttp(ProviderConfig("gemini"), session, default_base_url=url)
            await http.post(
                "/v1beta/models/gemini-3-pro-image:generateContent",
                deadline=Deadline.after(Clock(), 60),
                headers={"x-goog-api-key": "any"},
                data=b"x" * size_bytes,
            )
    finally:
        await provider.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts")
@pytest.mark.parametrize(("uplink_mbit", "slow"), [(10, True), (None, False)])
async def test_the_line_is_measured_by_what_it_carries(uplink_mbit, slow):
    uplink = Uplink()
    assert not uplink.is_slow("gemini")
    await send(uplink, uplink_mbit, 600_000)
    assert uplink.is_slow("gemini") is slow
    assert not uplink.is_slow("openai")


async def test_small_requests_tell_nothing():
    uplink = Uplink()
    await send(uplink, 10, LEAST_BYTES // 2)
    assert not uplink.is_slow("gemini")


async def test_a_line_that_changes_is_noticed():
    uplink = Uplink()
    uplink.observe("gemini", 1_000_000, 1_000_000 / FAST_BYTES_PER_SECOND / 2)
    assert not uplink.is_slow("gemini")
    uplink.observe("gemini", 1_000_000, 0.4)
    assert uplink.is_slow("gemini")
    for _ in range(20):
        uplink.observe("gemini", 1_000_000, 0.01)
    assert not uplink.is_slow("gemini")
