"""SIGTERM with photos in flight: each is answered, and what comes meanwhile is the successor's."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.fakes import eventually
from tests.party import Party, photo


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, database_url))
    yield opened
    io_loop.run_sync(opened.close)


async def test_photos_in_flight_are_answered_before_the_end(party: Party) -> None:
    await party.set_settings(slot_concurrency=2)
    party.provider.script.always("image", delay_seconds=1.5)
    sending = party.begin(party.shoot(5))
    uploading = party.begin(party.camera(9, upload_bytes_per_second=200_000).take(photo()))
    await party.asked(2)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert [shot.why_original for shot in await sending] == [None] * 5
    assert (await uploading).why_original is None
    assert await asyncio.to_thread(process.wait, 60) == 0
    party.provider.script.clear()
    await party.start()
    await party.nothing_left()
    assert len(await party.jobs("done")) == 6


async def test_a_camera_that_connects_meanwhile_waits_and_is_served(party: Party) -> None:
    party.provider.script.then("image", delay_seconds=2)
    before = party.begin(party.shoot())
    await party.asked(1)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    await eventually(lambda: party.daemon.events("draining"))
    meanwhile = party.begin(party.camera(2).take(photo()))
    await asyncio.sleep(0.3)
    assert not meanwhile.done()
    party.daemon.start()
    assert [shot.why_original for shot in await before] == [None]
    assert (await meanwhile).why_original is None
    assert await asyncio.to_thread(process.wait, 60) == 0
    await party.ready()
    await party.nothing_left()


async def test_a_provider_that_hangs_does_not_outlast_the_window(party: Party) -> None:
    await party.set_settings(sync_response_seconds=3)
    party.provider.script.always("hang")
    sending = party.begin(party.shoot(2))
    await party.asked(2)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert {shot.why_original for shot in await sending} == {"504 provider_timeout"}
    assert await asyncio.to_thread(process.wait, 20) == 0
    party.provider.script.clear()
    await party.start()
    await party.nothing_left()
    assert len(await party.jobs("timeout")) == 2
