"""The contract's "Events", through the port: planning, changing, freezing, whose photo it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.history import add_job
from tests.support.office import Office
from tests.support.sample_pictures import jpeg, png, see_through

EVENTS = "/api/events"
SLOT = "/api/slots/slot-001"
LOOK = {"provider": "local", "operation": "look", "params": {}, "enabled": True}


def at(minutes: float) -> str:
    return rfc3339(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes))


def plan(begin: float = -5, end: float = 60, **config: Any) -> dict[str, Any]:
    """An event that runs now, unless told otherwise; minutes from now."""
    return {"name": "Wedding", "starts_at": at(begin), "ends_at": at(end), **config}


async def planned(office: Office, *times: float, **config: Any) -> dict[str, Any]:
    reply = await office.call("POST", EVENTS, plan(*times, **config))
    assert reply.status == 201, reply.body
    event: dict[str, Any] = reply.json()
    return event


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


@pytest.mark.parametrize(
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


FROZEN = (
    ("PUT", SLOT, {"display_name": "Arch"}),
    ("DELETE", SLOT, None),
    ("POST", f"{SLOT}/revisions/1/restore", None),
    ("PUT", "/api/settings", {"result_ttl_hours": 24}),
)


@pytest.mark.parametrize(("method", "path", "body"), FROZEN)
async def test_a_running_event_keeps_what_it_has(
    office: Office, method: str, path: str, body: Any
) -> None:
    await planned(office, 90, 120)
    assert (await office.call(method, path, body, If_Match="*")).status < 300
    event = await planned(office, slots=["slot-001"])
    refused = await office.call(method, path, body, If_Match="*")
    assert (refused.status, refused.code) == (423, "event_running")
    assert refused.json()["event"] == {
        **refused.json()["event"],
        "event_id": event["event_id"],
        "name": "Wedding",
        "ends_at": event["ends_at"],
        "updated_by": "serg",
    }
    for reason in ("no", "x" * 201):
        refused = await office.call(method, path, body, If_Match="*", X_Override_Freeze=reason)
        assert (refused.status, refused.code) == (400, "invalid_request")
    done = await office.call(method, path, body, If_Match="*", X_Override_Freeze="the arch fell")
    assert done.status < 300
    # Other slots are nobody's business, an event without a freeze keeps nothing.
    other = await office.put("/api/slots/slot-002", {"display_name": "Other"}, If_Match="*")
    assert other.status == 200
    await office.put(f"{EVENTS}/{event['event_id']}", {"frozen": False}, If_Match="*")
    assert (await office.call(method, path, body, If_Match="*")).status < 300


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("the arch  was moved", "the arch was moved"),
        ("utf-8''%D1%81%D0%B2%D0%B5%D1%82", "свет"),
        ("свет".encode().decode("latin-1"), "свет"),
    ],
)
async def test_the_reason_is_in_the_audit_log(office: Office, sent: str, kept: str) -> None:
    await planned(office)
    changed = await office.put(SLOT, {"display_name": "Arch"}, If_Match="*", X_Override_Freeze=sent)
    assert changed.status == 200
    entry = (await office.get("/api/audit?action=slot.update")).json()["items"][0]
    assert entry["after"]["override_reason"] == kept
    assert (await office.get("/api/audit?action=event.create")).json()["items"]


async def test_templates_of_a_running_event_stay(office: Office) -> None:
    reply = await office.post_form(
        "/api/template-media/register", {"file": png(see_through()), "label": "logo"}
    )
    media_id = reply.json()["media_id"]
    path = f"/api/template-media/{media_id}"
    event = await planned(office, guest={"logo_media_id": media_id})
    assert event["guest"]["logo_media_id"] == media_id
    assert (await office.call("DELETE", path)).code == "event_running"
    gone = await office.call("DELETE", path, X_Override_Freeze="wrong logo")
    assert gone.status == 204
    now = (await office.get(f"{EVENTS}/{event['event_id']}")).json()
    assert now["guest"]["logo_media_id"] is None


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
    first = await add_job(office.database, now, status="failed", reason="quota", cost=0.1)
    again = await add_job(office.database, now, source="rerun", cost=0.2)
    await office.execute(
        "UPDATE job_history SET event_id = $1 WHERE job_id = ANY($2)", event_id, [first, again]
    )
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
