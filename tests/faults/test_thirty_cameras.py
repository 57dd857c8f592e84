"""Thirty cameras at once, with the command that operators rehearse with: nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests.support import started
from tests.support.party import PASSWORD, Party, photo

CAMERAS = 30
WINDOW_SECONDS = 20


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, database_url))
    io_loop.run_sync(lambda: opened.set_settings(sync_response_seconds=WINDOW_SECONDS))
    (tmp_path / "IMG_0042.JPG").write_bytes(photo(1800, 1200, quality=75).data)
    yield opened
    io_loop.run_sync(opened.close)


async def send(party: Party, seconds: float) -> Any:
    """Let thirty cameras send one photo after another for so long; return the summary."""
    command = ("send", "--server", party.url, "--cameras", CAMERAS, "--for-seconds", seconds)
    ran = await asyncio.to_thread(
        partial(
            started.run,
            started.CONTROL,
            *(*command, "--json", party.directory / "IMG_0042.JPG"),
            environment={**os.environ, "PHOTOBOOTH_INGEST_PASSWORD": PASSWORD},
            seconds=seconds + 200,
        )
    )
    return json.loads(ran.stdout)


@pytest.mark.timeout(seconds=400)
async def test_nothing_is_lost(party: Party, pytestconfig: pytest.Config) -> None:
    told = await send(party, pytestconfig.getoption("--load-seconds"))
    assert told["originals"] == 0, told["why_original"]
    assert told["photos"] >= CAMERAS
    assert told["seconds"]["max"] < WINDOW_SECONDS
    await party.nothing_left()
    sent = {shot["job_id"] for shot in told["shots"]}
    jobs = await party.jobs()
    assert {str(job["job_id"]) for job in jobs} == sent
    assert {job["status"] for job in jobs} == {"done"}
    assert len(sent) == len(party.orders()) == told["photos"]


@pytest.mark.timeout(seconds=400)
async def test_whatever_the_provider_does_each_is_told_in_time(
    party: Party, pytestconfig: pytest.Config
) -> None:
    chance = ("no_image", "garbage", "image_safety", "drop", "overloaded", "image", "image")
    for number in range(2000):
        party.provider.script.then(chance[number * 7919 % len(chance)])
    told = await send(party, pytestconfig.getoption("--load-seconds"))
    party.provider.script.clear()
    assert told["seconds"]["max"] < WINDOW_SECONDS
    assert set(told["why_original"]) <= {"502 provider_error", "504 provider_timeout"}
    assert told["pictures"] > 0
    assert all(shot["seconds"] < WINDOW_SECONDS for shot in told["shots"])
    await party.nothing_left()
    jobs = await party.jobs()
    assert len(jobs) == told["photos"]
    assert sum(job["status"] == "done" for job in jobs) == told["pictures"]
