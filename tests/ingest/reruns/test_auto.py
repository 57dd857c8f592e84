"""An evening makes its failed photos again by itself once the provider works."""

from __future__ import annotations

import pytest

from photobooth_daemon.rehearsal.fake_script import Lane
from tests.support.fakes import SwiftClock, eventually
from tests.support.reruns import Evening
from tests.support.sample_pictures import jpeg
from tests.web.test_events import EVENTS, SLOT


async def auto(evening: Evening) -> None:
    path = f"{EVENTS}/{evening.event_id}"
    assert (await evening.put(path, {"rerun": "auto"}, If_Match="*")).status == 200


async def test_an_evening_makes_its_photos_again_once_the_provider_works(evening: Evening) -> None:
    await auto(evening)
    failed = await evening.fail(3)
    await evening.app.reruns.settle()
    assert (await evening.reruns())["queued"] == 0
    assert (await evening.guest(failed[0])).status == 202
    await evening.shoot()
    await evening.app.reruns.settle()
    assert (await evening.reruns())["queued"] == 3
    await evening.work()
    assert (await evening.reruns())["done"] == 3
    for job_id in failed:
        assert (await evening.guest(job_id)).status == 200
    (entry,) = (await evening.get("/api/audit?action=event.rerun")).json()["items"]
    assert (entry["actor"], entry["after"]) == ("auto", {"slot": "slot-001", "queued": 3})


async def test_without_cameras_one_photo_goes_ahead(evening: Evening) -> None:
    await auto(evening)
    await evening.fail(3)
    clock = evening.app.clock
    assert isinstance(clock, SwiftClock)
    clock.skipped_seconds += 61
    await evening.app.reruns.settle()
    assert (await evening.reruns())["queued"] == 1
    await evening.work()
    await evening.app.reruns.settle()
    await evening.work()
    assert (await evening.reruns())["done"] == 3


async def test_what_failed_again_by_itself_is_left_alone(evening: Evening) -> None:
    await auto(evening)
    (first,) = await evening.fail()
    await evening.shoot()
    await evening.app.reruns.settle()
    evening.provider.script.then("prompt_blocked")
    await evening.work()
    assert (await evening.reruns())["failed"] == 1
    await evening.shoot()
    await evening.app.reruns.settle()
    assert (await evening.reruns()) == {"queued": 0, "running": 0, "done": 0, "failed": 1}
    assert (await evening.guest(first)).status == 404


async def test_a_broken_photo_is_not_made_again_by_itself(evening: Evening) -> None:
    await auto(evening)
    broken = await evening.shoot(photo=jpeg()[:2000])
    await evening.shoot()
    await evening.app.reruns.settle()
    assert (await evening.reruns())["queued"] == 0
    assert (await evening.guest(broken)).status == 404


@pytest.mark.parametrize("cameras_go_on", [True, False])
async def test_ten_minutes_without_a_provider(evening: Evening, cameras_go_on: bool) -> None:
    await auto(evening)
    await evening.put(SLOT, {"on_failure": "original"}, If_Match="*")
    clock = evening.app.clock
    assert isinstance(clock, SwiftClock)
    evening.provider.script.always("drop")
    evening.provider.script.always("drop", lane=Lane.CHECK)
    for _ in range(20):
        answer = await evening.photograph()
        assert (answer.status, answer.json()["fallback"]) == (200, "original")
        clock.skipped_seconds += 30
        await evening.app.reruns.look()
    # While it was away nothing was sent after the photos that it had lost.
    assert await evening.reruns() == {"queued": 0, "running": 0, "done": 0, "failed": 0}
    lost = [job["job_id"] for job in await evening.fetch("SELECT job_id FROM job_history")]
    assert len(lost) == 20
    for job_id in lost:
        assert (await evening.guest(str(job_id))).status == 202
    evening.provider.script.clear()
    if cameras_go_on:
        assert (await evening.photograph()).json()["fallback"] is None

    async def made_good() -> bool:
        # Rounds of the worker, each some seconds after the other.
        clock.skipped_seconds += 10
        await evening.app.reruns.look()
        return bool((await evening.reruns())["done"] == 20)

    await eventually(made_good, seconds=40, every_seconds=0.1)
    for job_id in lost:
        assert (await evening.guest(str(job_id))).status == 200
        picture = await evening.get(f"/public/results/{job_id}", token=None)
        assert picture.headers["Content-Type"] == "image/jpeg"
        assert picture.status == 200
    assert len(await evening.fetch("SELECT FROM job_history WHERE source = 'rerun'")) == 20
