"""Photos made again from their originals: by hand, for an evening, by themselves; cameras first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from photobooth_daemon.rehearsal.fake_script import Lane
from tests.support.fakes import SwiftClock, eventually
from tests.support.office import KEY, Office
from tests.support.sample_pictures import jpeg
from tests.web.test_events import EVENTS, SLOT, planned

PAINTED = {
    "provider": "gemini",
    "operation": "edit",
    "params": {"prompt": "smile"},
    "enabled": True,
}
SIMPLE = {"frozen": False, "keep_originals": "failed"}


class Evening(Office):
    """A daemon whose provider can be told to fail, and its evening."""

    provider: FakeProvider
    event_id: str

    async def shoot(self, slot_id: str = "slot-001", **options: Any) -> str:
        """Send a photo and return its job."""
        answer = await self.photograph(slot_id, **options)
        return str(answer.json()["job_id"])

    async def fail(self, number: int = 1) -> list[str]:
        """Send photos of which nothing comes, and let the provider be well again."""
        self.provider.script.always("prompt_blocked")
        jobs = [await self.shoot() for _ in range(number)]
        self.provider.script.clear()
        return jobs

    async def job(self, job_id: str) -> Any:
        return (await self.get(f"/api/jobs/{job_id}")).json()

    async def rerun(self, job_id: str) -> str:
        reply = await self.call("POST", f"/api/jobs/{job_id}/rerun")
        assert reply.status == 202, reply.body
        return str(reply.json()["job_id"])

    async def reruns(self) -> Any:
        return (await self.get(f"{EVENTS}/{self.event_id}/rerun")).json()["rerun"]

    async def work(self) -> None:
        """Let the worker look until nothing is queued or running."""

        async def nothing_left() -> bool:
            await self.app.reruns.look()
            rows = await self.fetch("SELECT FROM rerun WHERE state IN ('queued', 'running')")
            return not rows

        await eventually(nothing_left, every_seconds=0.1)

    async def guest(self, job_id: str, language: str = "en") -> Any:
        return await self.get(f"/r/{job_id}", token=None, Accept_Language=language)


@pytest.fixture
def evening(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Evening]:
    provider = FakeProvider(keys={KEY})

    async def opened() -> Evening:
        evening = await Evening.open(database, tmp_path, gemini_url=provider.start())
        assert isinstance(evening, Evening)
        evening.provider = provider
        await evening.put(SLOT, PAINTED, If_Match="*")
        evening.event_id = (await planned(evening, **SIMPLE))["event_id"]
        return evening

    evening = io_loop.run_sync(opened)
    yield evening
    io_loop.run_sync(evening.close)
    io_loop.run_sync(provider.stop)


async def test_a_failed_photo_is_made_again_under_its_own_links(evening: Evening) -> None:
    (first,) = await evening.fail()
    assert (await evening.guest(first)).status == 404
    again = await evening.rerun(first)
    assert UUID(again).version == 4
    assert await evening.rerun(first) == again
    waiting = await evening.job(again)
    assert waiting["status"] == "pending"
    assert (waiting["source"], waiting["rerun_of"]) == ("rerun", first)
    assert (await evening.job(first))["rerun_by"] == again
    assert await evening.reruns() == {"queued": 1, "running": 0, "done": 0, "failed": 0}
    page = await evening.guest(first, "ru")
    assert page.status == 202
    assert 'http-equiv="refresh"' in page.body.decode()
    assert "ещё делается" in page.body.decode()
    for path in ("", "/preview", "/qr.svg"):
        reply = await evening.get(f"/public/results/{first}{path}", token=None)
        assert (reply.status, reply.code) == (404, "result_not_found")

    await evening.work()
    made = await evening.job(again)
    assert made == {
        **made,
        "status": "done",
        "source": "rerun",
        "rerun_of": first,
        "rerun_by": None,
        "event_id": evening.event_id,
        "has_original": False,
    }
    assert (await evening.job(first))["status"] == "failed"
    result = await evening.get(f"/public/results/{first}", token=None)
    own = await evening.get(f"/public/results/{again}", token=None)
    assert (result.status, result.body) == (200, own.body)
    assert (await evening.get(f"/public/results/{first}/preview", token=None)).status == 200
    assert (await evening.get(f"/public/results/{first}/qr.svg", token=None)).status == 200
    page = await evening.guest(first)
    assert page.status == 200
    assert f"/public/results/{first}" in page.body.decode()
    keys = await evening.fetch("SELECT DISTINCT guest_key FROM job_history")
    assert len(keys) == 1
    counted = (await evening.get(f"{EVENTS}/{evening.event_id}")).json()
    assert counted["reruns"] == {"queued": 0, "running": 0, "done": 1, "failed": 0}
    assert counted["counts"]["photos"] == 1
    (entry,) = (await evening.get("/api/audit?action=job.rerun")).json()["items"]
    assert (entry["entity"], entry["after"]) == (f"job:{first}", {"job_id": again})
    for job_id in (first, again):
        reply = await evening.call("POST", f"/api/jobs/{job_id}/rerun")
        assert (reply.status, reply.code) == (409, "already_done")


async def test_what_cannot_be_made_again(evening: Evening) -> None:
    done = await evening.shoot()
    (failed,) = await evening.fail()
    await evening.execute("UPDATE job_history SET original_expires_at = now()")
    refusals = {
        done: (409, "already_done"),
        failed: (409, "original_not_kept"),
        str(uuid4()): (404, "job_not_found"),
        "nonsense": (404, "job_not_found"),
    }
    for job_id, expected in refusals.items():
        reply = await evening.call("POST", f"/api/jobs/{job_id}/rerun")
        assert (reply.status, reply.code) == expected
    assert (await evening.get(f"/api/jobs/{failed}/original")).code == "original_not_kept"


async def test_a_whole_evening(evening: Evening) -> None:
    path = f"{EVENTS}/{evening.event_id}/rerun"
    failed = await evening.fail(3)
    await evening.shoot()
    for body, pointers in (
        ({"statuses": []}, ["/statuses"]),
        ({"statuses": ["failed", "done"]}, ["/statuses/1"]),
        ({"statuses": "failed"}, ["/statuses"]),
        ({"status": ["failed"]}, ["/status"]),
    ):
        assert (await evening.call("POST", path, body)).pointers == pointers
    nothing = await evening.call("POST", path, {"statuses": ["timeout"]})
    assert (nothing.status, nothing.json()["rerun"]["queued"]) == (202, 0)
    queued = await evening.call("POST", path, {"statuses": ["failed"]})
    assert (queued.status, queued.json()["rerun"]["queued"]) == (202, 3)
    emptied = await evening.call("DELETE", path)
    assert emptied.status == 204
    assert await evening.reruns() == {"queued": 0, "running": 0, "done": 0, "failed": 0}
    assert (await evening.job(failed[0]))["rerun_by"] is None
    assert (await evening.guest(failed[0])).status == 404
    assert (await evening.call("POST", path)).json()["rerun"]["queued"] == 3
    assert (await evening.call("POST", path)).json()["rerun"]["queued"] == 3
    await evening.work()
    assert await evening.reruns() == {"queued": 0, "running": 0, "done": 3, "failed": 0}
    for job_id in failed:
        assert (await evening.guest(job_id)).status == 200
    assert (await evening.call("POST", path)).json()["rerun"]["queued"] == 0
    entries = (await evening.get("/api/audit?entity=event")).json()["items"]
    assert [entry["action"] for entry in entries].count("event.rerun_cancel") == 1
    assert (await evening.call("POST", f"{EVENTS}/{uuid4()}/rerun")).code == "event_not_found"


async def test_a_failed_rerun_says_why_and_does_not_loop(evening: Evening) -> None:
    (first,) = await evening.fail()
    again = await evening.rerun(first)
    evening.provider.script.always("prompt_blocked")
    asked = len(evening.provider.log.requests)
    await evening.work()
    for _ in range(3):
        await evening.app.reruns.look()
    assert len(evening.provider.log.requests) == asked + 1
    assert await evening.reruns() == {"queued": 0, "running": 0, "done": 0, "failed": 1}
    assert [row["error"] for row in await evening.fetch("SELECT error FROM rerun")] == ["refused"]
    made = await evening.job(again)
    assert (made["status"], made["provider_code"]) == ("failed", "refused")
    assert (await evening.guest(first)).status == 404
    # Somebody may try once more.
    evening.provider.script.clear()
    third = await evening.rerun(first)
    assert third != again
    await evening.work()
    assert (await evening.job(first))["rerun_by"] == third
    assert (await evening.get(f"/public/results/{first}", token=None)).status == 200


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
    evening.provider.script.always("image", delay_seconds=4.0)
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


@pytest.mark.parametrize("running", [False, True])
async def test_what_is_removed_stays_removed(evening: Evening, running: bool) -> None:
    (first,) = await evening.fail()
    again = await evening.rerun(first)
    if running:
        evening.provider.script.then("image", delay_seconds=0.7)
        await evening.app.reruns.look()
        await eventually(lambda: _pending(evening, again))
    assert (await evening.call("DELETE", f"/api/jobs/{first}/result")).status == 204
    await evening.work()
    for job_id in (first, again) if running else (first,):
        reply = await evening.get(f"/public/results/{job_id}", token=None)
        assert (reply.status, reply.code) == (410, "result_removed")
    assert (await evening.guest(first)).status == 410
    living = "SELECT FROM media_object WHERE cleaned_at IS NULL AND expires_at > now()"
    assert await evening.fetch(living) == []
    reply = await evening.call("POST", f"/api/jobs/{first}/rerun")
    assert reply.code == ("already_done" if running else "original_not_kept")


async def test_a_removed_rerun_is_removed_under_both_links(evening: Evening) -> None:
    (first,) = await evening.fail()
    again = await evening.rerun(first)
    await evening.work()
    assert (await evening.call("DELETE", f"/api/jobs/{again}/result")).status == 204
    for job_id in (first, again):
        assert (await evening.get(f"/public/results/{job_id}", token=None)).code == "result_removed"
    assert list((evening.media_root / "originals").iterdir()) == []


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


async def test_a_first_job_s_row_lives_as_long_as_its_rerun_s(evening: Evening) -> None:
    (first,) = await evening.fail()
    await evening.rerun(first)
    await evening.work()
    await evening.execute(
        "UPDATE job_history SET started_at = started_at - interval '100 days',"
        " finished_at = finished_at - interval '100 days' WHERE source = 'ingest'"
    )
    await evening.execute("UPDATE media_object SET cleaned_at = now() WHERE kind = 'original'")
    await evening.app.operations._housekeeping.cleanup.run()
    assert (await evening.get(f"/public/results/{first}", token=None)).status == 200


async def test_events_without_jobs_go_with_the_history(evening: Evening) -> None:
    await evening.shoot()
    old = (await planned(evening, -60, -30, slots=["slot-009"]))["event_id"]
    for event_id in (old, evening.event_id):
        await evening.execute(
            "UPDATE event SET starts_at = starts_at - interval '100 days',"
            " ends_at = ends_at - interval '100 days' WHERE event_id = $1",
            UUID(event_id),
        )
    await evening.app.operations._housekeeping.cleanup.run()
    assert (await evening.get(f"{EVENTS}/{old}")).code == "event_not_found"
    assert (await evening.get(f"{EVENTS}/{evening.event_id}")).status == 200


async def _pending(evening: Evening, job_id: str) -> bool:
    return bool(
        await evening.fetch(
            "SELECT FROM job_history WHERE job_id = $1 AND status = 'pending'", UUID(job_id)
        )
    )


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
