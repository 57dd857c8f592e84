"""Three daemons on one database: what protects providers and purses holds for all together."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import partial

import pytest
from tornado.httpclient import AsyncHTTPClient

from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.hosts import another, shoot_at, start
from tests.support.party import Party

LOCAL = {"provider": "local", "operation": "look", "params": {}}
PHOTOS = 45
AFFORDABLE = 15


@pytest.fixture
def daemons(party: Party) -> Iterator[tuple[Daemon, ...]]:
    """``one``, and two that are not started."""
    others = [another(party, name) for name in ("two", "three")]
    yield party.daemon, *others
    for other in others:
        other.close()


@pytest.mark.timeout(seconds=400)
async def test_a_cost_cap_holds_for_photos_of_one_moment(
    party: Party, daemons: tuple[Daemon, ...]
) -> None:
    await party.set_settings(slot_concurrency=PHOTOS, slot_queue=PHOTOS, provider_concurrency=90)
    await start(party, *daemons[1:])
    assert (await shoot_at(party.daemon, 1)).why_original is None
    (first,) = await party.jobs("done")
    cap = first["cost"] * (1 + AFFORDABLE)
    await party.set_settings(cost_cap_per_day=float(cap))
    party.provider.script.always("image", delay_seconds=3)
    await asyncio.gather(*(shoot_at(daemons[n % 3], n) for n in range(1, PHOTOS + 1)))
    spent = sum(job["cost"] or 0 for job in await party.jobs())
    assert 0.9 <= spent / cap <= 1.1
    refused = [job["provider_code"] for job in await party.jobs("failed")]
    assert refused.count("quota") >= PHOTOS / 2
    (counted,) = await party.fetch("SELECT sum(cost) AS cost FROM job_spending")
    assert counted["cost"] == spent


@pytest.mark.timeout(seconds=400)
async def test_a_provider_that_refuses_one_is_left_alone_by_all(
    party: Party, daemons: tuple[Daemon, ...]
) -> None:
    await party.set_slot(fallback=[LOCAL])
    await start(party, *daemons[1:])
    party.provider.script.always("bad_key")
    assert (await shoot_at(party.daemon, 1)).why_original is None
    assert len(party.orders()) == 1

    async def known_to(daemon: Daemon) -> bool:
        url = f"http://127.0.0.1:{daemon.port}/metrics"
        text = (await AsyncHTTPClient().fetch(url)).body.decode()
        return bool(re.search(r"^photobooth_provider_cooling_down\{.*\} 1\.0$", text, re.M))

    for daemon in daemons:
        await eventually(partial(known_to, daemon))
    shots = await asyncio.gather(*(shoot_at(daemon, 2) for daemon in daemons))
    assert {shot.why_original for shot in shots} == {None}
    assert len(party.orders()) == 1
