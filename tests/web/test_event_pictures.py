"""The contract's "Events", through the port: hiding, removing and purging pictures."""

from __future__ import annotations

from uuid import uuid4

from tests.support.events import EVENTS, LOOK, SLOT, planned
from tests.support.office import Office
from tests.support.sample_pictures import jpeg


async def test_a_hidden_picture_keeps_its_own_link(office: Office) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    await planned(office)
    job_id = (await office.photograph()).json()["job_id"]
    path = f"/api/jobs/{job_id}/visibility"
    assert (await office.put(path, {"hidden": True})).status == 204
    assert (await office.put(path, {"hidden": True})).status == 204
    assert (await office.get(f"/api/jobs/{job_id}")).json()["hidden"] is True
    assert (await office.get(f"/public/results/{job_id}", token=None)).status == 200
    assert (await office.put(path, {"hidden": False})).status == 204
    assert (await office.get(f"/api/jobs/{job_id}")).json()["hidden"] is False
    entries = (await office.get("/api/audit?entity=job")).json()["items"]
    assert [entry["action"] for entry in entries] == ["result.show", "result.hide"]
    assert (await office.put(path, {})).pointers == ["/hidden"]
    assert (await office.put(path, {"hidden": 1, "shown": 1})).pointers == ["/hidden", "/shown"]
    unknown = await office.put(f"/api/jobs/{uuid4()}/visibility", {"hidden": True})
    assert unknown.code == "job_not_found"


async def test_a_removed_result_is_gone_everywhere(office: Office) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    job_id = (await office.photograph()).json()["job_id"]
    path = f"/api/jobs/{job_id}/result"
    assert (await office.call("DELETE", path)).status == 204
    assert not (office.media_root / "results" / job_id).exists()
    for public in ("", "/preview", "/qr.svg"):
        reply = await office.get(f"/public/results/{job_id}{public}", token=None)
        assert (reply.status, reply.code) == (410, "result_removed")
    assert (await office.get(f"/r/{job_id}", token=None)).status == 410
    job = (await office.get(f"/api/jobs/{job_id}")).json()
    assert job["result_removed_at"]
    assert job["result_url"] is None
    assert (await office.call("DELETE", path)).status == 204
    assert len((await office.get("/api/audit?action=result.remove")).json()["items"]) == 1
    assert (await office.call("DELETE", f"/api/jobs/{uuid4()}/result")).code == "job_not_found"
    assert await office.fetch("SELECT FROM media_object WHERE cleaned_at IS NULL") == []


async def test_what_never_was_cannot_be_removed(office: Office) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    broken = await office.photograph(photo=jpeg()[:2000])
    reply = await office.call("DELETE", f"/api/jobs/{broken.json()['job_id']}/result")
    assert (reply.status, reply.code) == (404, "result_not_found")


async def test_a_purge_removes_an_evening_and_no_other(office: Office) -> None:
    for slot_id in ("slot-001", "slot-002"):
        await office.put(f"/api/slots/{slot_id}", LOOK, If_Match="*")
    event = await planned(office, slots=["slot-001"])
    inside = [(await office.photograph()).json()["job_id"] for _ in range(3)]
    outside = (await office.photograph("slot-002")).json()["job_id"]
    path = f"{EVENTS}/{event['event_id']}"
    purged = await office.call("POST", f"{path}/purge")
    assert (purged.status, purged.json()) == (202, {"removed": 3})
    for job_id in inside:
        assert (await office.get(f"/public/results/{job_id}", token=None)).code == "result_removed"
    assert (await office.get(f"/public/results/{outside}", token=None)).status == 200
    assert [p.name for p in (office.media_root / "results").iterdir()] == [outside]
    assert (await office.call("POST", f"{path}/purge")).json() == {"removed": 0}
    late = (await office.photograph()).json()["job_id"]
    assert (await office.call("DELETE", f"{path}?purge=1&version=7")).code == "version_conflict"
    assert (await office.get(f"/public/results/{late}", token=None)).status == 200
    assert (await office.call("DELETE", f"{path}?purge=1&version=1")).status == 204
    assert (await office.get(f"/public/results/{late}", token=None)).code == "result_removed"
