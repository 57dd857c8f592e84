"""What stands for a trial photo: a picture that the slot made lately, by what it asks for now."""

from __future__ import annotations

from typing import Any

from tests.support.office import Office
from tests.support.sample_pictures import jpeg

LOOK = {"provider": "local", "operation": "look", "params": {}, "enabled": True}


async def trials(office: Office) -> list[tuple[str, str | None]]:
    items = (await office.get("/api/readiness")).json()["items"]
    return [(item["code"], item["subject"]) for item in items if item["check"] == "probe"]


async def configure(office: Office, slot_id: str, **config: Any) -> None:
    reply = await office.put(f"/api/slots/{slot_id}", {**LOOK, **config}, If_Match="*")
    assert reply.status == 200, reply.body


async def test_a_test_run_counts_as_the_trial_photo(office: Office) -> None:
    await configure(office, "slot-001")
    await configure(office, "slot-002")
    assert await trials(office) == [("probe_skipped", None)]
    run = await office.post_form("/api/slots/slot-001/test", {"file": jpeg()})
    assert run.status == 200, run.body
    assert await trials(office) == [("probe_ok", "slot-001"), ("probe_skipped", "slot-002")]
    assert (await office.photograph("slot-002")).status == 200
    assert await trials(office) == [("probe_ok", "slot-001"), ("probe_ok", "slot-002")]
    # Another operation has not been tried yet.
    await configure(office, "slot-001", operation="frame", enabled=False)
    await office.execute("UPDATE slot SET enabled = true WHERE slot_id = 'slot-001'")
    assert ("probe_skipped", "slot-001") in await trials(office)


async def test_a_picture_of_long_ago_counts_no_more(office: Office) -> None:
    await configure(office, "slot-001")
    assert (await office.photograph()).status == 200
    hours = "started_at - interval '61 minutes'"
    await office.execute(f"UPDATE job_history SET started_at = {hours}")
    assert await trials(office) == [("probe_skipped", None)]
