"""The Slots section of the HTTP contract, row by row, through the port."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.fakes import eventually
from tests.support.office import Office, Reply
from tests.support.sample_pictures import jpeg, png, see_through

LOOK = {"provider": "local", "operation": "look", "params": {}}
SLOTS = [f"slot-{n:03d}" for n in range(1, 16)]
SLOT = "/api/slots/slot-001"


async def configured(office: Office, slot_id: str = "slot-001", **changes: Any) -> Reply:
    """A slot on the local look, switched on."""
    reply = await office.put(
        f"/api/slots/{slot_id}", {**LOOK, "enabled": True, **changes}, If_Match="*"
    )
    assert reply.status == 200, reply.body
    return reply


async def registered(office: Office, picture: bytes | None = None, label: str = "frame") -> str:
    reply = await office.post_form(
        "/api/template-media/register", {"file": picture or png(see_through()), "label": label}
    )
    assert reply.status == 201, reply.body
    return str(reply.json()["media_id"])


async def refused(office: Office, changes: dict[str, Any], path: str = SLOT) -> list[str]:
    """The pointers of a refused change."""
    reply = await office.put(path, changes, If_Match="*")
    assert reply.status == 422, reply.body
    return reply.pointers


# GET /api/providers


async def test_providers(office: Office) -> None:
    reply = await office.get("/api/providers")
    assert reply.status == 200
    items = {item["provider"]: item for item in reply.json()["items"]}
    assert {"local", "gemini"} <= items.keys()
    local = items["local"]
    assert local.keys() >= {"title", "configured", "needs_public_url", "operations"}
    assert (local["configured"], local["needs_public_url"]) == (True, False)
    assert local["operations"][0]["operation"] == "look"
    look, frame = local["operations"][:2]
    assert look["schema"]["properties"]["look"]["default"] == "bw"
    assert look["schema"]["additionalProperties"] is False
    assert look["template_roles"] == []
    assert [role["role"] for role in frame["template_roles"]] == ["frame"]
    assert "$ref" not in json.dumps(reply.json())


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


async def test_put_slot_refuses_a_changed_read_only_key(office: Office) -> None:
    changes = {"id": "slot-002", "updated_by": "igor", "updated_at": "2020-01-01T00:00:00Z"}
    assert await refused(office, changes) == ["/id", "/updated_at", "/updated_by"]


async def test_put_slot_names_every_wrong_value_at_once(office: Office) -> None:
    pointers = await refused(
        office,
        {
            "display_name": "x" * 81,
            "enabled": "yes",
            "provider": "local",
            "operation": "look",
            "params": {"look": "sparkle", "intensity": 700, "unknown/key": 1},
            "template_media": [{"role": "frame"}, {"role": 1, "media_id": "no"}, 7],
            "response_mode": "xml",
            "inline_preview": None,
            "sync_response_seconds": 61,
            "output": {"format": "gif", "quality": 0, "fit": "x", "max_edge_px": 1, "dpi": 300},
            "on_failure": "panic",
            "cost_cap_per_day": -1,
            "fallback": [{"provider": "local"}, {**LOOK, "params": {"look": "sparkle"}}],
            "colour": "red",
        },
    )
    assert pointers == [
        "/colour",
        "/cost_cap_per_day",
        "/display_name",
        "/enabled",
        "/fallback/0/operation",
        "/inline_preview",
        "/on_failure",
        "/output/dpi",
        "/output/fit",
        "/output/format",
        "/output/max_edge_px",
        "/output/quality",
        "/params/intensity",
        "/params/look",
        "/params/unknown~1key",
        "/response_mode",
        "/sync_response_seconds",
        "/template_media/0/media_id",
        "/template_media/1/media_id",
        "/template_media/1/role",
        "/template_media/2",
    ]
    assert (await office.get(SLOT)).json()["version"] == 1


async def test_put_slot_names_wrong_params_of_a_fallback(office: Office) -> None:
    fallback = [LOOK, {**LOOK, "params": {"look": "sparkle", "x": 1}}]
    pointers = await refused(office, {**LOOK, "fallback": fallback})
    assert pointers == ["/fallback/1/params/look", "/fallback/1/params/x"]


async def test_put_slot_with_an_unknown_provider_or_operation(office: Office) -> None:
    assert await refused(office, {"provider": "nobody"}) == ["/provider"]
    assert await refused(office, {**LOOK, "provider": "nobody"}) == ["/provider"]
    assert await refused(office, {**LOOK, "operation": "dance"}) == ["/operation"]
    fallback = [{"provider": "nobody", "operation": "x"}]
    assert await refused(office, {**LOOK, "fallback": fallback}) == ["/fallback/0/provider"]


async def test_put_slot_that_is_off_may_be_unfinished_but_not_wrong(office: Office) -> None:
    unfinished = {"provider": "gemini", "operation": "edit", "params": {}}
    assert (await office.put(SLOT, unfinished, If_Match="*")).status == 200
    assert (await office.put(SLOT, {"operation": None}, If_Match="*")).status == 200
    assert (await office.put(SLOT, {"provider": None}, If_Match="*")).status == 200
    wrong = {"provider": "gemini", "operation": "edit", "params": {"unknown": 1}}
    assert await refused(office, wrong) == ["/params/unknown"]


async def test_put_slot_that_is_on_has_to_be_finished(office: Office) -> None:
    assert await refused(office, {"enabled": True}) == ["/operation", "/provider"]
    gemini = {"provider": "gemini", "operation": "edit", "enabled": True}
    assert await refused(office, {**gemini, "params": {}}) == ["/params/prompt"]
    frame = {"provider": "local", "operation": "frame", "enabled": True, "params": {}}
    assert await refused(office, frame) == ["/template_media"]
    fallback = {**LOOK, "enabled": True, "fallback": [{"provider": "local", "operation": "frame"}]}
    assert await refused(office, fallback) == ["/fallback/0/operation"]


async def test_put_slot_that_cannot_work_says_what_to_do(office: Office) -> None:
    for provider, words in (("openai", "api_key_file"), ("turbotext", "api_key_file")):
        operations = {
            item["provider"]: item["operations"][0]["operation"]
            for item in (await office.get("/api/providers")).json()["items"]
        }
        if provider not in operations:
            continue
        change = {"provider": provider, "operation": operations[provider], "enabled": True}
        reply = await office.put(SLOT, change, If_Match="*")
        assert reply.status == 422
        faults = {fault["pointer"]: fault["message"] for fault in reply.json()["errors"]}
        assert words in faults["/provider"]
        off = await office.put(SLOT, {**change, "enabled": False}, If_Match="*")
        assert off.status == 200, off.body


async def test_put_slot_with_templates_of_a_wrong_role_or_none(office: Office) -> None:
    media_id = await registered(office)
    change = {"provider": "local", "operation": "frame", "params": {}, "enabled": True}
    wrong = [{"role": "hat", "media_id": media_id}]
    pointers = await refused(office, {**change, "template_media": wrong})
    assert pointers == ["/template_media", "/template_media/0/role"]
    unknown = [{"role": "frame", "media_id": str(uuid4())}]
    pointers = await refused(office, {**change, "template_media": unknown})
    assert pointers == ["/template_media/0/media_id"]
    too_many = [{"role": "frame", "media_id": media_id}] * 2
    pointers = await refused(office, {**change, "template_media": too_many})
    assert pointers == ["/template_media/1/role"]


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


# GET /api/slots/{id}/revisions · POST …/restore


async def test_revisions(office: Office) -> None:
    for name in ("one", "two", "three"):
        await office.put(SLOT, {"display_name": name}, If_Match="*")
    page = (await office.get(f"{SLOT}/revisions?limit=2")).json()
    assert [item["version"] for item in page["items"]] == [4, 3]
    newest = page["items"][0]
    assert (newest["action"], newest["created_by"]) == ("update", "serg")
    assert newest["config"]["display_name"] == "three"
    rest = (await office.get(f"{SLOT}/revisions?limit=2&cursor={page['next_cursor']}")).json()
    assert [item["version"] for item in rest["items"]] == [2, 1]
    assert rest["items"][1]["action"] == "seed"
    assert rest["next_cursor"] is None
    beyond = base64.urlsafe_b64encode(b"n|9000000000").decode().rstrip("=")
    assert len((await office.get(f"{SLOT}/revisions?cursor={beyond}")).json()["items"]) > 2


async def test_restore(office: Office) -> None:
    await configured(office, params={"look": "noir"}, display_name="Зал")
    await office.put(SLOT, {"display_name": "other", "params": {}, "enabled": False}, If_Match="*")
    path = f"{SLOT}/revisions/2/restore"
    assert (await office.call("POST", path)).code == "version_required"
    assert (await office.call("POST", path, If_Match='"2"')).code == "version_conflict"
    reply = await office.call("POST", path, {"version": 3}, as_="igor")
    assert reply.status == 200, reply.body
    assert reply.headers["ETag"] == '"4"'
    slot = reply.json()
    assert (slot["version"], slot["updated_by"]) == (4, "igor")
    assert (slot["display_name"], slot["params"], slot["enabled"]) == (
        "Зал",
        {"look": "noir"},
        True,
    )
    assert slot == (await office.get(SLOT)).json()
    newest = (await office.get(f"{SLOT}/revisions")).json()["items"][0]
    assert (newest["version"], newest["action"]) == (4, "restore")


async def test_restore_a_version_that_never_was(office: Office) -> None:
    for version in ("0", "2", "99999999999", "x", "-1"):
        reply = await office.call("POST", f"{SLOT}/revisions/{version}/restore", If_Match="*")
        assert (reply.status, reply.code) == (404, "not_found"), version


async def test_restore_what_cannot_work_any_more(office: Office) -> None:
    media_id = await registered(office)
    frame = [{"role": "frame", "media_id": media_id}]
    await configured(office, operation="frame", template_media=frame)
    await office.call("DELETE", SLOT, If_Match='"2"')
    assert (await office.call("DELETE", f"/api/template-media/{media_id}")).status == 204
    reply = await office.call("POST", f"{SLOT}/revisions/2/restore", If_Match='"3"')
    assert reply.status == 422
    assert reply.pointers == ["/template_media/0/media_id"]


async def test_a_workflow_that_can_never_work_is_not_saved(office: Office) -> None:
    nodes = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "x.jpg"}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "old"}},
    }
    params: dict[str, Any] = {"workflow": nodes}
    slot = {"provider": "comfyui", "operation": "workflow", "enabled": True}
    # The office has no ComfyUI, which is the first fault of each of these.
    assert await refused(office, {**slot, "params": params}) == ["/provider"]
    for more, pointer in [
        ({"prompt": "glow"}, "/params/prompt_input"),
        ({"prompt": "glow", "prompt_input": ""}, "/params/prompt_input"),
        ({"prompt": "glow", "prompt_input": "7.text"}, "/params/workflow"),
        ({"photo_input": "2.image"}, "/params/workflow"),
        ({"output_node": "9"}, "/params/workflow"),
    ]:
        pointers = await refused(office, {**slot, "params": {**params, **more}})
        assert pointers == [pointer, "/provider"], more
    reference = {"role": "reference", "media_id": await registered(office)}
    bound = {**slot, "params": params, "template_media": [reference]}
    reply = await office.put(SLOT, bound, If_Match="*")
    messages = {e["pointer"]: e["message"] for e in reply.json()["errors"]}
    assert messages["/params/workflow"] == "Cannot be filled: 1 references, but 0 inputs for them."
    params["reference_inputs"] = ["1.image"]
    nodes["2"] = nodes["1"]
    assert await refused(office, {**bound, "params": params}) == ["/provider"]


# POST /api/slots/{id}/test


async def test_test_run_of_an_unsaved_configuration(office: Office) -> None:
    config = json.dumps({**LOOK, "params": {"look": "sepia"}, "output": {"format": "png"}})
    reply = await office.post_form(f"{SLOT}/test", {"config": config, "file": jpeg()})
    assert reply.status == 200, reply.body
    answer = reply.json()
    assert answer["status"] == "done"
    assert answer["content_type"] == "image/png"
    assert (await office.get(answer["result_url"], token=None)).status == 200
    (job,) = await office.fetch("SELECT * FROM job_history")
    assert (job["source"], job["provider"], job["operation"]) == ("test", "local", "look")
    assert job["client_fields"] == {}
    slot = (await office.get(SLOT)).json()
    assert (slot["version"], slot["provider"], slot["recent_results"]) == (1, None, [])


async def test_test_run_keeps_more_of_its_configuration_alone(office: Office) -> None:
    config = json.dumps({**LOOK, "display_name": "a trial"}, indent=5000)
    fields = {"config": config, "time": "y" * 5000, "file": jpeg()}
    reply = await office.post_form(f"{SLOT}/test", fields)
    assert reply.status == 200, reply.body
    (job,) = await office.fetch("SELECT * FROM job_history")
    assert job["provider"] == "local"
    assert job["client_fields"] == {"time": "y" * 4096}


async def test_test_run_has_the_window_that_is_tried(office: Office) -> None:
    config = json.dumps({**LOOK, "sync_response_seconds": 10})
    reply = await office.post_form(f"{SLOT}/test", {"file": jpeg(), "config": config})
    assert reply.status == 200, reply.body
    job = (await office.get(f"/api/jobs/{reply.json()['job_id']}")).json()
    due, began = (datetime.fromisoformat(job[key]) for key in ("deadline_at", "started_at"))
    assert 9 <= (due - began).total_seconds() <= 11


async def test_test_run_of_the_saved_configuration(office: Office) -> None:
    await configured(office, enabled=False)
    reply = await office.post_form(f"{SLOT}/test?preview=inline", {"file": jpeg()})
    assert reply.status == 200, reply.body
    assert reply.json()["preview"].startswith("data:image/jpeg;base64,")


async def test_test_run_names_the_faults_of_the_configuration(office: Office) -> None:
    config = json.dumps({**LOOK, "params": {"look": "sparkle", "x": 1}})
    reply = await office.post_form(f"{SLOT}/test", {"file": jpeg(), "config": config})
    assert reply.status == 422
    assert reply.pointers == ["/params/look", "/params/x"]
    for broken in ("{", "[]", "7"):
        reply = await office.post_form(f"{SLOT}/test", {"file": jpeg(), "config": broken})
        assert (reply.status, reply.code) == (400, "invalid_request")
    unconfigured = await office.post_form(f"{SLOT}/test", {"file": jpeg()})
    assert unconfigured.pointers == ["/operation", "/provider"]
    assert await office.fetch("SELECT * FROM job_history") == []
    assert [str(path) for path in (office.media_root / "scratch").iterdir()] == []
    assert office.app.gate.seats() == 0


async def test_test_run_of_what_is_no_picture(office: Office) -> None:
    await configured(office)
    reply = await office.post_form(f"{SLOT}/test", {"file": b"not a picture at all"})
    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    without = await office.post_form(f"{SLOT}/test", {"config": "{}"})
    assert (without.status, without.code) == (400, "invalid_request")
    not_a_form = await office.call("POST", f"{SLOT}/test", {"config": {}})
    assert (not_a_form.status, not_a_form.code) == (400, "invalid_request")


# In force for the next photo


async def send(office: Office, **options: Any) -> Reply:
    return await office.post_form(
        "/api/ingest/slot-001", {"password": "booth-password", "file": jpeg()}, token=None
    )


async def test_a_change_is_in_force_for_the_next_photo(office: Office) -> None:
    await office.put("/api/settings", {"version": 1, "ingest_password": "booth-password"})
    assert (await send(office)).code == "slot_disabled"
    await configured(office)
    first = await send(office)
    assert first.status == 200, first.body
    await office.put(SLOT, {"output": {"format": "webp"}}, If_Match="*")
    second = await send(office)
    assert (first.json()["content_type"], second.json()["content_type"]) == (
        "image/jpeg", "image/webp",
    )  # fmt: skip
    await office.put(SLOT, {"enabled": False}, If_Match="*")
    assert (await send(office)).code == "slot_disabled"
    jobs = await office.fetch("SELECT slot_version FROM job_history ORDER BY started_at")
    assert [job["slot_version"] for job in jobs] == [2, 3]


async def test_a_photo_in_flight_finishes_under_its_version(
    database: Database, tmp_path: Path
) -> None:
    provider = FakeProvider()
    office = await Office.open(database, tmp_path, gemini_url=provider.start())
    try:
        await office.put("/api/settings", {"version": 1, "ingest_password": "booth-password"})
        gemini = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
        await configured(office, **gemini, output={"format": "webp"})
        provider.script.then("image", delay_seconds=1.5)
        sent = asyncio.create_task(send(office))
        await eventually(lambda: len(provider.log.as_json()["requests"]) == 1)
        change = {"enabled": False, "params": {"prompt": "frown"}, "output": {"format": "png"}}
        assert (await office.put(SLOT, change, If_Match="*")).status == 200
        assert (await send(office)).code == "slot_disabled"
        answer = await sent
        assert answer.status == 200, answer.body
        assert answer.json()["content_type"] == "image/webp"
        (job,) = await office.fetch("SELECT slot_version FROM job_history")
        assert job["slot_version"] == 2
    finally:
        await office.close()
        await provider.stop()


async def test_recent_results_and_what_the_board_shows(office: Office) -> None:
    await office.put("/api/settings", {"version": 1, "ingest_password": "booth-password"})
    await configured(office)
    etag = (await office.get(SLOT)).headers["ETag"]
    job_ids = [(await send(office)).json()["job_id"] for _ in range(11)]
    await office.post_form(f"{SLOT}/test", {"file": jpeg()})
    # The version has not changed, what is shown has.
    slot = (await office.get(SLOT, If_None_Match=etag)).json()
    assert [result["job_id"] for result in slot["recent_results"]] == job_ids[:0:-1]
    newest = slot["recent_results"][0]
    assert newest.keys() == {"job_id", "result_url", "preview_url", "created_at", "expires_at"}
    assert newest["result_url"] == f"/public/results/{job_ids[-1]}"
    assert (await office.get(newest["preview_url"], token=None)).status == 200
    board = (await office.get("/api/slots")).json()["items"][0]
    assert board["counts"] == {"done": 11, "timeout": 0, "failed": 0, "pending": 0}
    assert (board["last_job"]["job_id"], board["last_job"]["status"]) == (job_ids[-1], "done")
    assert board["last_result"] == newest
    await office.execute("UPDATE job_history SET result_expires_at = started_at")
    assert (await office.get(SLOT)).json()["recent_results"] == []
