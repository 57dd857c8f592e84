"""How many calls a photo may cost, and how many photos are asked for at once, by default."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from tests.support.booth import Booth

GEMINI = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
OPENAI = {"provider": "openai", "operation": "edit", "params": {"prompt": "smile"}}
BOOTHS = [f"slot-{number:03d}" for number in range(1, 16)]


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Booth]:
    """The usual one, on the default settings, with a second provider."""
    opened: Booth = io_loop.run_sync(
        lambda: Booth.open(database, tmp_path, providers={"openai": {}})
    )
    yield opened
    io_loop.run_sync(opened.close)


@pytest.mark.parametrize(
    "behaviour", ["no_image", "image_safety", "prompt_blocked", "not_a_picture", "garbage", "drop"]
)
@pytest.mark.parametrize("fallback", [[], [OPENAI], [OPENAI, GEMINI, OPENAI]], ids=len)
async def test_a_photo_that_nobody_can_paint_ends_soon_and_costs_little(
    booth: Booth, behaviour: str, fallback: list[Any]
) -> None:
    booth.provider.script.always(behaviour)
    await booth.configure_slot(fallback=fallback)
    answer = await booth.post()
    assert (answer.status, answer.code) == (502, "provider_error")
    attempts = (await booth.the_job())["attempts"]
    # Pauses count, by the clock that skips them; each call may take what was seen of such answers.
    pauses_ms = attempts[-1]["started_ms"] - sum(a["duration_ms"] for a in attempts[:-1])
    assert pauses_ms + 1300 * len(attempts) < 20_000
    assert len(booth.provider.log.requests) == len(attempts) <= 8
    await booth.nothing_left()


@pytest.mark.parametrize("fallback", [[], [OPENAI], [OPENAI, GEMINI, OPENAI]], ids=len)
async def test_an_overloaded_provider_is_asked_seldom_and_as_long_as_there_is_time(
    booth: Booth, fallback: list[Any]
) -> None:
    booth.provider.script.always("overloaded")
    await booth.configure_settings(sync_response_seconds=14)
    await booth.configure_slot(fallback=fallback)
    answer = await booth.post()
    assert (answer.status, answer.code) == (502, "provider_error")
    job = await booth.the_job()
    attempts = job["attempts"]
    assert {attempt["reason"] for attempt in attempts} == {"overloaded"}
    assert len(booth.provider.log.requests) == len(attempts) <= 8
    assert job["timings"]["total_ms"] < 14_000
    # It may have room again at any moment: after 1, 2 and 4 s, the next 8 being too many.
    assert fallback or (len(attempts) == 4 and attempts[-1]["started_ms"] > 6_900)
    await booth.nothing_left()


async def test_fifteen_cameras_are_at_the_provider_together(booth: Booth) -> None:
    for slot_id in BOOTHS:
        await booth.configure_slot(slot_id, **GEMINI)
    booth.provider.script.always("image", delay_seconds=4)
    answers = await asyncio.gather(
        *(booth.post(path=f"/api/ingest/{slot_id}") for slot_id in BOOTHS)
    )
    assert [answer.status for answer in answers] == [200] * len(BOOTHS)
    assert booth.provider.log.peak_in_flight == len(BOOTHS)
    assert max(answer.json()["timings"]["wait_ms"] for answer in answers) < 1000
    await booth.nothing_left()
