"""The contract's "Events", through the port: what is counted of an event, and its audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from tests.support.events import LOOK, SLOT, planned
from tests.support.history import add_job
from tests.support.office import Office
from tests.support.sample_pictures import png, see_through


async def test_statistics_of_an_event_are_its_own_photos(office: Office) -> None:
    await office.put(SLOT, {"version": 1, **LOOK})
    await office.photograph()
    event = await planned(office, slots=["slot-001"])
    await office.photograph()
    await office.photograph()
    await office.execute(
        "UPDATE job_history SET cost = 0.04 WHERE event_id = $1", UUID(event["event_id"])
    )
    stats = (await office.get(f"/api/stats?event={event['event_id']}")).json()
    assert stats["window"] == "event"
    assert stats["since"] == event["starts_at"]
    total = stats["total"]
    assert (total["jobs"]["done"], total["cost"], total["reasons"]) == (2, 0.08, {})
    assert total["total_ms"]["p95"] > 0
    assert [row["slot_id"] for row in stats["slots"]] == ["slot-001"]
    assert sum(stats["series"]["done"]) == 2
    assert len(stats["series"]["at"]) == len(stats["series"]["p95_total_ms"])
    assert (await office.get(f"/api/stats?event={uuid4()}")).code == "event_not_found"
    assert (await office.get("/api/stats?event=tonight")).code == "invalid_request"


async def test_what_was_made_again_costs_but_is_no_further_photo(office: Office) -> None:
    event = await planned(office)
    event_id = UUID(event["event_id"])
    now = datetime.now(UTC)
    of_event = {"event_id": event_id}
    await add_job(office.database, now, status="failed", reason="quota", cost=0.1, **of_event)
    await add_job(office.database, now, source="rerun", cost=0.2, **of_event)
    counts = (await office.get(f"/api/events/{event_id}")).json()["counts"]
    assert counts == {"photos": 1, "done": 0, "failed": 1, "timeout": 0, "fallback": 0}
    await add_job(office.database, now, status="pending", **of_event)
    listed = (await office.get("/api/events")).json()["items"]
    assert [event["counts"]["photos"] for event in listed] == [2]
    await office.execute("DELETE FROM job_history WHERE status = 'pending'")
    total = (await office.get(f"/api/stats?event={event_id}")).json()["total"]
    assert total["jobs"] == {"ended": 1, "done": 0, "timeout": 0, "failed": 1, "pending": 0}
    assert (total["reasons"], total["cost"]) == ({"quota": 1}, 0.3)


async def test_the_audit_log_of_an_event_has_it_and_its_photos(office: Office) -> None:
    await office.put(SLOT, {"version": 1, **LOOK})
    other = await planned(office, 600, 700)
    event = await planned(office)
    job_id = (await office.photograph()).json()["job_id"]
    await office.put(f"/api/jobs/{job_id}/visibility", {"hidden": True})
    entries = (await office.get(f"/api/audit?event={event['event_id']}")).json()["items"]
    assert [entry["action"] for entry in entries] == ["result.hide", "event.create"]
    assert other["event_id"] not in str(entries)


@pytest.mark.parametrize("slots", [["slot-001"], []])
async def test_the_audit_log_of_an_event_has_what_was_changed_while_it_ran(
    office: Office, slots: list[str]
) -> None:
    await office.put(SLOT, {"version": 1, **LOOK})
    framed = await office.post_form(
        "/api/template-media/register", {"file": png(see_through()), "label": "frame"}
    )
    spare = await office.post_form(
        "/api/template-media/register", {"file": png(see_through()), "label": "spare"}
    )
    frame = framed.json()["media_id"]
    recipe = {
        "operation": "frame",
        "params": {},
        "template_media": [{"role": "frame", "media_id": frame}],
    }
    assert (await office.put(SLOT, recipe, If_Match="*")).status == 200
    event = await planned(office, slots=slots)
    reason = "the bride asks"
    why = {"X_Override_Freeze": reason}
    await office.photograph(password="wrong")
    for path, change in (
        (SLOT, {"display_name": "x"}),
        ("/api/slots/slot-002", {"display_name": "y"}),
        ("/api/settings", {"result_ttl_hours": 24}),
    ):
        assert (await office.put(path, change, If_Match="*", **why)).status == 200
    for media_id, stated in ((spare.json()["media_id"], {}), (frame, why)):
        gone = await office.call("DELETE", f"/api/template-media/{media_id}?unbind=1", **stated)
        assert gone.status == 204, gone.body
    path = f"/api/audit?event={event['event_id']}"
    entries = (await office.get(path)).json()["items"]
    told = [(entry["action"], (entry["after"] or {}).get("override_reason")) for entry in entries]
    # The slot was changed, and lost its template.
    expected = [("event.create", None), ("settings.update", reason), ("template.delete", reason)]
    expected += [("slot.update", reason)] * 2
    if not slots:
        expected += [("slot.update", reason), ("template.delete", None)]
    assert sorted(told, key=str) == sorted(expected, key=str)
    # What comes after its end is not its.
    await office.execute("UPDATE event SET ends_at = now() - interval '1 second'")
    await office.put(SLOT, {"display_name": "z"}, If_Match="*")
    assert "'z'" not in str((await office.get(path)).json())
