"""A slot that is not saved, by the HTTP contract: each wrong value is named where it is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.support.office import Office
from tests.support.slots import LOOK, SLOT, refused, registered


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
