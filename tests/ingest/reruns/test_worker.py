"""Reruns take no camera's place, and each photo is made once whatever process dies."""

from __future__ import annotations

import time
from uuid import UUID, uuid4

from tests.support.fakes import SwiftClock, eventually
from tests.support.reruns import Evening
from tests.web.test_events import EVENTS


async def test_a_rerun_waits_while_a_camera_is_there(evening: Evening) -> None:
    (first,) = await evening.fail()
    await evening.rerun(first)
    seat = evening.app.gate.enter("slot-001", concurrency=4, queue=4)
    await evening.app.reruns.look()
    assert (await evening.reruns())["queued"] == 1
    seat.leave()
    # A camera of another process shows in its open job alone.
    pending = await _pending_job(evening, first)
    await evening.app.reruns.look()
    assert (await evening.reruns())["queued"] == 1
    await evening.execute("DELETE FROM job_history WHERE job_id = $1", pending)
    await evening.work()
    assert (await evening.reruns())["done"] == 1


async def test_two_at_once_and_no_camera_s_place(evening: Evening) -> None:
    await evening.fail(4)
    await evening.call("POST", f"{EVENTS}/{evening.event_id}/rerun")
    evening.provider.script.always("image", delay_seconds=2.0)
    await evening.app.reruns.look()
    await eventually(lambda: evening.app.gate.seats() == 2)
    assert evening.app.gate.figures().slots == {}
    assert await evening.app.reruns.begin() == 0
    assert await evening.reruns() == {"queued": 2, "running": 2, "done": 0, "failed": 0}
    evening.provider.script.clear()
    await evening.work()
    assert (await evening.reruns())["done"] == 4


async def test_beside_cameras_of_other_slots_one_at_a_time(evening: Evening) -> None:
    await evening.fail(3)
    await evening.call("POST", f"{EVENTS}/{evening.event_id}/rerun")
    clock = evening.app.clock
    assert isinstance(clock, SwiftClock)
    seat = evening.app.gate.enter("slot-002", concurrency=4, queue=4)
    assert await evening.app.reruns.begin() == 1
    assert await evening.app.reruns.begin() == 0
    clock.skipped_seconds += 6
    assert await evening.app.reruns.begin() == 1
    seat.leave()
    await evening.work()
    assert (await evening.reruns())["done"] == 3


async def test_what_a_killed_process_left_is_taken_up_three_times(evening: Evening) -> None:
    (first,) = await evening.fail()
    await evening.rerun(first)
    ids = set()
    for attempt in (1, 2, 3):
        (row,) = await evening.fetch(
            "UPDATE rerun SET state = 'running', attempts = $1,"
            " claimed_at = now() - interval '1 minute' RETURNING rerun_job_id",
            attempt,
        )
        ids.add(row["rerun_job_id"])
        await evening.app.reruns.settle()
    assert len(ids) == 3
    (row,) = await evening.fetch("SELECT state, error FROM rerun")
    assert (row["state"], row["error"]) == ("failed", "interrupted")


async def test_one_that_was_done_before_the_kill_is_done(evening: Evening) -> None:
    (first,) = await evening.fail()
    await evening.rerun(first)
    await evening.work()
    await evening.execute("UPDATE rerun SET state = 'running'")
    await evening.execute("UPDATE job_history SET finished_at = now() - interval '1 minute'")
    await evening.app.reruns.settle()
    assert (await evening.reruns())["done"] == 1


async def test_two_processes_never_make_one_photo(evening: Evening) -> None:
    """The one that was thought dead comes back: its job is not opened any more."""
    (first,) = await evening.fail()
    again = await evening.rerun(first)
    asked = len(evening.provider.log.requests)
    queue = evening.app.reruns._queue
    now = evening.app.clock.utcnow()
    rerun = await queue.claim(now, ["slot-001"], 2, cameras_here=False)
    assert rerun is not None
    await evening.execute("UPDATE rerun SET claimed_at = now() - interval '1 minute'")
    await evening.app.reruns.settle()
    await evening.app.reruns._run(rerun)
    assert len(evening.provider.log.requests) == asked
    assert (await evening.job(first))["rerun_by"] != again
    await evening.work()
    assert (await evening.reruns())["done"] == 1
    assert len(await evening.fetch("SELECT FROM job_history WHERE source = 'rerun'")) == 1


async def _pending_job(evening: Evening, like: str) -> UUID:
    job_id = uuid4()
    await evening.execute(
        """
        INSERT INTO job_history (job_id, slot_id, slot_version, source, status, client_fields,
               input_content_type, input_width, input_height, input_size_bytes, input_sha256,
               started_at, deadline_at)
        SELECT $2, slot_id, slot_version, 'ingest', 'pending', client_fields, input_content_type,
               input_width, input_height, input_size_bytes, input_sha256, now(),
               now() + interval '1 hour'
          FROM job_history WHERE job_id = $1
        """,
        UUID(like),
        job_id,
    )
    return job_id


async def test_a_rerun_gives_the_only_place_to_a_camera(evening: Evening) -> None:
    reply = await evening.put("/api/settings", {"provider_concurrency": 1}, If_Match="*")
    assert reply.status == 200, reply.body
    (first,) = await evening.fail()
    again = await evening.rerun(first)
    evening.provider.script.then("image", delay_seconds=20)
    asked = len(evening.provider.log.requests)
    await evening.app.reruns.look()
    await eventually(lambda: len(evening.provider.log.requests) > asked)
    begun = time.monotonic()
    camera = await evening.shoot()
    assert time.monotonic() - begun < 10
    assert (await evening.job(camera))["status"] == "done"
    await eventually(lambda: _is_queued(evening))
    left = await evening.job(again)
    assert (left["status"], left["failure_code"]) == ("failed", "gave_way")
    (attempt,) = left["attempts"]
    assert attempt["reason"] == "cancelled"
    assert attempt["message"] == "A camera needed the place at the provider."
    (row,) = await evening.fetch("SELECT attempts, rerun_job_id FROM rerun")
    assert (row["attempts"], str(row["rerun_job_id"]) == again) == (0, False)
    assert (await evening.job(first))["rerun_by"] == str(row["rerun_job_id"])
    assert (await evening.guest(first)).status == 202
    # It may have cost money: not again while cameras are about.
    assert await evening.app.reruns.begin() == 0
    clock = evening.app.clock
    assert isinstance(clock, SwiftClock)
    clock.skipped_seconds += 61
    await evening.work()
    assert (await evening.guest(first)).status == 200


async def test_one_that_gave_way_before_the_kill_is_queued_again(evening: Evening) -> None:
    (first,) = await evening.fail()
    again = await evening.rerun(first)
    evening.provider.script.always("prompt_blocked")
    await evening.work()
    evening.provider.script.clear()
    await evening.execute("UPDATE rerun SET state = 'running', error = NULL")
    await evening.execute(
        "UPDATE job_history SET failure_code = 'gave_way', provider_code = NULL,"
        " finished_at = now() - interval '1 minute' WHERE job_id = $1",
        UUID(again),
    )
    await evening.app.reruns.settle()
    assert (await evening.reruns())["queued"] == 1
    await evening.work()
    assert (await evening.guest(first)).status == 200


async def _is_queued(evening: Evening) -> bool:
    return bool((await evening.reruns())["queued"] == 1)


async def test_reruns_are_counted_as_they_end(evening: Evening) -> None:
    def ended(outcome: str) -> float:
        return float(evening.app.metrics.reruns_total.labels(outcome)._value.get())

    async def queued() -> float:
        await evening.app.operations.vitals.refresh()
        [family] = evening.app.metrics.reruns_queued.collect()
        return float(family.samples[0].value)

    first, second = await evening.fail(2)
    await evening.rerun(first)
    assert await queued() == 1
    await evening.work()
    assert (ended("done"), ended("failed"), await queued()) == (1, 0, 0)
    evening.provider.script.always("prompt_blocked")
    await evening.rerun(second)
    await evening.work()
    assert (ended("done"), ended("failed")) == (1, 1)
