"""Cameras that go away, at every point of a photo's way, and others that must not suffer for it."""

from __future__ import annotations

import asyncio

from tests.support.fakes import eventually
from tests.support.party import Party, photo


async def test_hanging_up_while_uploading_leaves_no_job(party: Party) -> None:
    big = photo(2400, 1600)
    cameras = [
        party.camera(number, hang_up_after_bytes=share * len(big.data) // 10)
        for number, share in enumerate((0, 1, 5, 9), 1)
    ]
    shots = await asyncio.gather(*(camera.take(big) for camera in cameras))
    assert {shot.why_original for shot in shots} == {"hung up"}
    await party.nothing_left()
    assert await party.jobs() == []
    assert party.orders() == []


async def test_hanging_up_while_processing_leaves_the_result_in_the_gallery(party: Party) -> None:
    party.provider.script.always("image", delay_seconds=2)
    shots = await party.shoot(3, timeout_seconds=1)
    assert {shot.why_original for shot in shots} == {"client timeout"}
    await eventually(lambda: _count_is(party, 3, "done"))
    await party.nothing_left()
    for job in await party.jobs("done"):
        result = await party.get(f"/public/results/{job['job_id']}")
        assert (result.code, len(result.body)) == (200, job["result_size_bytes"])


async def test_hanging_up_while_waiting_for_a_place_keeps_the_photos_turn(party: Party) -> None:
    await party.set_settings(slot_concurrency=1)
    party.provider.script.then("image", delay_seconds=3)
    first = party.begin(party.camera(1).take(photo()))
    await party.asked(1)
    impatient = party.begin(party.camera(2, timeout_seconds=1).take(photo()))
    patient = party.begin(party.camera(3).take(photo()))
    assert (await impatient).why_original == "client timeout"
    assert (await first).why_original is None
    assert (await patient).why_original is None
    await eventually(lambda: _count_is(party, 3, "done"))
    await party.nothing_left()


async def test_slow_uploads_do_not_hold_up_the_others(party: Party) -> None:
    await party.set_settings(slot_concurrency=1)
    slow = [
        party.begin(party.camera(number, upload_bytes_per_second=80_000).take(photo(900, 600)))
        for number in (1, 2, 3)
    ]
    await asyncio.sleep(0.3)
    quick = await party.camera(4).take(photo(300, 200))
    assert quick.why_original is None
    assert not any(task.done() for task in slow)
    assert [(await task).why_original for task in slow] == [None] * 3
    await party.nothing_left()


async def test_the_body_comes_without_its_permission(party: Party) -> None:
    shots = await party.shoot(2, expect_continue=False)
    assert [shot.why_original for shot in shots] == [None, None]
    assert not any(shot.asked_to_continue for shot in shots)
    await party.nothing_left()


async def _count_is(party: Party, count: int, status: str) -> bool:
    return len(await party.jobs(status)) == count
