"""Slots as recipes: what one lacks, its copy on another slot, and what guests put into it."""

from __future__ import annotations

from typing import Any

from tests.support.in_turn import in_turn
from tests.support.office import Office

LOOK = {"provider": "local", "operation": "look", "params": {}}
EDIT = {"provider": "gemini", "operation": "edit"}
SLOT = "/api/slots/slot-001"
OTHER = "/api/slots/slot-002"


async def missing(office: Office, **config: Any) -> list[str]:
    """The pointers of what a slot that is off lacks."""
    reply = await office.put(SLOT, {"enabled": False, **config}, If_Match="*")
    assert reply.status == 200, reply.body
    slot = reply.json()
    assert slot == (await office.get(SLOT)).json()
    assert slot["ready"] is (slot["missing"] == [])
    assert all(lack["message"] for lack in slot["missing"])
    return [lack["pointer"] for lack in slot["missing"]]


async def test_a_slot_says_what_it_lacks(office: Office) -> None:
    assert await missing(office) == ["/provider", "/operation"]
    assert await missing(office, provider="gemini") == ["/operation"]
    assert await missing(office, **EDIT) == ["/params/prompt"]
    assert await missing(office, params={"prompt": "smile"}) == []
    assert await missing(office, operation="frame", provider="local", params={}) == [
        "/template_media"
    ]
    slot = (await office.get(SLOT)).json()
    assert (await office.put(SLOT, slot)).status == 200


async def test_what_a_slot_that_is_off_lacks_it_lacks_to_be_switched_on(office: Office) -> None:
    lacks = await missing(office, provider="openai", operation="edit", params={})
    refused = await office.put(SLOT, {"enabled": True}, If_Match="*")
    assert refused.pointers == sorted(lacks)


async def test_a_copy_is_all_but_the_name_and_off(office: Office) -> None:
    config = {
        **EDIT,
        "display_name": "Arch",
        "enabled": True,
        "params": {"prompt": "as {{hero}}"},
        "response_mode": "image",
        "guest_fields": [{"field": "hero", "choices": ["a knight"]}],
        "fallback": [LOOK],
        "sync_response_seconds": 30,
    }
    whole = (await office.put(SLOT, config, If_Match="*")).json()
    await office.put(OTHER, {**LOOK, "display_name": "Hall", "enabled": True}, If_Match="*")
    assert (await office.call("POST", f"{SLOT}/copy", {"to": "slot-002"})).status == 428
    stale = await office.call("POST", f"{SLOT}/copy", {"to": "slot-002", "version": 1})
    assert (stale.status, stale.code) == (409, "version_conflict")
    copied = await office.call("POST", f"{SLOT}/copy", {"to": "slot-002", "version": 2})
    assert copied.status == 200
    assert copied.headers["ETag"] == '"3"'
    slot = copied.json()
    own = ("id", "version", "display_name", "enabled", "updated_at", "ingest_url", "links")
    assert {k: v for k, v in slot.items() if k not in own} == {
        k: v for k, v in whole.items() if k not in own
    }
    assert (slot["id"], slot["display_name"], slot["enabled"]) == ("slot-002", "Hall", False)
    assert slot["ready"] is True
    revisions = (await office.get(f"{OTHER}/revisions")).json()["items"]
    assert revisions[0]["action"] == "copy"
    assert (await office.get("/api/audit?limit=1")).json()["items"][0]["action"] == "slot.copy"


@in_turn("to", ["slot-001", "slot-016", "", None, 2])
async def test_a_copy_goes_to_another_slot(office: Office, to: Any) -> None:
    reply = await office.call("POST", f"{SLOT}/copy", {"to": to, "version": 1})
    assert reply.pointers == ["/to"]
    unknown = await office.call("POST", "/api/slots/slot-099/copy", {"to": "slot-001"})
    assert unknown.code == "slot_not_found"
    assert (await office.call("POST", f"{SLOT}/copy", {"a": 1})).pointers == ["/a", "/to"]


@in_turn(
    ("config", "pointers"),
    [
        ({"guest_fields": [{"field": "no spaces"}]}, ["/guest_fields/0/field"]),
        ({"guest_fields": [{}]}, ["/guest_fields/0/field"]),
        ({"guest_fields": [{"field": "a"}, {"field": "a"}]}, ["/guest_fields/1/field"]),
        ({"guest_fields": [{"field": "a", "choices": []}]}, ["/guest_fields/0/choices"]),
        ({"guest_fields": [{"field": "a", "choices": ["x" * 101]}]}, ["/guest_fields/0/choices/0"]),
        ({"guest_fields": [{"field": "a", "max_length": 201}]}, ["/guest_fields/0/max_length"]),
        ({"guest_fields": [{"field": "a"}] * 21}, ["/guest_fields"]),
        ({"params": {"prompt": "{{name}}"}}, ["/params/prompt"]),
        ({"params": {"prompt": "{{"}}, ["/params/prompt"]),
        (
            {"fallback": [{**EDIT, "params": {"prompt": "{{name}}"}}]},
            ["/fallback/0/params/prompt"],
        ),
    ],
)
async def test_fields_and_holes_that_cannot_be(
    office: Office, config: dict[str, Any], pointers: list[str]
) -> None:
    await office.put(SLOT, {**EDIT, "params": {"prompt": "smile"}}, If_Match="*")
    assert (await office.put(SLOT, config, If_Match="*")).pointers == pointers


async def test_what_is_left_out_of_a_field_is_its_default(office: Office) -> None:
    reply = await office.put(SLOT, {"guest_fields": [{"field": "name"}]}, If_Match="*")
    assert reply.json()["guest_fields"] == [
        {"field": "name", "choices": None, "max_length": 40, "default": ""}
    ]
    assert (await office.put(SLOT, reply.json())).json()["version"] == reply.json()["version"]
