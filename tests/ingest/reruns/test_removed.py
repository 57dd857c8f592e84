"""What was removed stays removed, and what belongs together is kept together."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support.fakes import eventually
from tests.support.reruns import Evening
from tests.web.test_events import EVENTS, planned


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
