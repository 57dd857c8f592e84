"""Photos made again because somebody asked: one, a whole evening, and what cannot be."""

from __future__ import annotations

from uuid import UUID, uuid4

from tests.support.reruns import Evening
from tests.web.test_events import EVENTS


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
