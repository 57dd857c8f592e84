"""The contract's "Events", through the port: planning, changing, whose photo it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.support.events import EVENTS, LOOK, SLOT, at, plan, planned
from tests.support.in_turn import in_turn
from tests.support.office import Office


async def faults(office: Office, **config: Any) -> list[str]:
    reply = await office.call("POST", EVENTS, plan(**config))
    assert reply.status == 422, reply.body
    return reply.pointers


async def test_an_event_is_planned_with_everything_off(office: Office) -> None:
    reply = await office.call("POST", EVENTS, plan(60, 120))
    assert reply.status == 201
    event = reply.json()
    assert reply.headers["ETag"] == '"1"'
    assert reply.headers["Location"] == f"{EVENTS}/{event['event_id']}"
    assert UUID(event["event_id"]).version == 4
    assert event == {
        **event,
        "version": 1,
        "name": "Wedding",
        "slots": [],
        "state": "planned",
        "frozen": True,
        "gallery": {"enabled": False, "pin_set": False, "archive": False, "link": None},
        "stamp": None,
        "keep_originals": "never",
        "rerun": "manual",
        "result_ttl_hours": None,
        "silent_minutes": None,
        "counts": {"photos": 0, "done": 0, "failed": 0, "timeout": 0, "fallback": 0},
        "updated_by": "serg",
    }
    assert event["guest"].keys() == {"title", "greeting", "accent", "logo_media_id", "locale"}
    one = await office.get(f"{EVENTS}/{event['event_id']}")
    assert one.json() == event
    assert one.headers["ETag"] == '"1"'


async def test_state_is_told_by_the_clock(office: Office) -> None:
    assert (await planned(office, -120, -60))["state"] == "ended"
    assert (await planned(office, -5, 5))["state"] == "running"
    assert (await planned(office, 10, 20))["state"] == "planned"


async def test_a_list_begins_with_the_last_and_goes_on(office: Office) -> None:
    names = []
    for day in range(5):
        event = await planned(office, day * 1440, day * 1440 + 60, name=f"Day {day}")
        names.insert(0, event["name"])
    first = (await office.get(f"{EVENTS}?limit=3")).json()
    rest = (await office.get(f"{EVENTS}?limit=3&cursor={first['next_cursor']}")).json()
    assert [item["name"] for item in first["items"] + rest["items"]] == names
    assert rest["next_cursor"] is None


@in_turn(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"starts_at": "tonight"}, "/starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+05:00"}, "/starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "/ends_at"),
        ({"ends_at": at(15 * 24 * 60)}, "/ends_at"),
        ({"slots": ["slot-016"]}, "/slots/0"),
        ({"slots": "all"}, "/slots"),
        ({"frozen": 1}, "/frozen"),
        ({"gallery": {"pin": "12"}}, "/gallery/pin"),
        ({"gallery": {"pin": "123456789"}}, "/gallery/pin"),
        ({"gallery": {"pin": 1234}}, "/gallery/pin"),
        ({"gallery": {"open": True}}, "/gallery/open"),
        ({"gallery": None}, "/gallery"),
        ({"guest": {"accent": "red"}}, "/guest/accent"),
        ({"guest": {"greeting": "x" * 301}}, "/guest/greeting"),
        ({"guest": {"logo_media_id": str(uuid4())}}, "/guest/logo_media_id"),
        ({"guest": {"locale": "fr"}}, "/guest/locale"),
        ({"stamp": {"corner": "middle"}}, "/stamp/corner"),
        ({"stamp": {"size_percent": 31}}, "/stamp/size_percent"),
        ({"stamp": {"text": "x" * 41}}, "/stamp/text"),
        ({"keep_originals": "some"}, "/keep_originals"),
        ({"rerun": "always"}, "/rerun"),
        ({"result_ttl_hours": 0}, "/result_ttl_hours"),
        ({"silent_minutes": 4}, "/silent_minutes"),
        ({"price": 1}, "/price"),
        ({"event_id": str(uuid4())}, "/event_id"),
    ],
)
async def test_what_cannot_be_is_pointed_at(
    office: Office, change: dict[str, Any], pointer: str
) -> None:
    assert await faults(office, **change) == [pointer]
    assert (await office.get(EVENTS)).json()["items"] == []


async def test_all_faults_are_told_at_once(office: Office) -> None:
    reply = await office.call("POST", EVENTS, {"frozen": "yes", "rerun": "x"})
    assert reply.pointers == ["/ends_at", "/frozen", "/name", "/rerun", "/starts_at"]


async def test_a_wrong_type_hides_no_wrong_meaning(office: Office) -> None:
    unknown = {"accent": "#aa3366", "logo_media_id": str(uuid4())}
    late = "2026-11-22T20:00:00Z"
    found = await faults(office, name="", starts_at=late, ends_at=late, guest=unknown)
    assert found == ["/ends_at", "/guest/logo_media_id", "/name"]
    assert await faults(office, starts_at="soon", ends_at=late) == ["/starts_at"]


async def test_two_events_never_have_one_slot_at_one_time(office: Office) -> None:
    first = await planned(office, 0, 60, slots=["slot-001", "slot-002"])
    for times, slots in (((30, 90), ["slot-002"]), ((-30, 10), []), ((59, 61), ["slot-001"])):
        reply = await office.call("POST", EVENTS, plan(*times, slots=slots))
        assert (reply.status, reply.code) == (409, "slot_taken")
        assert [event["event_id"] for event in reply.json()["events"]] == [first["event_id"]]
    # One ends as the other begins, or has other slots.
    await planned(office, 60, 90, slots=["slot-001"], starts_at=first["ends_at"])
    other = await planned(office, 0, 60, slots=["slot-003"])
    path = f"{EVENTS}/{other['event_id']}"
    moved = await office.put(path, {"slots": ["slot-002"]}, If_Match="*")
    assert (moved.status, moved.code) == (409, "slot_taken")
    # It is no obstacle to itself.
    assert (await office.put(path, {"name": "Other"}, If_Match="*")).status == 200


async def test_a_change_is_versioned_and_what_get_gave_changes_nothing(office: Office) -> None:
    event = await planned(office, 60, 120, gallery={"enabled": True, "pin": "1234"})
    path = f"{EVENTS}/{event['event_id']}"
    assert event["gallery"]["pin_set"] is True
    assert "1234" not in str(event)
    same = await office.put(path, event)
    assert (same.status, same.json()["version"]) == (200, 1)
    assert (await office.put(path, {"name": "New"})).code == "version_required"
    changed = await office.put(
        path, {"version": 1, "name": "New", "gallery": {"archive": True}, "stamp": {}}
    )
    assert changed.status == 200
    assert changed.headers["ETag"] == '"2"'
    assert changed.json()["name"] == "New"
    assert changed.json()["gallery"] == {**event["gallery"], "archive": True}
    assert changed.json()["stamp"] == {
        "corner": "bottom-right",
        "size_percent": 15,
        "text": None,
    }
    stale = await office.put(path, {"version": 1, "name": "Newer"})
    assert (stale.status, stale.code) == (409, "version_conflict")
    assert stale.json()["current_version"] == 2
    read_only = await office.put(path, {"version": 2, "updated_by": "igor"})
    assert read_only.pointers == ["/updated_by"]
    told = await office.put(path, {"version": 2, "gallery": {"pin_set": False}})
    assert told.pointers == ["/gallery/pin_set"]
    opened = await office.put(path, {"version": 2, "gallery": {"pin": None}})
    assert opened.json()["gallery"]["pin_set"] is False
    assert (await office.put(f"{EVENTS}/{uuid4()}", {"version": 1})).code == "event_not_found"


async def test_a_gallery_s_link_is_renewed(office: Office) -> None:
    event = await planned(office, gallery={"enabled": True})
    link = event["gallery"]["link"]
    assert link.startswith("http://")
    assert len(link.rpartition("/g/")[2]) == 22
    path = f"{EVENTS}/{event['event_id']}/gallery/renew"
    renewed = await office.call("POST", path)
    assert renewed.status == 200
    assert renewed.json()["gallery"]["link"] not in (None, link)
    assert renewed.json()["version"] == 2
    assert (await office.call("POST", path, If_Match='"1"')).code == "version_conflict"


async def test_a_deleted_event_leaves_its_jobs(office: Office) -> None:
    event = await planned(office)
    await office.put(SLOT, LOOK, If_Match="*", X_Override_Freeze="set up late")
    job_id = (await office.photograph()).json()["job_id"]
    path = f"{EVENTS}/{event['event_id']}"
    assert (await office.call("DELETE", path)).code == "version_required"
    assert (await office.call("DELETE", f"{path}?version=1")).status == 204
    assert (await office.get(path)).code == "event_not_found"
    job = (await office.get(f"/api/jobs/{job_id}")).json()
    assert (job["status"], job["event_id"]) == ("done", None)
    assert (await office.get(f"/public/results/{job_id}", token=None)).status == 200


async def test_a_deleted_event_takes_its_results_along_where_that_is_asked_for(
    office: Office,
) -> None:
    event = await planned(office, frozen=False)
    await office.put(SLOT, LOOK, If_Match="*")
    job_id = (await office.photograph()).json()["job_id"]
    path = f"{EVENTS}/{event['event_id']}?version=1"
    assert (await office.call("DELETE", f"{path}&purge=perhaps")).code == "invalid_request"
    assert (await office.call("DELETE", f"{path}&purge=1")).status == 204
    gone = await office.get(f"/public/results/{job_id}", token=None)
    assert (gone.status, gone.code) == (410, "result_removed")
    assert (await office.get(f"/api/jobs/{job_id}")).json()["status"] == "done"
    assert not (office.media_root / "results" / job_id).exists()


async def test_a_photo_belongs_to_the_event_that_has_its_slot(office: Office) -> None:
    for slot_id in ("slot-001", "slot-002"):
        await office.put(f"/api/slots/{slot_id}", LOOK, If_Match="*")
    event = await planned(office, slots=["slot-001"], result_ttl_hours=5)
    await planned(office, 60, 90, slots=["slot-002"])
    inside = (await office.photograph()).json()
    outside = (await office.photograph("slot-002")).json()
    job = (await office.get(f"/api/jobs/{inside['job_id']}")).json()
    assert job["event_id"] == event["event_id"]
    assert (job["hidden"], job["rerun_of"], job["rerun_by"]) == (False, None, None)
    assert job["has_original"] is False
    assert "guest_key" not in job
    kept = datetime.fromisoformat(inside["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=4.9) < kept < timedelta(hours=5.1)
    job = (await office.get(f"/api/jobs/{outside['job_id']}")).json()
    assert job["event_id"] is None
    listed = (await office.get(f"/api/jobs?event={event['event_id']}")).json()["items"]
    assert [item["job_id"] for item in listed] == [inside["job_id"]]
    assert (await office.get(f"/api/jobs?event={uuid4()}")).json()["items"] == []
    assert (await office.get("/api/jobs?event=tonight")).code == "invalid_request"
    counts = (await office.get(f"{EVENTS}/{event['event_id']}")).json()["counts"]
    assert counts == {"photos": 1, "done": 1, "failed": 0, "timeout": 0, "fallback": 0}
