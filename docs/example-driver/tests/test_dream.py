"""The kit's promises, and what only this service does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from photobooth_dream.dream import DreamDriver

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.rehearsal.driver_kit import DriverCase, examine
from photobooth_daemon.rehearsal.driver_trial import trial


@asynccontextmanager
async def service(status: int = 200) -> AsyncIterator[str]:
    """A Dream service: gives the photo back, or fails."""

    async def dream(request: web.Request) -> web.Response:
        photo = await request.read()
        assert request.query["depth"] == "3"
        if status != 200:
            return web.Response(status=status, text="no")
        return web.Response(body=photo, content_type="image/jpeg", headers={"X-Request-ID": "d-1"})

    async def me(_: web.Request) -> web.Response:
        return web.json_response({"name": "booth"})

    application = web.Application(client_max_size=1 << 26)
    application.add_routes([web.post("/v1/dream", dream), web.get("/v1/me", me)])
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


CASE = DriverCase(DreamDriver, "dream", "dream", {}, serve=service)


def test_it_keeps_the_promises_of_a_driver() -> None:
    report = asyncio.run(examine(CASE))
    assert report.broken == {}
    assert report.not_tried == []


@pytest.mark.parametrize(
    ("status", "reason", "again"),
    [
        (402, Reason.QUOTA, False),
        (422, Reason.REFUSED, None),
        (429, Reason.QUOTA, None),
        (401, Reason.AUTH, None),
        (503, Reason.OVERLOADED, None),
    ],
)
def test_its_failures_have_their_reasons(status: int, reason: Reason, again: bool | None) -> None:
    async def ask() -> AttemptFailed:
        async with service(status) as url, trial(CASE, url) as here:
            await here.attempt(here.request(10))
            assert isinstance(here.failure, AttemptFailed)
            return here.failure

    failure = asyncio.run(ask())
    assert (failure.reason, failure.again) == (reason, again)
