"""Slots by the HTTP contract, row by row, through the port: the list, reading, saving, emptying."""

from __future__ import annotations

import asyncio
import json
import re
from uuid import uuid4

from tests.support.office import Office
from tests.support.slots import LOOK, SLOT, configured, registered

SLOTS = [f"slot-{n:03d}" for n in range(1, 16)]


# GET /api/slots


async def test_slots_are_all_fifteen(office: Office) -> None:
    reply = await office.get("/api/slots")
    assert reply.status == 200
    items = reply.json()["items"]
    assert [item["id"] for item in items] == SLOTS
    for item in items:
        assert item.keys() >= {
            "id", "display_name", "provider", "operation", "enabled", "version", "updated_at",
            "updated_by", "ingest_url", "last_job", "counts",
        }  # fmt: skip
        assert item["ingest_url"] == f"/api/ingest/{item['id']}"
        assert (item["enabled"], item["version"], item["last_job"]) == (False, 1, None)
    assert (await office.call("HEAD", "/api/slots")).status == 200


async def test_slots_in_pages(office: Office) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = (await office.get(f"/api/slots?limit=4{cursor and '&cursor=' + cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == SLOTS


# GET /api/slots/{id}


async def test_slot(office: Office) -> None:
    reply = await office.get(SLOT)
    assert reply.status == 200
    assert reply.headers["ETag"] == '"1"'
    slot = reply.json()
    assert slot == {
        "id": "slot-001",
        "version": 1,
        "display_name": "Slot 1",
        "enabled": False,
        "provider": None,
        "operation": None,
        "params": {},
        "template_media": [],
        "response_mode": "json",
        "inline_preview": False,
        "sync_response_seconds": None,
        "output": {"format": "jpeg", "quality": 90, "fit": "none", "max_edge_px": None},
        "on_failure": "error",
        "cost_cap_per_day": None,
        "guest_fields": [],
        "fallback": [],
        "ready": False,
        "missing": slot["missing"],
        "updated_at": slot["updated_at"],
        "updated_by": "installation",
        "ingest_url": "/api/ingest/slot-001",
        "links": slot["links"],
        "recent_results": [],
    }
    assert slot["links"]["ingest"] == f"http://127.0.0.1:{office.port}/api/ingest/slot-001"


async def test_slot_not_found(office: Office) -> None:
    odd_ids = ("slot-016", "slot-000", "slot-1", "SLOT-001", "x", "%00", "%ff", "slot-001%0a", "é")
    for slot_id in odd_ids:
        path = f"/api/slots/{slot_id}"
        for method, suffix in (
            ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/revisions"),
            ("POST", "/revisions/1/restore"), ("POST", "/test"),
        ):  # fmt: skip
            body = {"enabled": False} if method == "PUT" else None
            reply = await office.call(method, path + suffix, body, raw=None if body else b"")
            assert (reply.status, reply.code) == (404, "slot_not_found"), (method, path)


# PUT /api/slots/{id}


async def test_put_slot(office: Office) -> None:
    media_id = await registered(office)
    wanted = {
        "display_name": "Зал 1",
        "enabled": True,
        "provider": "local",
        "operation": "frame",
        "params": {},
        "template_media": [{"role": "frame", "media_id": media_id}],
        "response_mode": "image",
        "inline_preview": True,
        "sync_response_seconds": 20,
        "output": {"format": "webp", "quality": 80, "fit": "pad", "max_edge_px": 2048},
        "on_failure": "original",
        "cost_cap_per_day": 12.5,
        "fallback": [{"provider": "local", "operation": "look", "params": {"look": "noir"}}],
    }
    reply = await office.put(SLOT, {"version": 1, **wanted})
    assert reply.status == 200, reply.body
    assert reply.headers["ETag"] == '"2"'
    slot = reply.json()
    assert slot.items() >= {**wanted, "version": 2, "updated_by": "serg"}.items()
    assert (await office.get(SLOT)).json() == slot


async def test_put_slot_in_part_keeps_the_rest(office: Office) -> None:
    await configured(office, params={"look": "noir"}, display_name="Зал")
    reply = await office.put(SLOT, {"version": 2, "output": {"quality": 70}})
    slot = reply.json()
    assert (slot["display_name"], slot["params"], slot["enabled"]) == (
        "Зал",
        {"look": "noir"},
        True,
    )
    assert slot["output"] == {"format": "jpeg", "quality": 70, "fit": "none", "max_edge_px": None}


async def test_put_slot_as_get_gave_it_changes_nothing(office: Office) -> None:
    media_id = await registered(office)
    await configured(
        office,
        operation="frame",
        template_media=[{"role": "frame", "media_id": media_id}],
        cost_cap_per_day=0.30000000000000004,
        fallback=[{**LOOK, "params": {"intensity": 50}}],
    )
    before = (await office.get(SLOT)).json()
    for body in (before, json.loads(re.sub(r"\.0(?=[,}\]])", "", json.dumps(before)))):
        reply = await office.put(SLOT, body)
        assert reply.status == 200, reply.body
        assert reply.json() == before
        assert reply.headers["ETag"] == '"2"'
    assert len((await office.get(f"{SLOT}/revisions")).json()["items"]) == 2


async def test_put_slot_overlooks_a_recent_result_that_came_meanwhile(office: Office) -> None:
    before = (await office.get(SLOT)).json()
    before["recent_results"] = [{"job_id": str(uuid4())}]
    assert (await office.put(SLOT, before)).status == 200


async def test_put_slot_versions(office: Office) -> None:
    assert (await office.put(SLOT, LOOK)).code == "version_required"
    disagree = await office.put(SLOT, {**LOOK, "version": 1}, If_Match='"2"')
    assert (disagree.status, disagree.code) == (400, "invalid_request")
    assert (await office.put(SLOT, LOOK, If_Match='"1"')).headers["ETag"] == '"2"'
    stale = await office.put(SLOT, {"version": 1, "display_name": "x"})
    assert (stale.status, stale.code, stale.json()["current_version"]) == (
        409, "version_conflict", 2,
    )  # fmt: skip


async def test_eight_administrators_saving_one_slot_at_once(office: Office) -> None:
    await office.token("igor")
    replies = await asyncio.gather(
        *(
            office.put(SLOT, {"version": 1, "display_name": f"name {n}"}, as_=who)
            for n, who in enumerate(["serg", "igor"] * 4)
        )
    )
    assert sorted(reply.status for reply in replies) == [200] + [409] * 7
    (winner,) = [reply.json() for reply in replies if reply.status == 200]
    now = (await office.get(SLOT)).json()
    assert (now["version"], now["display_name"]) == (2, winner["display_name"])


async def test_put_slot_makes_an_audit_entry_and_an_event(office: Office) -> None:
    await configured(office)
    (entry,) = await office.fetch("SELECT * FROM audit_log WHERE action = 'slot.update'")
    assert (entry["actor"], entry["entity"]) == ("serg", "slot:slot-001")
    assert entry["before"] == {
        "version": 1, "enabled": False, "provider": None, "operation": None,
    }  # fmt: skip
    assert entry["after"] == {
        "version": 2, "enabled": True, "provider": "local", "operation": "look",
    }  # fmt: skip
    await office.execute("SELECT publish_live_drafts(9)")
    (event,) = await office.fetch("SELECT * FROM live_message WHERE kind = 'slot'")
    assert event["data"].items() >= {"slot_id": "slot-001", "version": 2, "enabled": True}.items()


# DELETE /api/slots/{id}


async def test_delete_slot(office: Office) -> None:
    media_id = await registered(office)
    frame = [{"role": "frame", "media_id": media_id}]
    await configured(office, operation="frame", template_media=frame, display_name="Зал")
    assert (await office.call("DELETE", SLOT)).code == "version_required"
    assert (await office.call("DELETE", SLOT, If_Match='"1"')).code == "version_conflict"
    assert (await office.call("DELETE", f"{SLOT}?version=2")).status == 204
    slot = (await office.get(SLOT)).json()
    assert (slot["version"], slot["enabled"], slot["provider"]) == (3, False, None)
    assert (slot["template_media"], slot["display_name"]) == ([], "Slot 1")
    template = (await office.get(f"/api/template-media/{media_id}")).json()
    assert template["used_by"] == []
    assert len((await office.get("/api/slots")).json()["items"]) == 15
    # Nothing is left to unconfigure.
    assert (await office.call("DELETE", SLOT, If_Match='"3"')).status == 204
    assert (await office.get(SLOT)).json()["version"] == 3
